"""`astreinte demo`: the first thing that a newcomer runs."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable

from ari_app.records.reader import Reader

from .conftest import Desk, Said


async def test_one_real_call_is_told_heard_and_on_record(desk: Desk, asterisk_installation: object) -> None:
    said = await asyncio.to_thread(desk.types, "demo")
    assert said.code == 0, said
    story, record = said.out.split("The record, read back from the database:")
    times = [float(time) for time in re.findall(r"^ +([0-9.]+) s  ", story, re.MULTILINE)]
    assert times == sorted(times)
    for happened in (
        "a caller rings line",
        "the caller has heard « bienvenue »",
        "they press 1",
        " is rung at PJSIP/",
        "a human takes the call",
        "the agent's voice was heard by the other",
        "the caller's voice was heard by the other",
        "the agent's telephone is free again",
    ):
        assert happened in story
    (call,) = re.findall(r"^Call (\S+)$", record, re.MULTILINE)
    async with Reader(f"sqlite:///{desk.folder}/var/demo/astreinte.db") as reader:
        stored = await reader.call(call)
    assert stored.call.outcome == "bridged"
    assert f"talk          {stored.call.talk_seconds:.1f} s" in record


def test_other_files_than_the_shipped_are_not_played_with(astreinte: Callable[..., Said], desk: Desk) -> None:
    for name in ("rosters/support-technique.yaml", "ivr_flows/accueil.yaml"):
        path = desk.folder / name
        path.write_text(path.read_text("utf-8").replace("panne", "incendie"), "utf-8")
    said = astreinte("demo")
    assert (said.code, said.out) == (1, "")
    assert "the demo plays with the rosters and the flow that this project ships" in said.err
    assert not (desk.folder / "var").exists()
