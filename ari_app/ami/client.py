"""The AMI client: one connection that is kept, watched, and mended.

panoramisk's `Manager` is replaced (1.4): an exception in a callback ends its connection, it
reconnects after `close()`, and it sends pings whose answers nobody awaits. Its protocol, actions
and messages are used: see `protocol`.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

from panoramisk.message import Message

from ..core.logs import get_logger
from .errors import (
    ActionNotSent,
    ActionRefused,
    AmiError,
    AmiUnavailable,
    AsteriskNotBooted,
    AuthenticationFailed,
    InvalidValue,
    NotAnAmi,
    OutcomeUnknown,
    PermissionDenied,
)
from .handshake import connect, log_in, until_booted
from .phone_state import PhoneState, PhoneStates
from .protocol import ManagerProtocol

log = get_logger(__name__)

FIRST_RETRY_SECONDS = 0.25
LAST_RETRY_SECONDS = 15.0
STABLE_SECONDS = 60.0  # a connection that lived this long starts the retries anew

_HOPELESS = (AuthenticationFailed, InvalidValue, NotAnAmi, PermissionDenied, ActionRefused)
"""What waiting does not mend; `start` says so at once."""


class AmiClient:
    """Knows the state of every phone, and reads and writes AstDB.

    While there is no connection `ready` is False, `trouble` says why, every phone's state is
    `UNKNOWN`, and an action raises `ActionNotSent`. An action that was on its way when the
    connection broke raises `OutcomeUnknown`; none is ever sent twice.

    `on_ready` holds coroutine functions, run as tasks after each (re)connection. `on_state` holds
    functions of (device, state), called at each change that Asterisk tells of. What they raise is
    logged and goes no further.

    Seconds: `deadline` for each step of connecting and for the answer to an action; `ping_interval`
    between pings, and a ping without an answer ends the connection; `refresh_interval` between
    complete lists of states; `boot_deadline` for an Asterisk that lets us in before it has booted.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 5038,
        username: str = "astreinte",
        secret: str = "",
        *,
        deadline: float = 5.0,
        ping_interval: float = 10.0,
        refresh_interval: float = 60.0,
        boot_deadline: float = 60.0,
    ) -> None:
        self.host = host
        self.port = port
        self.username = username
        self._secret = secret
        self.deadline = deadline
        self.ping_interval = ping_interval
        self.refresh_interval = refresh_interval
        self.boot_deadline = boot_deadline
        self.ready = False
        self.trouble: AmiError | None = None
        self.on_ready: list[Callable[[], Awaitable[None]]] = []
        self._states = PhoneStates()
        self.on_state = self._states.callbacks
        self._protocol: ManagerProtocol | None = None
        self._task: asyncio.Task[None] | None = None
        self._first: asyncio.Future[None] | None = None
        self._callbacks: set[asyncio.Task[None]] = set()

    @property
    def address(self) -> str:
        return f"{self.host}:{self.port}"

    async def start(self, *, wait: float | None = 10.0) -> None:
        """Connect, and stay connected until `close`.

        Returns when the states are known. What waiting does not mend is raised at once
        (`AuthenticationFailed`, `NotAnAmi`, `PermissionDenied` ...), and after `wait` seconds whatever
        else is the trouble (`AmiUnavailable`, `AsteriskNotBooted`); the client is closed then. With
        `wait=None` it returns at once, never raises, and goes on trying in the background.
        """
        if self._task is not None:
            raise RuntimeError("this client has been started")
        if wait is not None:
            self._first = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._stay_connected(), name=f"ami {self.address}")
        if self._first is None:
            return
        try:
            async with asyncio.timeout(wait):
                await self._first
        except TimeoutError:
            await self.close()
            raise (self.trouble or AmiUnavailable(self.address, "no answer in time")) from None
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Disconnect for good: nothing reconnects after this."""
        tasks = [task for task in (self._task, *self._callbacks) if task is not None]
        self._task = None
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    # --- phones

    def state(self, endpoint: str) -> PhoneState:
        """Return the state of a PJSIP endpoint (`alice`) at once, from memory."""
        return self.device_state(f"PJSIP/{endpoint}")

    def device_state(self, device: str) -> PhoneState:
        """Return the state of any device (`PJSIP/alice`, `Custom:door`) at once, from memory."""
        return self._states.by_device.get(device, PhoneState.UNKNOWN)

    # --- AstDB

    async def db_put(self, family: str, key: str, value: str, *, deadline: float | None = None) -> None:
        """Write an AstDB entry; `DB(family/key)` in the dialplan.

        Raises `InvalidValue` for what AMI cannot carry (line breaks, a leading blank, over about
        1000 bytes), `ActionNotSent`, `OutcomeUnknown`, `PermissionDenied` or `ActionRefused`.
        """
        await self._ask("DBPut", deadline, Family=family, Key=key, Val=value)

    async def db_get(self, family: str, key: str, *, deadline: float | None = None) -> str | None:
        """Read an AstDB entry; None when there is none. Raises as `db_put` does."""
        try:
            messages = await self._ask("DBGet", deadline, Family=family, Key=key)
        except ActionRefused as refused:
            if refused.reason == "Database entry not found":
                return None
            raise
        for message in messages:
            if message.event == "DBGetResponse":
                return str(message.val)
        raise ActionRefused("DBGet", "the answer holds no value")

    async def db_tree(self, family: str, key: str, *, deadline: float | None = None) -> dict[str, str]:
        """Read all entries below `family/key/`, by what comes after it. Raises as `db_put` does."""
        messages = await self._ask("DBGetTree", deadline, Family=family, Key=key)
        entries = [message for message in messages if message.event == "DBGetTreeResponse"]
        prefix = f"/{family}/{key}/"
        return {str(entry.key).removeprefix(prefix): str(entry.val) for entry in entries}

    async def db_del(self, family: str, key: str, *, deadline: float | None = None) -> bool:
        """Delete an AstDB entry; whether there was one. Raises as `db_put` does."""
        try:
            await self._ask("DBDel", deadline, Family=family, Key=key)
        except ActionRefused as refused:
            # "could not be deleted" is all that Asterisk says, for a missing entry and for a failure
            if refused.reason == "Database entry could not be deleted" and (
                await self.db_get(family, key, deadline=deadline) is None
            ):
                return False
            raise
        return True

    async def _ask(self, name: str, deadline: float | None, **headers: str) -> list[Message]:
        if self._protocol is None:
            raise ActionNotSent(name, self.trouble)
        return await self._protocol.exchange(name, headers, self.deadline if deadline is None else deadline)

    # --- the connection's life

    async def _stay_connected(self) -> None:
        clock = asyncio.get_running_loop().time
        retries = 0
        while True:
            began = clock()
            try:
                await self._live_one_connection()
            except AmiError as error:
                self._note(error)
            except Exception:  # a defect of ours must not leave the line without AMI for ever
                log.exception("ami.defect")
            if clock() - began >= STABLE_SECONDS:
                retries = 0
            longest = min(LAST_RETRY_SECONDS, FIRST_RETRY_SECONDS * 2**retries)
            retries = min(retries + 1, 10)
            await asyncio.sleep(longest * random.uniform(0.5, 1.0))  # noqa: S311  # jitter, not a secret

    def _note(self, error: AmiError) -> None:
        if self.trouble is None or self.trouble.message != error.message:
            write = log.error if isinstance(error, _HOPELESS) else log.warning
            write("ami.unavailable", address=self.address, problem=error.message, remedy=error.remedy)
        self.trouble = error
        if self._first is not None and not self._first.done() and isinstance(error, _HOPELESS):
            self._first.set_exception(error)

    async def _live_one_connection(self) -> None:
        protocol = await connect(self.host, self.port, self.deadline, self._states.hear)
        try:
            await log_in(protocol, self.address, self.username, self._secret, self.deadline)
            await self._wait_for_boot(protocol)
            await protocol.exchange("DeviceStateList", {}, self.deadline)
            self._become_ready(protocol)
            await self._watch(protocol)
        except (OutcomeUnknown, ActionNotSent) as error:
            why = protocol.lost.result() if protocol.lost.done() else error.message
            raise AmiUnavailable(self.address, why) from error
        finally:
            self.ready = False
            self._protocol = None
            protocol.drop("closed by us")
            self._states.forget()

    async def _wait_for_boot(self, protocol: ManagerProtocol) -> None:
        if not await until_booted(protocol, self.deadline):
            late = AsteriskNotBooted(self.address, self.username)
            self._note(late)
            if not await until_booted(protocol, self.boot_deadline):
                raise late

    def _become_ready(self, protocol: ManagerProtocol) -> None:
        self._protocol = protocol
        self.ready = True
        self.trouble = None
        log.info("ami.ready", address=self.address, devices=len(self._states.by_device))
        if self._first is not None and not self._first.done():
            self._first.set_result(None)
        for callback in self.on_ready:
            task = asyncio.create_task(_run(callback))
            self._callbacks.add(task)
            task.add_done_callback(self._callbacks.discard)

    async def _watch(self, protocol: ManagerProtocol) -> None:
        """Ping, and now and then ask for all states again, until the connection is lost."""
        clock = asyncio.get_running_loop().time
        refresh_at = clock() + self.refresh_interval
        while True:
            await asyncio.wait({protocol.lost}, timeout=self.ping_interval)
            if protocol.lost.done():
                raise AmiUnavailable(self.address, protocol.lost.result())
            if clock() < refresh_at:
                await protocol.exchange("Ping", {}, self.deadline)
            else:
                await self._refresh(protocol)
                refresh_at = clock() + self.refresh_interval

    async def _refresh(self, protocol: ManagerProtocol) -> None:
        """Ask for all states: where events do not reach us, an agent must not stay "in use" for ever."""
        before = dict(self._states.by_device)
        await protocol.exchange("DeviceStateList", {}, self.deadline)
        if self._states.by_device != before and not self._states.events:
            remedy = (
                f"give [{self.username}] in manager.conf `read = system,call` "
                "and let its `eventfilter` pass DeviceStateChange"
            )
            log.warning("ami.no_state_events", address=self.address, remedy=remedy)


async def _run(callback: Callable[[], Awaitable[None]]) -> None:
    try:
        await callback()
    except Exception:  # someone else's mistake; it is told, and nothing else depends on it
        log.exception("ami.callback_failed")
