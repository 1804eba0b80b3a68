"""`astreinte versions` tells which rosters were in force, and who was to be on call by them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from ari_app.records.recorder import Recorder
from ari_app.roster.book import load_rosters
from ari_app.service.publishing import publish

from .conftest import Desk, Said

Astreinte = Callable[..., Said]
MONDAY = datetime(2026, 11, 23, 8, tzinfo=UTC)
TUESDAY = datetime(2026, 11, 24, 8, tzinfo=UTC)


async def recorded(desk: Desk, *ats: datetime) -> None:
    """Record the rosters of the desk as in force from those instants on; each but the first adds a team."""
    data: Path = desk.folder / "var"
    data.mkdir()
    recorder = Recorder(f"sqlite:///{data / 'astreinte.db'}", data / "unsaved.jsonl")
    await recorder.start()
    for number, at in enumerate(ats):
        if number:
            override = f"{{id: o{number}, from: 2026-11-25T00:00, to: 2026-11-26T00:00"
            desk.write(
                f"rosters/equipe-{number}.yaml",
                f"team: equipe-{number}\ntimezone: Europe/Paris\nlayers: [{{id: toujours, rotation: "
                f"{{members: [alice]}}}}]\noverrides: [{override}, replace: alice, with: bruno}}]\n"
                "escalation: [{ring: on-call}]\n",
            )
        book, findings = load_rosters(desk.folder / "rosters")
        assert book is not None, findings
        recorder.put_entry(publish(book, at))
    await recorder.stop()


def test_there_is_none_before_the_first_start(astreinte: Astreinte) -> None:
    said = astreinte("versions")
    assert said.code == 1
    assert "astreinte run" in said.err


def test_versions_are_listed_newest_first_with_what_changed(desk: Desk, astreinte: Astreinte) -> None:
    asyncio.run(recorded(desk, MONDAY, TUESDAY))
    head, newest, oldest = astreinte("versions").out.splitlines()
    assert head.split()[:2] == ["version", "hash"]
    assert newest.split()[0].startswith("20261124T080000.000-")
    assert "now" in newest
    assert "+1 teams, +3 shifts" in newest
    assert oldest.split()[0].startswith("20261123T080000.000-")
    assert len(astreinte("versions", "-n", "1").out.splitlines()) == 2


def test_a_version_shows_who_was_to_be_on_call(desk: Desk, astreinte: Astreinte) -> None:
    asyncio.run(recorded(desk, MONDAY, TUESDAY))
    said = astreinte("versions", "show", "20261124", "--team", "equipe-1")
    assert said.code == 0
    rows = [line.split() for line in said.out.splitlines() if line.startswith("equipe-1")]
    assert [row[5] for row in rows] == ["alice", "bruno", "alice"]
    assert rows[1][-1] == "o1"
    earlier = astreinte("versions", "show", "20261123")
    assert "equipe-1" not in earlier.out
    assert "support-technique" in earlier.out


def test_an_unknown_version_or_team_is_told(desk: Desk, astreinte: Astreinte) -> None:
    asyncio.run(recorded(desk, MONDAY))
    said = astreinte("versions", "show", "ffff")
    assert said.code == 1
    assert "no version of the rosters begins with 'ffff'" in said.err
    assert astreinte("versions", "show", "2026", "--team", "nobody").code == 1
