"""Callers who leave messages: what they are asked, and where each answer leads."""

from __future__ import annotations

from pathlib import Path

import pytest

from ari_app.flow import interpreter
from ari_app.flow.phone import Connection, Recorded

from .phones import ScriptedPhone, flow_of

NODES = """
  debut:
    route: {nobody: personne, off_duty: ferme, voicemail: message}
  message:
    voicemail: {prompt: parlez, goto: merci, otherwise: personne%s}
  merci: {goodbye: {prompt: merci}}
  personne: {goodbye: {prompt: personne}}
  ferme: {goodbye: {prompt: ferme}}
"""
PROMPTS = ("parlez", "merci", "personne", "ferme")
SAID, NOTHING, FAILED = Recorded.MESSAGE, Recorded.NOTHING, Recorded.FAILED
ASKED = "voicemail-keys"


async def walked(folder: Path, phone: ScriptedPhone, more: str = "") -> list[str]:
    """Let a caller whom nobody answers walk; return what they hear and what is done, but for notes."""
    flow = flow_of(folder, NODES % more, PROMPTS)
    phone.end = await interpreter.run(flow, phone)
    return [step.removeprefix("hears ") for step in phone.story if "." not in step]


@pytest.mark.parametrize(
    ("recorded", "keys", "then"),
    [
        pytest.param([SAID], ["1"], [ASKED, "keeps the message", "merci"], id="sent"),
        pytest.param(
            [SAID],
            [None, "5"],
            [ASKED, ASKED, "keeps the message", "merci"],
            id="no key that counts: sent",
        ),
        pytest.param(
            [SAID],
            ["3", "3", "1"],
            [ASKED, "the message", ASKED, "the message", ASKED, "keeps the message", "merci"],
            id="listened to twice",
        ),
        pytest.param(
            [SAID, SAID],
            ["2", "1"],
            [ASKED, "parlez", "recorded", ASKED, "keeps the message", "merci"],
            id="once more",
        ),
        pytest.param(
            [NOTHING, SAID],
            ["1"],
            ["voicemail-nothing", "parlez", "recorded", ASKED, "keeps the message", "merci"],
            id="nothing at first",
        ),
        pytest.param(
            [NOTHING, NOTHING],
            [],
            ["voicemail-nothing", "parlez", "recorded", "voicemail-nothing", "personne"],
            id="nothing",
        ),
        pytest.param(
            [SAID, NOTHING, NOTHING],
            ["2"],
            [
                ASKED,
                *("parlez", "recorded", "voicemail-nothing") * 2,
                "keeps the message",
                "merci",
            ],
            id="once more, and then nothing: the first is sent",
        ),
        pytest.param(
            [SAID, FAILED],
            ["2"],
            [ASKED, "parlez", "recorded", "keeps the message", "merci"],
            id="once more, and it cannot be recorded: the first is sent",
        ),
        pytest.param([FAILED], [], ["voicemail-failed", "personne"], id="cannot be recorded"),
    ],
)
async def test_a_caller_is_led_by_what_they_say_and_press(
    tmp_path: Path, recorded: list[Recorded], keys: list[str | None], then: list[str]
) -> None:
    phone = ScriptedPhone(*keys, agents=[Connection.VOICEMAIL], recordings=recorded)
    story = await walked(tmp_path, phone)
    done = ["recorded" if step.startswith("is recorded") else step for step in story]
    assert done == ["waits for panne", "may leave a message for panne", "parlez", "recorded", *then]
    assert phone.end.outcome == ("message" if "merci" in then else "nobody")


async def test_a_message_that_cannot_be_stored_is_said_so(tmp_path: Path) -> None:
    phone = ScriptedPhone("1", agents=[Connection.VOICEMAIL], recordings=[SAID], keeps=False)
    story = await walked(tmp_path, phone)
    assert story[-2:] == ["voicemail-failed", "personne"]
    assert phone.end.outcome == "nobody"


async def test_without_a_question_a_message_is_kept_at_once(tmp_path: Path) -> None:
    phone = ScriptedPhone(agents=[Connection.VOICEMAIL], recordings=[SAID])
    story = await walked(tmp_path, phone, ", confirm: false, longest: 30s, silence: 2s")
    assert story[-3:] == ["is recorded for 30 s, until 2 s of silence", "keeps the message", "merci"]


@pytest.mark.parametrize(
    ("connection", "hears"),
    [
        (Connection.VOICEMAIL, "parlez"),
        (Connection.NOBODY, "personne"),
        (Connection.NOT_ON_DUTY, "ferme"),
    ],
)
async def test_where_a_caller_gets_whom_nobody_answers(
    tmp_path: Path, connection: Connection, hears: str
) -> None:
    phone = ScriptedPhone(agents=[connection], recordings=[SAID])
    await walked(tmp_path, phone)
    assert phone.heard[0] == f"{hears}/fr"


async def test_a_message_is_for_the_team_that_was_rung_or_named(tmp_path: Path) -> None:
    nodes = NODES.replace("route: {", "transfer: {team: retours, ")
    phone = ScriptedPhone(agents=[Connection.VOICEMAIL], recordings=[SAID])
    await interpreter.run(flow_of(tmp_path, nodes % "", PROMPTS), phone)
    assert "may leave a message for retours" in phone.story
    phone = ScriptedPhone(agents=[Connection.VOICEMAIL], recordings=[SAID])
    await interpreter.run(flow_of(tmp_path, nodes % ", team: chefs", PROMPTS), phone)
    assert "may leave a message for chefs" in phone.story
