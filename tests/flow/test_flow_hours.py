"""Whether it is open: a table that an admin could have written."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ari_app.flow.interpreter import run

from .phones import ScriptedPhone, flow_of

WEEK = '{days: [mon, tue, wed, thu, fri], from: "09:00", to: "18:00"}'
SHOP = f'[{WEEK}, {{days: [sat], from: "09:00", to: "12:00"}}]'
NIGHT = '{days: [mon, tue, wed, thu], from: "20:00", to: "08:00"}'
ALWAYS = '{from: "00:00", to: "00:00"}'


@pytest.mark.parametrize(
    ("at", "window", "holidays", "node"),
    [
        ("2026-11-23T08:59", SHOP, "", "ferme"),  # a Monday
        ("2026-11-23T09:00", SHOP, "", "ouvert"),
        ("2026-11-23T17:59", SHOP, "", "ouvert"),
        ("2026-11-23T18:00", SHOP, "", "ferme"),
        ("2026-11-28T11:00", SHOP, "", "ouvert"),  # Saturday
        ("2026-11-28T12:00", SHOP, "", "ferme"),
        ("2026-11-29T11:00", SHOP, "", "ferme"),  # Sunday
        ("2026-05-01T11:00", SHOP, "", "ouvert"),  # a holiday that nobody named
        ("2026-05-01T11:00", SHOP, "fr-public-holidays", "ferie"),
        ("2026-05-01T03:00", SHOP, "fr-public-holidays", "ferie"),
        ("2026-04-03T11:00", SHOP, "fr-public-holidays", "ouvert"),  # Good Friday is one in Alsace alone
        ("2026-04-03T11:00", SHOP, "fr-alsace-moselle-public-holidays", "ferie"),
        ("2026-12-24T11:00", SHOP, "[fr-public-holidays, 2026-12-24]", "ferie"),
        ("2026-12-25T11:00", SHOP, "[fr-public-holidays, 2026-12-24]", "ferie"),
        ("2026-11-23T20:00", NIGHT, "", "ouvert"),
        ("2026-11-24T07:59", NIGHT, "", "ouvert"),
        ("2026-11-24T08:00", NIGHT, "", "ferme"),
        ("2026-11-27T07:59", NIGHT, "", "ouvert"),  # Friday morning belongs to Thursday
        ("2026-11-27T20:00", NIGHT, "", "ferme"),
        ("2026-11-23T07:59", NIGHT, "", "ferme"),  # Monday morning would belong to Sunday
        ("2026-05-01T03:00", NIGHT, "fr-public-holidays", "ouvert"),  # the window of 30 April
        ("2026-04-30T23:00", NIGHT, "2026-04-30", "ferie"),
        ("2026-05-01T02:00", NIGHT, "2026-04-30", "ferie"),
        ("2026-11-29T00:00", ALWAYS, "", "ouvert"),
        ("2026-11-29T23:59", ALWAYS, "", "ouvert"),
        ("2026-03-29T03:00", NIGHT.replace("mon", "sat"), "", "ouvert"),  # the clock went on an hour
    ],
)
async def test_callers_go_on_by_the_clock(
    at: str, window: str, holidays: str, node: str, tmp_path: Path
) -> None:
    nodes = (
        f"  debut: {{hours: {{timezone: Europe/Paris, window: {window}, "
        f"{f'holidays: {holidays}, ' if holidays else ''}open: ouvert, closed: ferme, holiday: ferie}}}}\n"
        + "\n".join(f"  {each}: {{goodbye: {{prompt: fin}}}}" for each in ("ouvert", "ferme", "ferie"))
    )
    instant = datetime.fromisoformat(at).replace(tzinfo=ZoneInfo("Europe/Paris"))
    phone = ScriptedPhone(at=instant.astimezone(ZoneInfo("America/Montreal")))
    assert (await run(flow_of(tmp_path, nodes, ["fin"]), phone)).node == node


async def test_a_holiday_is_a_closed_day_where_the_flow_says_nothing_else(tmp_path: Path) -> None:
    nodes = (
        f"  debut: {{hours: {{timezone: Europe/Paris, window: {ALWAYS}, holidays: 2026-11-23, "
        "open: ouvert, closed: ferme}}\n"
        "  ouvert: {goodbye: {prompt: fin}}\n  ferme: {goodbye: {prompt: fin}}"
    )
    phone = ScriptedPhone()
    assert (await run(flow_of(tmp_path, nodes, ["fin"]), phone)).node == "ferme"
    assert phone.noted("hours.answer") == [{"node": "debut", "answer": "holiday"}]
