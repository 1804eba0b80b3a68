"""Whom Asterisk rings by itself while the line is away: what the line wrote into AstDB, and when."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ari_app.ami import AmiClient
from ari_app.ari import AriClient
from ari_app.call.announcements import Announcements
from ari_app.call.callbacks import CallbackQueue
from ari_app.call.desk import Desk
from ari_app.call.ends import Ends
from ari_app.call.engaged import Engaged
from ari_app.call.messages import MessageBox
from ari_app.notify.notifier import Notifier
from ari_app.pbx import AsteriskServer, LineConfig, loopback_address
from ari_app.prompts import PromptStore
from ari_app.records.recorder import Recorder
from ari_app.roster.book import RosterBook
from ari_app.roster.plan import Activity, Plan
from ari_app.service.books import open_books
from ari_app.service.fallback import FallbackKeeper
from ari_app.service.line import open_line
from ari_app.service.outbox import RecordedOutbox

from .conftest import House, until

NOBODY = """
team: retours
timezone: Europe/Paris
layers:
  - id: later
    rotation: {{members: [alice]}}
    effective: {{from: {later}}}
escalation: [{{ring: on-call, for: 3s}}, voicemail]
reasons: [retour]
"""


async def test_every_line_has_its_agent_and_what_is_no_line_any_more_has_none(house: House) -> None:
    house.has_team("cartes", agent="bruno", reason="carte")
    house.has_flow("cartes", reason="carte")
    await house.asterisk.cli("database put astreinte fallback/999 PJSIP/someone-who-left")
    lines = {"default": "accueil", "100": "cartes", "+33199000100": "cartes"}
    async with open_line(house.settings(lines=lines)):
        await house.until_written(
            {"default": "PJSIP/alice", "100": "PJSIP/bruno", "+33199000100": "PJSIP/bruno"}
        )


async def test_all_phones_of_the_agent_are_rung_at_once(house: House) -> None:
    team = house.has_team("support", agent="alice")
    team.write_text(team.read_text().replace("[sip:alice]", '[sip:alice, {tel: "+33199001201", after: 2s}]'))
    async with open_line(house.settings()):
        await house.until_written({"default": "PJSIP/alice&PJSIP/+33199001201@trunk"})


class ShiftedRosters(RosterBook):
    """The rosters of a house, read as if it were later."""

    def __init__(self, book: RosterBook, later: timedelta) -> None:
        super().__init__(book.teams, book.agents)
        self._later = later

    def plan(
        self,
        reason: str,
        at: datetime,
        language: str | None = None,
        *,
        vip: bool = False,
        activity: Activity | None = None,
    ) -> Plan:
        plan = super().plan(reason, at + self._later, language, vip=vip, activity=activity)
        return replace(plan, at=at, until=plan.until - self._later)


async def test_who_is_rung_changes_at_the_instant_at_which_the_shift_does(house: House) -> None:
    house.has_team("cartes", agent="bruno", reason="carte")
    override = "{id: noel, from: 2027-12-24T18:00, to: 2027-12-26T09:00, replace: alice, with: bruno}"
    house.has_team("support", agent="alice", more=f"overrides:\n  - {override}\n")
    settings = house.settings()
    books, _ = open_books(settings)
    shift = datetime(2027, 12, 24, 17, tzinfo=UTC)
    ami = AmiClient(settings.ami.host, settings.ami.port, secret=settings.ami.password.get_secret_value())
    async with ami:
        recorder = Recorder(settings.database_url, spill=settings.data / "unsaved.jsonl")
        notifier = Notifier(dict, RecordedOutbox(recorder, settings.database_url))
        desk = Desk(
            ari=AriClient(url=settings.ari.url, username="", password="", app="unused"),
            settings=settings,
            rosters=ShiftedRosters(books.rosters, shift - datetime.now(UTC) - timedelta(seconds=1.5)),
            flows=books.flows,
            callers=books.callers,
            prompts=PromptStore.from_settings(settings.prompts),
            phone_state=ami.state,
            activity=Activity({}, {}),
            messages=MessageBox(lambda: desk, recorder, notifier),
            announcements=Announcements(PromptStore.from_settings(settings.prompts)),
            callbacks=CallbackQueue(recorder),
            engaged=Engaged(),
            ends=Ends(ami),
        )
        keeper = asyncio.create_task(FallbackKeeper(ami, lambda: desk).run())
        await house.until_written({"default": "PJSIP/alice"})
        await house.until_written({"default": "PJSIP/bruno"})
        keeper.cancel()


async def test_a_line_without_anybody_on_call_rings_nobody_elses_agent(house: House) -> None:
    later = datetime.now(UTC).year + 1
    (house.folder / "rosters/retours.yaml").write_text(NOBODY.format(later=f"{later}-01-01"))
    house.has_flow("retours", reason="retour")
    async with open_line(house.settings(lines={"default": "accueil", "100": "retours"})):
        await house.until_written({"default": "PJSIP/alice", "100": ""})


class AbsentLine:
    """The dialplan alone, with telephones of its own that write down that they rang."""

    def __init__(self, asterisk: AsteriskServer) -> None:
        self._asterisk = asterisk

    async def rings_for(self, number: str, dials: dict[str, str]) -> str:
        """Call a number; return whose telephone rang, or that the apology was said."""
        await self._asterisk.cli("database deltree astreinte fallback")
        await self._asterisk.cli("database deltree fallback-test")
        for line, who in dials.items():
            dial = f"Local/{who}@fallback-test/n" if who else '""'
            await self._asterisk.cli(f"database put astreinte fallback/{line} {dial}")
        await self._asterisk.cli(f"channel originate Local/{number}@from-phones application Wait 60")
        outcome = ""

        async def known() -> bool:
            nonlocal outcome
            outcome = await self._outcome()
            return outcome != ""

        await until(known)
        await self._asterisk.cli("channel request hangup all")
        return outcome

    async def _outcome(self) -> str:
        rang = await self._asterisk.cli("database show fallback-test")
        for line in rang.splitlines():
            if line.startswith("/fallback-test/"):
                return line.partition(":")[0].strip().rpartition("/")[2]
        return "apology" if "Playback" in await self._asterisk.cli("core show channels concise") else ""


@pytest.fixture
async def absent_line(house: House) -> AsyncIterator[AbsentLine]:
    """The session's Asterisk without a line, and two telephones in its dialplan."""
    etc = house.asterisk.config.run_dir / "etc"
    dialplan = "[fallback-test]\n" + "".join(
        f"exten => {who},1,Set(DB(fallback-test/{who})=rang)\n same => n,Wait(60)\n"
        for who in ("phone-of-100", "phone-of-all")
    )
    (etc / "fallback_test.conf").write_text(dialplan, "utf-8")
    extensions = etc / "extensions.conf"
    before = extensions.read_text("utf-8")
    extensions.write_text(before + "\n#include fallback_test.conf\n", "utf-8")
    await house.asterisk.cli("dialplan reload")
    yield AbsentLine(house.asterisk)
    extensions.write_text(before, "utf-8")
    await house.asterisk.cli("dialplan reload")
    await house.asterisk.cli("database deltree astreinte fallback")


@pytest.mark.parametrize(
    ("number", "dials", "outcome"),
    [
        ("100", {"100": "phone-of-100", "default": "phone-of-all"}, "phone-of-100"),
        ("200", {"100": "phone-of-100", "default": "phone-of-all"}, "phone-of-all"),
        ("100", {"100": "", "default": "phone-of-all"}, "apology"),
        ("200", {"100": "phone-of-100"}, "apology"),
    ],
)
async def test_a_number_that_is_not_named_is_served_as_the_default_is(
    absent_line: AbsentLine, number: str, dials: dict[str, str], outcome: str
) -> None:
    assert await absent_line.rings_for(number, dials) == outcome


@pytest.fixture
async def mortal_house(
    start_asterisk: Callable[..., Awaitable[AsteriskServer]], tmp_path: Path
) -> AsyncIterator[House]:
    """A house with an Asterisk of its own, to be killed."""
    address = loopback_address()
    config = LineConfig(
        run_dir=tmp_path / "asterisk",
        sip_bind=address,
        control_bind=address,
        agi_host=address,
        trunk_host=loopback_address(),
        qualify_trunk=0,
        qualify_phone=0,
    )
    server = await start_asterisk(config)
    house = tmp_path / "house"
    house.mkdir()
    yield House(server, house)
    await server.stop()


async def test_an_asterisk_that_lost_its_database_is_told_again(mortal_house: House) -> None:
    async with open_line(mortal_house.settings()) as line:
        await mortal_house.until_written({"default": "PJSIP/alice"})
        await mortal_house.asterisk.kill()
        for file in (mortal_house.asterisk.run_dir / "lib").glob("astdb.sqlite3*"):
            file.unlink()
        await mortal_house.asterisk.start()
        await mortal_house.asterisk.wait_ready()
        await mortal_house.until_written({"default": "PJSIP/alice"})

        async def connected() -> bool:
            return line.ari.ready

        await until(connected)
