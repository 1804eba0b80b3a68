"""People are told who is on next, before each handoff, once."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from ari_app.core.settings import NotifySettings, Settings

from .duty import BEGINS, clock_at, line_at, notices
from .exchange import OpenLine
from .troubles import until_told

if TYPE_CHECKING:
    from .exchange import Place

WEEKS = """
layers:
  - id: nuit
    window: {from: "20:00", to: "08:00"}
    rotation: {anchor: 2026-11-23T20:00, every: {weeks: 1}, members: [alice, bruno]}
handoff_notice: {before: 24h, to: [chef]}
"""
"""Bruno follows alice when `BEGINS` is there."""
STANDS_IN = """
overrides:
  - {id: absent, from: 2026-11-30T20:00, to: 2026-12-07T20:00, replace: bruno, with: chloe}
"""
A_DAY = timedelta(hours=24)
A_MINUTE = timedelta(minutes=1)


def settings_of(place: Place) -> Settings:
    settings = place.settings(more={"panne": WEEKS})
    return settings.model_copy(
        update={"notify": NotifySettings(recipients={"chef": ("json://127.0.0.1:1",)})}
    )


async def told(line: OpenLine) -> list[str]:
    return [each.title for each in await notices(line)]


async def test_people_are_told_once_also_across_a_restart(place: Place) -> None:
    settings = settings_of(place)
    clock = clock_at(BEGINS - A_DAY)
    async with line_at(place, settings, clock) as line:
        await until_told("people are told", lambda: told(line))
        await line.line.duties.handoffs.look(clock())
        (notice,) = await notices(line)
    async with line_at(place, settings, clock) as line:
        await line.line.duties.handoffs.look(clock())
        assert len(await told(line)) == 1
    assert (notice.recipient, notice.title) == (
        "chef",
        "Astreinte panne : bruno à partir du 30/11/2026 20:00",
    )
    assert "du 30/11/2026 20:00 au 07/12/2026 08:00" in notice.body


async def test_nobody_is_told_too_early_or_when_it_is_over(place: Place) -> None:
    settings = settings_of(place)
    async with line_at(place, settings, clock_at(BEGINS)) as line:
        for now in (BEGINS - A_DAY - A_MINUTE, BEGINS, BEGINS + A_MINUTE):
            await line.line.duties.handoffs.look(now)
        assert await told(line) == []
        await line.line.duties.handoffs.look(BEGINS - A_MINUTE)  # a line that was down meanwhile
        assert len(await told(line)) == 1


async def test_people_are_told_again_when_somebody_else_takes_over(place: Place) -> None:
    settings = settings_of(place)
    now = BEGINS - A_MINUTE
    async with line_at(place, settings, clock_at(now)) as line:
        await line.line.duties.handoffs.look(now)
        file = settings.rosters / "panne.yaml"
        file.write_text(file.read_text("utf-8") + STANDS_IN, "utf-8")
        assert await line.line.reload()
        await line.line.duties.handoffs.look(now)
        assert [title.split()[3] for title in sorted(await told(line))] == ["bruno", "chloe"]
