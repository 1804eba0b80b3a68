"""Flows as pictures: everything is in them, nothing lies on anything else."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ari_app.flow.flow import Flow
from ari_app.flow.graph import graph_of
from ari_app.flow.layout import lay_out
from ari_app.flow.mermaid import mermaid
from ari_app.flow.svg import svg

from .phones import flow_of, load
from .test_flow_checks import MORE

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def flow(tmp_path: Path) -> Flow:
    """A flow of every kind of node."""
    (tmp_path / "jour.yaml").write_text(MORE)
    return load(tmp_path).flows["jour"]


def test_every_node_and_every_way_is_in_the_picture(flow: Flow) -> None:
    root = ET.fromstring(svg(graph_of(flow)))
    texts = [text.text for text in root.iter(f"{SVG}text")]
    names = [text.text for text in root.iter(f"{SVG}text") if text.get("class") == "name"]
    assert names == list(flow.nodes)
    labels = {"1 fr", "2 en", "1 panne", "2 vol", "otherwise", "0", "failed", "open", "closed", "nobody"}
    assert labels <= set(texts)
    ways = {(name, str(to)) for name, step in flow.nodes.items() for _, to in step.ways()}
    ways |= {(name, "relier") for name, step in flow.nodes.items() if step.asks}  # the key 0
    tips = [path for path in root.iter(f"{SVG}path") if path.get("marker-end")]
    assert len(tips) == 1 + len(ways)


def test_the_words_of_a_node_are_told_when_it_is_pointed_at(flow: Flow) -> None:
    root = ET.fromstring(svg(graph_of(flow)))
    titles = [title.text for title in root.iter(f"{SVG}title")]
    assert "Bonjour. Pour le français, tapez 1." in titles


def test_the_same_flow_is_the_same_picture(flow: Flow) -> None:
    assert svg(graph_of(flow)) == svg(graph_of(flow))


def test_mermaid_shows_the_same_graph(flow: Flow) -> None:
    text = mermaid(graph_of(flow))
    ids = {name: f"n{number}" for number, name in enumerate(flow.nodes)}
    assert text.startswith("flowchart TD\n  start(( )) --> n0\n")
    assert f'  {ids["client"]}["client<br/>webhook"]:::passes' in text
    assert f'  {ids["client"]} -->|"or<br/>then"| {ids["relier"]}' in text
    assert f"  {ids['note']} --> {ids['encore']}" in text


def test_what_an_admin_writes_cannot_break_the_picture(tmp_path: Path) -> None:
    nodes = (
        "  debut: {webhook: {url: 'https://a.example', take: {n: n}, branch_on: n, goto: fin, failed: fin, "
        "branches: {'<b>&\"|end]': fin}}}\n  fin: {goodbye: {prompt: fin}}\n  graph: {goodbye: {prompt: fin}}"
    )
    flow = flow_of(tmp_path, nodes, ["fin"])
    root = ET.fromstring(svg(graph_of(flow)))
    assert '<b>&"|end]' in [text.text for text in root.iter(f"{SVG}text")]
    assert '|"#60;b#62;#38;#34;#124;end#93;<br/>then<br/>failed"|' in mermaid(graph_of(flow))


def test_a_key_that_asks_again_is_an_arrow_to_its_own_box(tmp_path: Path) -> None:
    nodes = (
        "  debut: {menu: {prompt: fin, keys: {'1': {reason: vol, goto: debut}}, otherwise: fin}}\n"
        "  fin: {goodbye: {prompt: fin}}"
    )
    root = ET.fromstring(svg(graph_of(flow_of(tmp_path, nodes, ["fin"]))))
    width = float(root.attrib["width"])
    (label,) = [text for text in root.iter(f"{SVG}text") if text.text == "1 vol"]
    assert float(label.attrib["x"]) < width


NAMES = [f"n{number}" for number in range(9)]
ARROWS = st.dictionaries(
    st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)),
    st.tuples(st.floats(0, 120), st.floats(0, 60)),
    max_size=25,
)


@given(arrows=ARROWS)
def test_nothing_lies_on_anything_else_however_the_graph_is(
    arrows: dict[tuple[str, str], tuple[float, float]],
) -> None:
    nodes = dict.fromkeys(NAMES, (80.0, 40.0))
    layout = lay_out(nodes, arrows)
    boxes = [(place, nodes[name]) for name, place in layout.nodes.items()]
    boxes += [(place, arrows[ends]) for ends, place in layout.labels.items()]
    for ((x1, y1), (w1, h1)), ((x2, y2), (w2, h2)) in combinations(boxes, 2):
        assert abs(x1 - x2) >= (w1 + w2) / 2 - 1e-6 or abs(y1 - y2) >= (h1 + h2) / 2 - 1e-6
    width, height = layout.size
    for (x, y), (w, h) in boxes:
        assert x - w / 2 >= -1e-6
        assert x + w / 2 <= width + 1e-6
        assert y - h / 2 >= -1e-6
        assert y + h / 2 <= height + 1e-6
    assert set(layout.routes) == {ends for ends in arrows if ends[0] != ends[1]}


@given(arrows=ARROWS)
def test_arrows_point_down_where_no_circle_keeps_them_from_it(
    arrows: dict[tuple[str, str], tuple[float, float]],
) -> None:
    acyclic = {ends: size for ends, size in arrows.items() if ends[0] < ends[1]}
    layout = lay_out(dict.fromkeys(NAMES, (80.0, 40.0)), acyclic)
    assert all(layout.nodes[a][1] < layout.nodes[b][1] for a, b in acyclic)


def test_arrows_do_not_cross_that_need_not() -> None:
    """Both ways on from `message` would like to be at the same place: one of two orders crosses `nobody`."""
    ways = [
        ("route", "bye"),
        ("route", "closed"),
        ("route", "message"),
        ("message", "thanks"),
        ("message", "bye"),
    ]
    names = ("route", "message", "thanks", "bye", "closed")
    layout = lay_out(dict.fromkeys(names, (80.0, 40.0)), dict.fromkeys(ways, (40.0, 14.0)))
    assert layout.nodes["bye"][0] < layout.nodes["thanks"][0]
    assert layout.labels["route", "bye"][0] < layout.labels["message", "bye"][0]
    assert layout.labels["message", "bye"][0] < layout.labels["message", "thanks"][0]
