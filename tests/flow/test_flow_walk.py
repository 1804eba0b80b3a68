"""What a caller meets on the way through a flow, key by key, silence by silence."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ari_app.flow.flow import Flow, build_flow
from ari_app.flow.interpreter import FlowEnd, Outcome, run
from ari_app.flow.phone import RINGING, Connection, Destination, TalkRecording, Waiting
from ari_app.flow.schema import FlowFile
from ari_app.flow.words import Words, load_words

from .phones import SILENCE, ScriptedPhone, flow_of, load

FLOWS = Path(__file__).parents[2] / "ivr_flows"


@pytest.fixture(scope="module")
def accueil() -> Flow:
    """The flow that is shipped."""
    return load(FLOWS).flows["accueil"]


@pytest.fixture(scope="module")
def words() -> Words:
    """The line's own words, as they are shipped."""
    return load_words(FLOWS)[0]


async def test_a_caller_who_chooses_reaches_the_agent_of_that_reason(accueil: Flow) -> None:
    phone = ScriptedPhone("1", "2")
    end = await run(accueil, phone)
    assert phone.connected == [("carte-volee", "fr")]
    assert end == FlowEnd(Outcome.TALKED, "appel", "fr", "carte-volee")


async def test_a_caller_who_chooses_english_hears_english_from_there_on(accueil: Flow) -> None:
    phone = ScriptedPhone("2", "4", agents=[Connection.NOBODY])
    end = await run(accueil, phone)
    assert phone.heard == [
        "bienvenue/fr",
        "choix-langue/fr",
        "bienvenue/en",
        "choix-langue/en",
        "choix-motif/en",
        "personne-disponible/en",
    ]
    assert phone.connected == [("commande", "en")]
    assert end.language == "en"


async def test_a_caller_without_keys_reaches_an_agent_in_the_first_language(accueil: Flow) -> None:
    phone = ScriptedPhone()
    end = await run(accueil, phone)
    assert phone.connected == [("panne", "fr")]
    assert end.outcome is Outcome.TALKED
    assert phone.noted("flow.reason") == [{"reason": "panne"}]


async def test_a_wrong_key_is_told_and_the_menu_said_again(accueil: Flow) -> None:
    phone = ScriptedPhone("1", "9", "3")
    await run(accueil, phone)
    assert phone.heard[-3:] == ["choix-motif/fr", "touche-inconnue/fr", "choix-motif/fr"]
    assert phone.noted("menu.invalid") == [{"node": "motif", "key": "9"}]
    assert phone.connected == [("retour", "fr")]


async def test_silence_is_told_and_the_menu_said_again(accueil: Flow) -> None:
    phone = ScriptedPhone("1", SILENCE, "3")
    await run(accueil, phone)
    assert phone.heard[-3:] == ["choix-motif/fr", "rien-entendu/fr", "choix-motif/fr"]
    assert phone.noted("menu.silence") == [{"node": "motif"}]


async def test_wrong_keys_only_still_reach_an_agent(accueil: Flow) -> None:
    phone = ScriptedPhone(*"999999999")
    assert (await run(accueil, phone)).outcome is Outcome.TALKED
    assert phone.connected == [("panne", "fr")]


async def test_after_the_last_try_nothing_is_said_before_the_agent_is_rung(accueil: Flow) -> None:
    phone = ScriptedPhone("1", "9", "9")
    await run(accueil, phone)
    assert phone.heard[-1] == "choix-motif/fr"


async def test_keys_pressed_ahead_skip_what_they_answer(accueil: Flow) -> None:
    phone = ScriptedPhone(ahead="12")
    await run(accueil, phone)
    assert phone.heard == []
    assert phone.connected == [("carte-volee", "fr")]


async def test_from_a_digit_to_ringing_nothing_is_waited_for(accueil: Flow) -> None:
    phone = ScriptedPhone("1", "1")
    await run(accueil, phone)
    after = phone.story[phone.story.index("hears choix-motif") + 1 :]
    assert after[:4] == ["menu.key", "flow.reason", "flow.node", "waits for panne"]


async def test_hash_says_the_menu_again_as_often_as_wanted(accueil: Flow) -> None:
    phone = ScriptedPhone("1", *"########", "1")
    await run(accueil, phone)
    assert phone.heard.count("choix-motif/fr") == 9
    assert phone.connected == [("panne", "fr")]


async def test_a_caller_hears_goodbye_when_nobody_answers(accueil: Flow) -> None:
    phone = ScriptedPhone("1", "1", agents=[Connection.NOBODY])
    end = await run(accueil, phone)
    assert phone.heard[-1] == "personne-disponible/fr"
    assert (end.outcome, end.node) == (Outcome.NOBODY, "personne")


async def test_a_caller_is_told_when_nobody_is_on_duty(accueil: Flow) -> None:
    phone = ScriptedPhone("1", "1", agents=[Connection.NOT_ON_DUTY])
    end = await run(accueil, phone)
    assert phone.heard[-1] == "hors-astreinte/fr"
    assert (end.outcome, end.node) == (Outcome.NOT_ON_DUTY, "ferme")


async def test_a_caller_who_hangs_up_in_a_menu_has_abandoned_there(accueil: Flow) -> None:
    phone = ScriptedPhone("2", hangs_up=True)
    end = await run(accueil, phone)
    assert end == FlowEnd(Outcome.ABANDONED, "motif", "en", None)
    assert phone.connected == []
    assert phone.noted("flow.ended") == [{"node": "motif", "outcome": "abandoned"}]


async def test_each_menu_waits_as_long_as_it_says(accueil: Flow) -> None:
    phone = ScriptedPhone()
    await run(accueil, phone)
    assert phone.waited == [4.0, 6.0, 6.0]


async def test_off_duty_goes_where_nobody_does_when_the_flow_says_nothing_else(tmp_path: Path) -> None:
    nodes = "  debut: {route: {nobody: fin}}\n  fin: {goodbye: {prompt: fin}}"
    phone = ScriptedPhone(agents=[Connection.NOT_ON_DUTY])
    end = await run(flow_of(tmp_path, nodes, ["fin"]), phone)
    assert phone.heard == ["fin/fr"]
    assert end.outcome is Outcome.NOT_ON_DUTY


async def test_a_say_is_heard_and_the_flow_goes_on(tmp_path: Path) -> None:
    nodes = "  debut: {say: {prompt: [un, deux], goto: fin}}\n  fin: {goodbye: {prompt: fin}}"
    phone = ScriptedPhone()
    end = await run(flow_of(tmp_path, nodes, ["un", "deux", "fin"]), phone)
    assert phone.heard == ["un/fr", "deux/fr", "fin/fr"]
    assert end == FlowEnd(Outcome.GOODBYE, "fin", "fr", None)


async def test_a_menu_without_barge_in_is_heard_to_its_end(tmp_path: Path) -> None:
    nodes = (
        "  debut: {menu: {prompt: loi, barge_in: false, keys: {'1': {goto: fin}}, otherwise: fin}}\n"
        "  fin: {goodbye: {prompt: fin}}"
    )
    phone = ScriptedPhone(ahead="1")
    await run(flow_of(tmp_path, nodes, ["loi", "fin"]), phone)
    assert phone.heard == ["loi/fr", "fin/fr"]
    assert phone.noted("menu.key") == [{"node": "debut", "key": "1"}]


async def test_an_agent_who_never_comes_and_a_caller_who_never_presses_end_with_an_apology(
    tmp_path: Path,
) -> None:
    nodes = (
        "  debut: {route: {nobody: encore}}\n"
        "  encore: {menu: {prompt: encore, keys: {'1': {goto: fin}}, otherwise: debut}}\n"
        "  fin: {goodbye: {prompt: fin}}"
    )
    phone = ScriptedPhone(agents=[Connection.NOBODY] * 99)
    end = await run(flow_of(tmp_path, nodes, ["encore", "fin"]), phone)
    assert phone.heard[-1] == "caller-error/fr"
    assert len(phone.connected) == 3
    assert end.outcome is Outcome.NOBODY
    assert phone.noted("flow.loop") == [{"node": "debut"}]


async def test_a_caller_who_presses_keys_may_try_agents_as_often_as_they_like(tmp_path: Path) -> None:
    nodes = (
        "  debut: {route: {nobody: encore}}\n"
        "  encore: {menu: {prompt: encore, keys: {'1': {goto: debut}}, otherwise: fin}}\n"
        "  fin: {goodbye: {prompt: fin}}"
    )
    phone = ScriptedPhone(*"1111111", agents=[Connection.NOBODY] * 99)
    end = await run(flow_of(tmp_path, nodes, ["encore", "fin"]), phone)
    assert len(phone.connected) == 8
    assert end.node == "fin"


async def test_what_a_phone_fails_with_is_not_swallowed(accueil: Flow) -> None:
    class BrokenPhone(ScriptedPhone):
        async def connect(
            self,
            reason: str,
            language: str,
            to: Destination | None = None,
            waiting: Waiting = RINGING,
            *,
            vip: bool = False,
            recording: TalkRecording | None = None,
        ) -> Connection:
            raise ConnectionError(reason + language)

    with pytest.raises(ConnectionError):
        await run(accueil, BrokenPhone())


KEYS = st.lists(st.sampled_from([*"0123456789*#", SILENCE]), max_size=30)
AGENTS = st.lists(st.sampled_from([Connection.NOBODY, Connection.NOT_ON_DUTY]), max_size=30)


@settings(max_examples=300, deadline=None)
@given(keys=KEYS, ahead=st.text("0123456789*#", max_size=10), agents=AGENTS, hangs_up=st.booleans())
async def test_whatever_is_pressed_there_is_an_outcome(
    accueil: Flow, keys: list[str | None], ahead: str, agents: list[Connection], hangs_up: bool
) -> None:
    phone = ScriptedPhone(*keys, ahead=ahead, agents=agents, hangs_up=hangs_up)
    end = await run(accueil, phone)
    assert end.outcome is not Outcome.GOODBYE  # this flow always looks for an agent
    assert (end.outcome is Outcome.ABANDONED) <= hangs_up
    assert end.node in accueil.nodes
    assert phone.noted("flow.ended") == [{"node": end.node, "outcome": end.outcome}]


NAMES = ["debut", "a", "b", "c"]


@st.composite
def any_nodes(draw: st.DrawFn) -> str:
    """Nodes that lead to each other in any way, circles and dead ends among them."""
    lines = []
    for name in NAMES:
        to = [draw(st.sampled_from(NAMES)) for _ in range(3)]
        kind = draw(
            st.sampled_from(
                [
                    f"say: {{prompt: mots, goto: {to[0]}}}",
                    f"menu: {{prompt: mots, retries: 0, otherwise: {to[0]}, "
                    f"keys: {{'1': {{goto: {to[1]}}}, '2': {{goto: {to[2]}, reason: vol}}}}}}",
                    f"route: {{nobody: {to[0]}, off_duty: {to[1]}}}",
                    f"collect: {{prompt: mots, store: numero, length: 2, retries: 1, goto: {to[0]}, "
                    f"otherwise: {to[1]}}}",
                    "hours: {timezone: Europe/Paris, window: {from: '09:00', to: '18:00'}, "
                    f"open: {to[0]}, closed: {to[1]}}}",
                    f"set: {{priority: 3, goto: {to[0]}}}",
                    f"caller: {{vip: {to[0]}, anonymous: {to[1]}, otherwise: {to[2]}}}",
                    f"goto: {to[0]}",
                    f"transfer: {{team: cartes, nobody: {to[0]}, off_duty: {to[1]}}}",
                    "goodbye: {prompt: mots}",
                ]
            )
        )
        lines.append(f"{name}: {{{kind}}}")
    return f"{{{', '.join(lines)}}}"


@settings(max_examples=300, deadline=None)
@given(nodes=any_nodes(), keys=KEYS, agents=st.lists(st.just(Connection.NOBODY), max_size=99))
async def test_no_flow_however_circular_keeps_a_caller_for_ever(
    words: Words, nodes: str, keys: list[str | None], agents: list[Connection]
) -> None:
    text = f"{{flow: test, languages: fr, start: debut, fallback_reason: panne, nodes: {nodes},"
    text += " human: {goto: a, reason: vol},"
    text += " reasons: {panne: {fr: panne}, vol: {fr: vol}}, prompts: {mots: {fr: mots}}}"
    flow = build_flow(FlowFile.model_validate(yaml.safe_load(text)), words)
    phone = ScriptedPhone(*keys, agents=agents)
    end = await run(flow, phone)
    assert len(phone.story) < 20 * (len(keys) + 1) * len(NAMES)
    assert end.node in NAMES
