"""What commands say of who can be reached, and of who is on next."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ari_app.records.facts import DutyNoted
from ari_app.records.recorder import Recorder
from tests.notify.services import mail_server

from .conftest import Desk, Said

Astreinte = Callable[..., Said]
TEAM = "cartes"


def did_not_confirm(folder: Path, agent: str) -> None:
    now = datetime.now(UTC)
    noted = DutyNoted(
        at=now,
        team=TEAM,
        agent=agent,
        starts_at=now - timedelta(hours=1),
        ends_at=now + timedelta(hours=1),
        deadline=now,
        tries=3,
        unconfirmed_at=now,
    )

    async def keep() -> None:
        recorder = Recorder(f"sqlite:///{folder}/var/astreinte.db", spill=folder / "var" / "unsaved.jsonl")
        await recorder.start()
        recorder.put_entry(noted)
        await recorder.flush()
        await recorder.stop()

    (folder / "var").mkdir(exist_ok=True)
    asyncio.run(keep())


def steps(said: Said) -> list[str]:
    return [row[:1] for row in said.out.splitlines() if row[:1] in {"1", "2", "3"}]


def test_who_shows_the_unconfirmed_behind_their_backup_and_why(astreinte: Astreinte, desk: Desk) -> None:
    before = astreinte("who", TEAM)
    assert steps(before)[:2] == ["1", "2"]
    first = next(row for row in before.out.splitlines() if row.startswith("1"))
    did_not_confirm(desk.folder, "david" if "David" in first else "emma")
    said = astreinte("who", TEAM)
    assert (said.code, said.err) == (0, "")
    assert steps(said)[:2] == ["2", "1"]
    moved = next(row for row in said.out.splitlines() if row.startswith("1"))
    assert "unconfirmed: did not answer the duty call" in moved


def test_who_at_another_instant_knows_of_the_rosters_alone(astreinte: Astreinte, desk: Desk) -> None:
    for agent in ("david", "emma"):
        did_not_confirm(desk.folder, agent)
    said = astreinte("who", TEAM, "--at", "2026-12-24T20:00")
    assert "unconfirmed" not in said.out


def test_next_tells_nobody_and_says_so_where_no_roster_names_anybody(astreinte: Astreinte) -> None:
    said = astreinte("notify", "next", "--team", "support-technique")
    assert said.code == 0
    assert "support-technique" in said.out
    assert "Nobody is told" in said.out


def test_next_says_to_whom_it_could_not_be_sent(astreinte: Astreinte, desk: Desk) -> None:
    desk.settings("notify: {recipients: {chef: 'json://127.0.0.1:9'}}\n")
    desk.edit(
        "rosters/support-technique.yaml", "escalation:", "handoff_notice: {to: [chef, nobody]}\n\nescalation:"
    )
    shown = astreinte("notify", "next", "--team", "support-technique", "--dry-run")
    assert (shown.code, shown.err) == (0, "")
    assert "chef, nobody" in shown.out
    said = astreinte("notify", "next", "--team", "support-technique")
    assert said.code == 1
    assert "nobody: has no address" in said.err
    assert "not sent to chef, Astreinte support-technique" in said.out


async def test_next_mails_who_is_on_next(desk: Desk) -> None:
    async with mail_server() as mail:
        desk.settings(f"notify: {{recipients: {{chef: '{mail.address()}'}}}}\n")
        desk.edit(
            "rosters/support-technique.yaml", "escalation:", "handoff_notice: {to: chef}\n\nescalation:"
        )
        said = await asyncio.to_thread(desk.types, "notify", "next", "--team", "support-technique")
    assert said.code == 0
    rows = [re.split(" {2,}", row) for row in said.out.splitlines() if row.endswith("chef")]
    assert said.out.count("sent to chef, Astreinte support-technique") == len(rows) > 0
    told = {str(each["subject"]) for each in mail.mails}
    for _, _, team, agents, _ in rows:
        assert any(
            f"Astreinte {team} : {' et '.join(agents.split(', '))} à partir du" in each for each in told
        )


def test_next_understands_durations_alone(astreinte: Astreinte) -> None:
    said = astreinte("notify", "next", "--within", "soon")
    assert said.code == 1
    assert "--within soon: this is not a duration" in said.err


def test_a_drill_needs_a_running_line(astreinte: Astreinte) -> None:
    said = astreinte("drill", TEAM)
    assert said.code == 1
    assert "no line runs with the folder" in said.err
