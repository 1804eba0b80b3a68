"""Callers who ask to be called back, and those who are asked how it was: each key, and where it leads."""

from __future__ import annotations

from pathlib import Path

import pytest

from ari_app.flow import interpreter
from ari_app.flow.phone import Caller, Connection

from .phones import ScriptedPhone, flow_of

NODES = """
  debut: {menu: {prompt: choix, keys: {"1": {reason: vol, goto: urgent}}, otherwise: rappel}}
  urgent: {set: {priority: 7, goto: rappel}}
  rappel:
    callback:
     {prompt: rappel, attempts: 2, delays: [1m], within: 2h, for: 20s, retries: 1, then: avis, otherwise: non}
  appel: {route: {nobody: non}}
  avis: {survey: {prompt: avis, thanks: merci, goto: encore}}
  encore: {survey: {prompt: encore}}
  non: {goodbye: {prompt: non}}
"""
PROMPTS = ("choix", "rappel", "avis", "merci", "encore", "non")
OWN, OTHER = "+33612345678", "+33699999999"
READ = ["number", "confirm"]
ASKED, NOT = [*READ, "other"], ["type", "impossible"]
TYPED = {"0699999999": OTHER}


async def walked(
    folder: Path, *script: str | None, number: str | None = OWN, typed: dict[str, str] | None = None
) -> tuple[ScriptedPhone, list[str]]:
    """Let a caller come to the callback; return them, and what they hear from then on, but for digits."""
    phone = ScriptedPhone("1", *script, caller=Caller("call-1", "default", number), typed=typed)
    phone.end = await interpreter.run(flow_of(folder, NODES, PROMPTS, more="human: {goto: appel}"), phone)
    heard = [each.removesuffix("/fr").removeprefix("callback-") for each in phone.heard]
    return phone, [each for each in heard[2:] if not each.startswith("digit")]


@pytest.mark.parametrize(
    ("script", "heard", "outcome"),
    [
        pytest.param(["1"], [*READ, "noted"], "callback", id="confirmed"),
        pytest.param(["#", "#", "#", "1"], [*READ * 4, "noted"], "callback", id="heard again"),
        pytest.param([None, "1"], [*READ * 2, "noted"], "callback", id="silent at first"),
        pytest.param([None, None], [*READ * 2, "non"], "goodbye", id="silent"),
        pytest.param(["2", "5"], [*READ * 2, "non"], "goodbye", id="keys that are none here"),
        pytest.param(["0"], READ, "talked", id="a human instead"),
        pytest.param(["*", "1", "1"], [*READ, "choix", "rappel", *READ, "noted"], "callback", id="back"),
    ],
)
async def test_the_callers_own_number_is_confirmed_by_a_key(
    tmp_path: Path, script: list[str | None], heard: list[str], outcome: str
) -> None:
    phone, what = await walked(tmp_path, *script)
    assert (what, phone.end.outcome) == (heard, outcome)
    assert [each.number for each in phone.callbacks.asked] == [OWN] * (outcome == "callback")


@pytest.mark.parametrize(
    ("number", "script", "heard"),
    [
        pytest.param(OWN, "2 0699999999# 1", [*ASKED, "type", *ASKED, "noted"], id="another"),
        pytest.param(OWN, "2 07*0699999999# 1", [*ASKED, "type", *ASKED, "noted"], id="typed anew"),
        pytest.param(OWN, "2 15# 0699999999# 1", [*ASKED, *NOT, "type", *ASKED, "noted"], id="not at first"),
        pytest.param(OWN, "2 15# 16#", [*ASKED, *NOT, *NOT, "non"], id="none that is called"),
        pytest.param(None, "0699999999# 1", ["type", *ASKED, "noted"], id="withheld"),
        pytest.param(None, "0699999999- 1", ["type", *ASKED, "noted"], id="without hash"),
        pytest.param(None, "", [*NOT, *NOT, "non"], id="withheld, and silent"),
    ],
)
async def test_another_number_is_typed_and_confirmed(
    tmp_path: Path, number: str | None, script: str, heard: list[str]
) -> None:
    keys = [None if key == "-" else key for key in script.replace(" ", "")]
    phone, what = await walked(tmp_path, *keys, number=number, typed=TYPED)
    assert what == heard
    assert [each.number for each in phone.callbacks.asked] == [OTHER] * ("noted" in heard)


async def test_who_withholds_their_number_hears_that_it_cannot_be(tmp_path: Path) -> None:
    phone, what = await walked(tmp_path, "1", number=None)
    assert what == ["impossible", "non"]
    assert phone.noted("callback.refused") == [{"node": "rappel", "reason": "number"}]


async def test_what_is_promised_is_what_the_flow_says(tmp_path: Path) -> None:
    phone, _ = await walked(tmp_path, "1")
    (asked,) = phone.callbacks.asked
    assert (asked.reason, asked.language, asked.priority) == ("vol", "fr", 7)
    plan = asked.plan
    assert (plan.attempts, plan.delays, plan.within, plan.ring_for, plan.then) == (2, (60,), 7200, 20, "avis")


async def test_who_has_talked_when_called_back_goes_on_with_their_reason(tmp_path: Path) -> None:
    flow = flow_of(tmp_path, NODES, PROMPTS)
    phone = ScriptedPhone("4")
    end = await interpreter.go_on(flow, phone, "avis", language="de", reason="vol", priority=7)
    assert (end.outcome, end.reason, end.language) == ("talked", "vol", "fr")
    assert phone.heard == ["avis/fr", "merci/fr"]
    assert phone.noted("survey.answer") == [{"node": "avis", "score": 4}]


@pytest.mark.parametrize(
    ("keys", "score"),
    [("1", 1), ("5", 5), ("95", 5), ("#3", 3), ("600", None), ("", None)],
)
async def test_a_score_is_one_key_of_three_at_most(tmp_path: Path, keys: str, score: int | None) -> None:
    flow = flow_of(tmp_path, NODES, PROMPTS)
    phone = ScriptedPhone(*keys)
    await interpreter.go_on(flow, phone, "avis", language="fr", reason="vol", priority=0)
    assert [each["score"] for each in phone.noted("survey.answer")] == ([score] if score else [])
    assert ("merci/fr" in phone.heard) == (score is not None)
    assert phone.heard.count("avis/fr") == 1 + keys.count("#")


async def test_who_has_not_talked_is_not_asked(tmp_path: Path) -> None:
    nodes = NODES.replace("{route: {nobody: non}}", "{route: {nobody: avis}}")
    flow = flow_of(tmp_path, nodes, PROMPTS, more="human: {goto: appel}")
    phone = ScriptedPhone("0", agents=[Connection.NOBODY])
    end = await interpreter.run(flow, phone)
    assert (phone.heard, end.outcome) == (["choix/fr"], "nobody")
