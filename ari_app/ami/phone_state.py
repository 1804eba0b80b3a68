"""What Asterisk knows of the phones: in use, ringing, unreachable."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from panoramisk.message import Message

from ..core.logs import get_logger

log = get_logger(__name__)


class PhoneState(StrEnum):
    """The state of a device, spelt as Asterisk spells it (`ast_devstate_str`, main/devicestate.c).

    For a PJSIP endpoint it follows the calls and the contacts: no contact registered, or none that
    answers the qualify, is `UNAVAILABLE`. `UNKNOWN` says nothing at all and is no reason not to ring.
    """

    UNKNOWN = "UNKNOWN"
    NOT_INUSE = "NOT_INUSE"
    INUSE = "INUSE"
    BUSY = "BUSY"
    INVALID = "INVALID"
    UNAVAILABLE = "UNAVAILABLE"
    RINGING = "RINGING"
    RINGINUSE = "RINGINUSE"
    ONHOLD = "ONHOLD"

    @property
    def in_use(self) -> bool:
        """Whether someone is talking on the phone, or keeps a call on hold."""
        return self in _IN_USE

    @property
    def ringing(self) -> bool:
        """Whether a call is being offered to the phone."""
        return self in _RINGING

    @property
    def unreachable(self) -> bool:
        """Whether a call to the phone would find nobody: not registered, silent, or no such endpoint."""
        return self in _UNREACHABLE


_IN_USE = frozenset({PhoneState.INUSE, PhoneState.BUSY, PhoneState.RINGINUSE, PhoneState.ONHOLD})
_RINGING = frozenset({PhoneState.RINGING, PhoneState.RINGINUSE})
_UNREACHABLE = frozenset({PhoneState.UNAVAILABLE, PhoneState.INVALID})
_BY_NAME = {str(state): state for state in PhoneState}


class PhoneStates:
    """The state of every device, kept by `DeviceStateChange` events and by the items of `DeviceStateList`.

    For PJSIP the events of contacts add nothing: chan_pjsip turns each into a change of its device.
    """

    def __init__(self) -> None:
        self.by_device: dict[str, PhoneState] = {}
        self.callbacks: list[Callable[[str, PhoneState], None]] = []
        self.events = 0
        """How many changes Asterisk told of by itself since `forget`."""

    def forget(self) -> None:
        """Know nothing any more: the connection that kept the states true is gone."""
        self.by_device.clear()
        self.events = 0

    def hear(self, event: Message) -> None:
        """Take an event or an item of a list."""
        if event.event != "DeviceStateChange":
            return
        if "actionid" not in event:
            self.events += 1
        device, state = event.device, _BY_NAME.get(event.state, PhoneState.UNKNOWN)
        if self.by_device.get(device) == state:
            return
        self.by_device[device] = state
        for callback in self.callbacks:
            try:
                callback(device, state)
            except Exception:  # someone else's mistake; the connection is not theirs to lose
                log.exception("ami.callback_failed", device=device)
