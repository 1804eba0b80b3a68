"""The flow that is shipped: without a mistake, in good order, and as the docs say."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from ari_app.core.yaml_tree import build_tree
from ari_app.flow.book import FlowBook, load_flows
from ari_app.flow.graph import graph_of
from ari_app.flow.schema import Node
from ari_app.flow.step import Step
from ari_app.flow.svg import svg
from ari_app.flow.words import Word

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def book() -> FlowBook:
    loaded, findings = load_flows(ROOT / "ivr_flows")
    assert findings == []
    assert loaded is not None
    return loaded


def test_it_speaks_french_first_and_english(book: FlowBook) -> None:
    assert book.languages == ("fr", "en")


def test_it_asks_for_one_of_four_reasons(book: FlowBook) -> None:
    reasons = {reason for reason, *_ in book.reasons_wanted()}
    assert reasons == {"panne", "carte-volee", "retour", "commande"}


def test_a_choice_is_said_before_its_key(book: FlowBook) -> None:
    """Who hears the key first has forgotten it when the choice comes."""
    menus = [prompt for prompt in book.prompts() if prompt.name in {"choix-langue", "choix-motif"}]
    assert len(menus) == 4
    for menu in menus:
        for sentence in re.findall(r"[^.]+\.", menu.text):
            assert re.search(r"(tapez|press) (\d|dièse|hash)\.$", sentence), sentence


def test_each_choice_names_the_key_that_does_it(book: FlowBook) -> None:
    text = next(
        prompt.text for prompt in book.prompts() if (prompt.name, prompt.language) == ("choix-motif", "fr")
    )
    assert [(words.split(",")[0], key) for words, key in re.findall(r"Pour (.+?), tapez (\d)\.", text)] == [
        ("une panne technique", "1"),
        ("une carte perdue ou volée", "2"),
        ("le retour d'un article", "3"),
        ("une commande en cours", "4"),
    ]


def test_the_line_file_shows_every_word_that_the_line_says_by_itself() -> None:
    own = (ROOT / "ari_app" / "flow" / "line.yaml").read_text(encoding="utf-8")
    shown = (ROOT / "ivr_flows" / "line.yaml").read_text(encoding="utf-8")
    assert shown.split("\n")[1:] == own.split("\n")[1:]  # the first says where the schema is


DOCS = (ROOT / "docs" / "flows.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```yaml\n(.*?)```", DOCS, re.DOTALL)


def test_the_flow_in_the_docs_holds_no_mistake(tmp_path: Path) -> None:
    (tmp_path / "accueil.yaml").write_text(BLOCKS[0], encoding="utf-8")
    assert load_flows(tmp_path)[1] == []


def test_the_nodes_in_the_docs_are_nodes() -> None:
    roots = [build_tree(block)[0] for block in BLOCKS if block.startswith("# nodes:")]
    kinds = {Node.model_validate(node).kind for root in roots if root for node in root.value.values()}
    assert kinds == {"caller", "collect", "hours", "callback", "route", "survey", "voicemail", "webhook"}


def test_every_kind_of_node_and_each_of_its_fields_is_in_the_docs() -> None:
    missing = []
    for kind, info in Node.model_fields.items():
        section = re.search(rf"### `{kind}`.*?(?=\n##)", DOCS, re.DOTALL)
        step: type[Step] = get_args(info.annotation)[0]
        names = [field.alias or name for name, field in step.model_fields.items()] if kind != "goto" else []
        missing += [f"{kind}.{name}" for name in names if section is None or f"`{name}`" not in section[0]]
    assert missing == []


def test_the_picture_in_the_docs_is_the_one_that_the_command_draws(book: FlowBook) -> None:
    """If it fails: astreinte flow graph accueil > docs/img/accueil.svg"""
    picture = (ROOT / "docs" / "img" / "accueil.svg").read_text(encoding="utf-8")
    assert "(img/accueil.svg)" in DOCS
    assert picture == svg(graph_of(book.flows["accueil"]))


def test_the_docs_name_every_word_that_the_line_says_by_itself() -> None:
    assert [word for word in Word if f"| `{word}` |" not in DOCS] == []
