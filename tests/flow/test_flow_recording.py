"""That a talk is recorded: what the caller hears before, how they object, what the check insists on."""

from __future__ import annotations

from pathlib import Path

import pytest

from ari_app.flow.book import load_flows
from ari_app.flow.interpreter import run
from ari_app.flow.phone import Connection, TalkRecording

from .phones import SILENCE, ScriptedPhone, flow_of

NODES = """
  debut: {route: {nobody: fin, record: {announce: annonce, keep_days: 30, %s}}}
  fin: {goodbye: {prompt: fin}}
"""
AGAIN = """
  debut: {route: {nobody: encore, record: {announce: annonce, keep_days: 30, objection: "9"}}}
  encore: {transfer: {team: support, nobody: fin, record: {announce: annonce, keep_days: 7, objection: "9"}}}
  fin: {goodbye: {prompt: fin}}
"""
WITH_A_KEY = NODES % 'objection: "9"'


async def record_of(folder: Path, nodes: str, phone: ScriptedPhone) -> list[TalkRecording | None]:
    await run(flow_of(folder, nodes, ["annonce", "fin"]), phone)
    return phone.talk_recordings


async def test_who_says_nothing_is_recorded_once_they_have_heard_of_it(tmp_path: Path) -> None:
    phone = ScriptedPhone(SILENCE)
    (recording,) = await record_of(tmp_path, WITH_A_KEY, phone)
    told = [
        each for each in phone.story if each in ("hears annonce", "recording.announced", "waits for panne")
    ]
    assert told == ["hears annonce", "recording.announced", "waits for panne"]
    assert recording == TalkRecording(keep_days=30, objection="9")
    assert phone.waited == [2.0]


@pytest.mark.parametrize("ahead", ["9", "19", "#9", "1239"])
async def test_who_presses_the_key_objects(tmp_path: Path, ahead: str) -> None:
    phone = ScriptedPhone(ahead=ahead)
    (recording,) = await record_of(tmp_path, WITH_A_KEY, phone)
    assert recording is not None
    assert recording.refused
    assert phone.heard[0] == "annonce/fr"  # keys do not cut it short
    assert len(phone.heard) == 1 + ahead.count("#")


async def test_an_objection_holds_for_the_rest_of_the_call(tmp_path: Path) -> None:
    phone = ScriptedPhone("9", agents=[Connection.NOBODY, Connection.TALKED])
    first, second = await record_of(tmp_path, AGAIN, phone)
    assert first is not None and second is not None
    assert (first.refused, second.refused) == (True, True)
    assert phone.heard == ["annonce/fr"]


async def test_on_demand_nothing_is_said_beforehand(tmp_path: Path) -> None:
    phone = ScriptedPhone()
    (recording,) = await record_of(tmp_path, NODES % "start: on-demand", phone)
    assert phone.heard == []
    assert recording is not None
    assert [each.text for each in recording.announcement] == ["dit annonce"]
    assert recording.objection is None


async def test_without_a_key_for_it_nobody_waits_for_one(tmp_path: Path) -> None:
    phone = ScriptedPhone()
    (recording,) = await record_of(tmp_path, NODES % "timeout: 5s", phone)
    assert (phone.waited, recording) == ([], TalkRecording(keep_days=30, timeout=5.0))


FLOW = """flow: test
languages: [fr, en]
start: debut
fallback_reason: panne
reasons: {panne: {fr: panne, en: failure}}
nodes:
  debut: {route: {nobody: fin, record: @}}
  fin: {goodbye: {prompt: fin}}
prompts:
  annonce: {fr: enregistré}
  fin: {fr: fin, en: end}
"""


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ("{keep_days: 30}", "announce"),
        ("{announce: annonce}", "keep_days"),
        ("{announce: annonce, keep_days: 0}", "keep_days"),
        ("{announce: annonce, keep_days: 4000}", "keep_days"),
        ("{announce: annonce, keep_days: 30}", "the prompt `annonce` is missing in `en`"),
        ("{announce: [], keep_days: 30}", "announce"),
        ("{announce: anonce, keep_days: 30}", "did you mean `annonce`"),
        ('{announce: fin, keep_days: 30, objection: "#"}', "says the announcement again"),
        ('{announce: fin, keep_days: 30, objection: "99"}', "not a key"),
        ("{announce: fin, keep_days: 30, start: sometimes}", "on-demand"),
    ],
)
def test_no_flow_records_without_telling_everybody(tmp_path: Path, record: str, message: str) -> None:
    (tmp_path / "test.yaml").write_text(FLOW.replace("@", record), encoding="utf-8")
    book, findings = load_flows(tmp_path)
    assert book is None
    errors = [str(each) for each in findings if each.severity == "error"]
    assert any(message in each for each in errors), errors


def test_a_recording_to_which_nobody_can_object_is_warned_of(tmp_path: Path) -> None:
    text = FLOW.replace("@", "{announce: annonce, keep_days: 30}").replace(
        "enregistré}", "enregistré, en: recorded}"
    )
    (tmp_path / "test.yaml").write_text(text, encoding="utf-8")
    book, findings = load_flows(tmp_path)
    assert book is not None
    (warning,) = findings
    assert (warning.severity, warning.line) == ("warning", 7)
    assert "object" in warning.message
