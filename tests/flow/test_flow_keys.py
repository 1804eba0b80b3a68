"""Keys that mean the same in every question: back, again, a human; and whom callers reach by them."""

from __future__ import annotations

from pathlib import Path

import pytest

from ari_app.flow.interpreter import Outcome, run
from ari_app.flow.phone import Caller, Connection, ToNumber, ToTeam
from ari_app.flow.words import OF_NODES, Word

from .phones import SILENCE, ScriptedPhone, flow_of, load

THREE_MENUS = """\
  debut: {menu: {prompt: un, keys: {"1": {goto: deux}}, otherwise: appel}}
  deux: {menu: {prompt: deux, keys: {"1": {goto: mots}, "2": {goto: trois}}, otherwise: appel}}
  mots: {say: {prompt: mots, goto: trois}}
  trois: {menu: {prompt: trois, keys: {"1": {goto: appel}, "9": {goto: debut}}, otherwise: appel}}
  appel: {route: {nobody: fin}}
  fin: {goodbye: {prompt: fin}}
"""
PROMPTS = ["un", "deux", "trois", "mots", "fin"]


@pytest.mark.parametrize(
    ("keys", "heard"),
    [
        ("1*", "un deux un"),
        ("*", "un un"),  # there is no question before the first
        ("12*", "un deux trois deux"),
        ("11*", "un deux mots trois deux"),  # words that ask nothing are no question
        ("12**", "un deux trois deux un"),
        ("12*2*", "un deux trois deux trois deux"),
        ("129*", "un deux trois un un"),  # who was led back to a question is there as for the first time
        ("#", "un un"),
        ("####1", "un un un un un deux"),
    ],
)
async def test_star_goes_back_and_hash_asks_again(keys: str, heard: str, tmp_path: Path) -> None:
    phone = ScriptedPhone(*keys, hangs_up=True)
    await run(flow_of(tmp_path, THREE_MENUS, PROMPTS), phone)
    assert " ".join(prompt.removesuffix("/fr") for prompt in phone.heard) == heard


async def test_keys_that_a_menu_has_of_its_own_are_its_own(tmp_path: Path) -> None:
    nodes = (
        "  debut: {menu: {prompt: un, otherwise: fin, keys: {'*': {reason: vol, goto: appel}, "
        "'#': {goto: fin}, '0': {goto: fin}}}}\n"
        "  appel: {route: {nobody: fin}}\n  fin: {goodbye: {prompt: fin}}"
    )
    flow = flow_of(tmp_path, nodes, ["un", "fin"], more="human: {goto: appel}")
    star, hash_, zero = ScriptedPhone("*"), ScriptedPhone("#"), ScriptedPhone("0")
    assert (await run(flow, star)).reason == "vol"
    assert (await run(flow, hash_)).node == "fin"
    assert (await run(flow, zero)).node == "fin"


async def test_zero_reaches_a_human_with_the_reason_that_the_flow_gives(tmp_path: Path) -> None:
    flow = flow_of(tmp_path, THREE_MENUS, PROMPTS, more="human: {goto: appel, reason: vol}")
    phone = ScriptedPhone("1", "0")
    assert (await run(flow, phone)).outcome is Outcome.TALKED
    assert phone.connected == [("vol", "fr")]


async def test_zero_is_a_wrong_key_where_the_flow_has_no_human(tmp_path: Path) -> None:
    phone = ScriptedPhone("0", hangs_up=True)
    await run(flow_of(tmp_path, THREE_MENUS, PROMPTS), phone)
    assert phone.noted("menu.invalid") == [{"node": "debut", "key": "0"}]


@pytest.mark.parametrize("key", ["9", SILENCE])
async def test_three_wrong_keys_or_silences_lead_on_by_themselves(key: str | None, tmp_path: Path) -> None:
    phone = ScriptedPhone(key, key, key)
    await run(flow_of(tmp_path, THREE_MENUS, PROMPTS), phone)
    assert phone.heard == ["un/fr"] * 3
    assert phone.connected == [("panne", "fr")]


async def test_a_key_typed_while_something_is_said_answers_the_next_question(tmp_path: Path) -> None:
    nodes = "  debut: {say: {prompt: mots, goto: deux}}\n" + THREE_MENUS.replace("  debut", "  un")
    phone = ScriptedPhone(ahead="2", hangs_up=True)
    await run(flow_of(tmp_path, nodes.replace("goto: debut", "goto: un"), PROMPTS), phone)
    assert phone.heard == ["trois/fr"]


async def test_a_transfer_rings_what_the_flow_names_and_nothing_else(tmp_path: Path) -> None:
    nodes = (
        '  debut: {transfer: {number: "+33 1 99 00 03 00", for: 20s, nobody: equipe}}\n'
        "  equipe: {transfer: {team: support-technique, nobody: fin, off_duty: ferme}}\n"
        "  fin: {goodbye: {prompt: fin}}\n  ferme: {goodbye: {prompt: mots}}"
    )
    flow = flow_of(tmp_path, nodes, ["fin", "mots"])
    phone = ScriptedPhone(agents=[Connection.NOBODY, Connection.NOT_ON_DUTY])
    end = await run(flow, phone)
    assert phone.destinations == [ToNumber("+33199000300", 20.0), ToTeam("support-technique")]
    assert phone.connected == [("panne", "fr")] * 2
    assert (end.outcome, end.node) == (Outcome.NOT_ON_DUTY, "ferme")


async def test_what_is_set_holds_from_there_on(tmp_path: Path) -> None:
    nodes = (
        "  debut: {set: {reason: vol, priority: 7, variables: {canal: boutique, essais: 2}, goto: suite}}\n"
        "  suite: {goto: appel}\n  appel: {route: {nobody: fin}}\n  fin: {goodbye: {prompt: fin}}"
    )
    phone = ScriptedPhone()
    await run(flow_of(tmp_path, nodes, ["fin"]), phone)
    assert phone.connected == [("vol", "fr")]
    assert phone.noted("flow.priority") == [{"priority": 7}]


WHO_CALLS = (
    "  debut: {caller: {vip: choye, anonymous: masque, otherwise: suite}}\n"
    "  choye: {set: {priority: 9, goto: suite}}\n  masque: {set: {vip: true, goto: suite}}\n"
    "  suite: {route: {nobody: fin}}\n  fin: {goodbye: {prompt: fin}}"
)


@pytest.mark.parametrize(
    ("caller", "answer", "vip"),
    [
        (Caller("call-1", "default", "+33199001234", vip=True), "vip", True),
        (Caller("call-1", "default", "+33199001234"), "otherwise", False),
        (Caller("call-1", "default", None), "anonymous", True),  # this flow makes a VIP of them
        (Caller("call-1", "default", None, vip=True), "vip", True),
    ],
)
async def test_the_flow_goes_on_by_who_calls_and_rosters_are_told_of_vips(
    tmp_path: Path, caller: Caller, answer: str, vip: bool
) -> None:
    phone = ScriptedPhone(caller=caller)
    await run(flow_of(tmp_path, WHO_CALLS, ["fin"]), phone)
    assert phone.noted("caller.answer") == [{"node": "debut", "answer": answer}]
    assert phone.vips == [vip]


LANGUAGES = """
flow: test
languages: [fr, en, de]
language_of:
  called: {"+33199000200": en}
  caller: {"+49": de, "+4": en, "0": fr, "+": en, "+33": fr}
start: appel
fallback_reason: panne
reasons: {panne: {fr: panne, en: failure, de: Panne}}
nodes: {appel: {route: {nobody: fin}}, fin: {goodbye: {prompt: fin}}}
prompts: {fin: {fr: fin, en: end, de: Ende}}
"""


@pytest.mark.parametrize(
    ("called", "number", "language"),
    [
        ("default", "+33199001234", "fr"),
        ("default", "+493012345", "de"),
        ("default", "+4412345678", "en"),
        ("default", "+15550100", "en"),
        ("default", "0199001234", "fr"),
        ("default", None, "fr"),
        ("default", "12", "fr"),
        ("+33199000200", "+493012345", "en"),
        ("+33199000200", None, "en"),
        ("+33199000201", "+493012345", "de"),
    ],
)
async def test_callers_begin_in_the_language_of_their_number(
    called: str, number: str | None, language: str, tmp_path: Path
) -> None:
    words = [word for word in Word if word not in OF_NODES]
    said = "\n".join(f"  {word}: {{de: Wort}}" for word in words)
    (tmp_path / "line.yaml").write_text(f"prompts:\n{said}\n")
    (tmp_path / "test.yaml").write_text(LANGUAGES)
    flow = load(tmp_path).flows["test"]
    end = await run(flow, ScriptedPhone(caller=Caller("call-1", called, number)))
    assert end.language == language
