"""The telephone network itself: place a call into the line, and say what happens when a phone rings."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from ..ari import AriClient
from ..ari.errors import AriError
from ..ari.events import StasisStart
from ..ari.watching import Watched
from ..core.ids import new_id
from ..core.logs import get_logger
from ..pbx import AsteriskServer, Installation, render
from .config import TEMPLATES, NetworkConfig
from .party import Party

log = get_logger(__name__)

Behaviour = Callable[[Party], Awaitable[None]]
"""What a person does when their phone rings; the phone is released when it returns and the call is over."""

APP = "network"
LONGEST_CALL = 3600.0
"""Seconds."""
HEADSETS = ("res_rtp_multicast.so", "chan_rtp.so")
"""What Asterisk needs for `Headset`, and no line does."""


class TelephoneNetwork:
    """Callers, and people with telephones, played over the ARI of a second Asterisk.

    `when_rung("alice", behaviour)` or `when_rung("+33639981234", behaviour)` says what a person does;
    a number that nobody has is refused with 404.
    """

    def __init__(self, server: AsteriskServer, config: NetworkConfig) -> None:
        self.server = server
        self.parties: list[Party] = []
        self._behaviours: dict[str, Behaviour] = {}
        self._phones = tuple(config.phones)
        self._address = config.control_bind
        self._ari = AriClient(
            url=config.ari_url, username=config.ari_user, password=config.ari_password, app=APP
        )
        self._ari.on_stasis_start = self._on_stasis_start
        self._people: set[asyncio.Task[None]] = set()
        self._watches: dict[Party, tuple[Watched, asyncio.Task[None]]] = {}
        """What hears of each party, and the task that frees what they need when their call is over."""

    async def __aenter__(self) -> Self:
        for module in HEADSETS:
            await self.server.cli(f"module load {module}")
        await self._ari.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.quiet()
        await self._ari.close()

    def when_rung(self, number: str, behaviour: Behaviour) -> None:
        """Say what the person at `number` (a phone's name, or E.164) does from now on when it rings."""
        self._behaviours[number] = behaviour

    async def call(self, called: str, *, caller: str = "+33199001234", name: str = "") -> Party:
        """Call `called` over the trunk, as a carrier would deliver it; returns at once."""
        party = Party(self._ari, new_id(), self._address, number=caller, placed=True)
        await party.take_headset()
        self._watch(party)
        await self._ari.channels.originate(
            endpoint=f"PJSIP/{called}@line",
            app=APP,
            app_args="placed",
            channel_id=party.channel_id,
            caller_id=f'"{name}" <{caller}>' if name else caller,
            timeout=120,
            formats="alaw",
        )
        return party

    async def phones_registered(self, within: float = 10.0) -> None:
        """Wait until every phone of this network is registered with the line."""
        async with asyncio.timeout(within):
            while await self._unregistered():  # noqa: ASYNC110 - Asterisk tells only who asks
                await asyncio.sleep(0.1)

    async def _unregistered(self) -> list[str]:
        listing = await self.server.cli("pjsip show registrations")
        registered = {line.split("/")[0].strip() for line in listing.splitlines() if "Registered" in line}
        return [name for name in self._phones if name not in registered]

    async def quiet(self) -> None:
        """Hang up everybody, also whoever is rung meanwhile, and forget who does what."""
        while self._people or self.parties:
            for task in self._people:
                task.cancel()
            if self._people:
                await asyncio.wait(self._people)
            present = self.parties.copy()
            for party in present:
                await party.hang_up()
            for party in present:
                await party.ended(within=10)
                watched, release = self._watches.pop(party)
                await asyncio.wait([release])
                watched.close()
                self.parties.remove(party)
        self._behaviours.clear()

    def _watch(self, party: Party) -> None:
        self.parties.append(party)
        watched = self._ari.watch(party.channel_id, on_event=party.on_event)
        self._watches[party] = watched, asyncio.create_task(self._release(party))

    def _on_stasis_start(self, event: StasisStart) -> None:
        party = Party(self._ari, event.channel.id, self._address, number=event.args[0])
        party.on_event(event)
        self._watch(party)
        task = asyncio.create_task(self._ring(party))
        self._people.add(task)
        task.add_done_callback(self._people.discard)

    async def _release(self, party: Party) -> None:
        await party.ended(within=LONGEST_CALL)
        await party.release()

    async def _ring(self, party: Party) -> None:
        behaviour = self._behaviours.get(party.number)
        try:
            if behaviour is None:
                await party.refuse(404)
            else:
                await behaviour(party)
                await party.ended(within=LONGEST_CALL)
        except AriError as error:
            if not party.gone:
                log.warning("network.behaviour_failed", number=party.number, error=str(error))


@asynccontextmanager
async def open_network(
    installation: Installation, templates: Path, config: NetworkConfig
) -> AsyncIterator[TelephoneNetwork]:
    """Start a telephone network, and hang everybody up and stop it when the block ends.

    `templates` is the folder `asterisk_conf`, for all that a network has in common with a line.
    """
    await asyncio.to_thread(render, templates, installation, config, overlay=TEMPLATES)
    async with AsteriskServer(installation, config) as server, TelephoneNetwork(server, config) as network:
        yield network


def answers(
    *, after: float = 0.0, listen: float = 0.3, press: str = "1", speak: Path | None = None
) -> Behaviour:
    """Ring for `after` seconds, pick up, `listen` for a while, press `press` (if any), then say `speak`."""

    async def behaviour(party: Party) -> None:
        await party.ring()
        await asyncio.sleep(after)
        await party.answer()
        if press:
            await asyncio.sleep(listen)
            await party.press(press)
        if speak:
            await party.speak(speak)

    return behaviour


def refuses(sip_code: int) -> Behaviour:
    """Refuse at once with a SIP status code of `party.HANGUP_CAUSE`."""

    async def behaviour(party: Party) -> None:
        await party.refuse(sip_code)

    return behaviour


async def rings_for_ever(party: Party) -> None:
    """Let it ring."""
    await party.ring()
