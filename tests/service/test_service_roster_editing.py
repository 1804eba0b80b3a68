"""Changes of a roster by commands: the file stays the admin's own, and is whole at every instant."""

from __future__ import annotations

import codecs
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from difflib import unified_diff
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ari_app.core.findings import InvalidConfiguration
from ari_app.core.replacing import FileIsChanging
from ari_app.core.yaml_editing import CannotEdit
from ari_app.roster.book import UnknownTeamError
from ari_app.service.roster_editing import NewOverride, RosterEditor, UnknownOverride, WouldNotLoad, editing

PROJECT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 23, tzinfo=UTC)


def wall(text: str) -> datetime:
    return datetime.fromisoformat(text)


NEW = NewOverride("new", wall("2026-12-01T08:00"), wall("2026-12-02T00:00"), "alice", "bruno", "l'été : non")
LINE = (
    "{id: new, from: 2026-12-01T08:00, to: 2026-12-02T00:00, replace: alice, with: bruno, "
    'reason: "l\'été : non"}'
)
AGENTS = "agents:\n  alice: {phones: [sip:a]}\n  bruno: {phones: [sip:b]}\n"
HEAD = "# À nous.\nteam: support\ntimezone: Europe/Paris\n"
REST = "# first, those on call\nescalation:\n  - {ring: [alice]}   # \"'\n  - ring: [bruno]\n\n# the end\n"
A = "id: a, from: 2026-12-24T18:00, to: 2026-12-26 09:00, replace: alice, with: bruno"
B = 'id: 7, from: "2026-01-01T00:00", to: 2026-01-02T00:00, replace: bruno, with: alice, reason: &why congés'
OVERRIDES = [
    "",
    "overrides:\n",
    "overrides:   # none: { [\n\n",
    "overrides:\n  # - {id: x}\n",
    "overrides: []  # none\n",
    "overrides: [ ]\n",
    f"overrides:\n  - {{{A}}}\n",
    f"overrides:\n- {{{A}}}  # Noël\n\n# - {{{B}}}\n- {{{B}}}\n",
    "overrides: &all\n  # the winter's\n  -   " + A.replace(", ", "\n      ") + "\n      # told by mail\n\n",
    f"overrides: [{{{A}}}]\n",
    f"overrides: [{{{A}}}, {{{B}}}, ]\n",
    f"overrides: [\n  {{{A}}},  # Noël\n  {{{B}}}  # it's [\n  ]\n",
    f"overrides: [\n    {{{A}}},\n    # the next\n    {{{B}}},\n]\n",
    '"overrides" : [ {' + A.replace(", ", ",\n  ") + "}]\n",
]


@st.composite
def files(draw: st.DrawFn) -> bytes:
    """Rosters in every layout that people and programs give them."""
    parts = [AGENTS, draw(st.sampled_from(OVERRIDES)), REST]
    blank = st.sampled_from(["", "\n", "# x\n", "  \n"])
    text = HEAD + "".join(part + draw(blank) for part in draw(st.permutations(parts)))
    text = (
        draw(st.sampled_from(["", "---\n", "%YAML 1.1\n---\n"])) + text + draw(st.sampled_from(["", "...\n"]))
    )
    if draw(st.booleans()):
        text = text.rstrip("\n")
    mark = draw(st.sampled_from([b"", codecs.BOM_UTF8]))
    return mark + text.replace("\n", draw(st.sampled_from(["\n", "\r\n", "\r"]))).encode()


def editor_of(path: Path) -> RosterEditor:
    return RosterEditor(path.parent, NOW)


@settings(deadline=None)
@given(files())
def test_adding_inserts_alone_and_removing_gives_the_very_bytes_back(content: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder, "support.yaml")
        path.write_bytes(content)
        editor_of(path).with_overrides("support", [NEW]).save()
        added = path.read_bytes()
        rest = iter(added)
        assert all(byte in rest for byte in content)
        editor = editor_of(path)
        assert editor.rosters.teams["support"].overrides[-1].id == "new"
        assert editor.source("support").file.overrides[-1].reason == NEW.reason
        editor.without_override("support", "new").save()
        assert path.read_bytes() == content


@settings(deadline=None)
@given(files())
def test_a_draft_touches_nothing(content: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder, "support.yaml")
        path.write_bytes(content)
        draft = editor_of(path).with_overrides("support", [NEW, replace(NEW, id="b")])
        assert [each.id for each in draft.rosters.teams["support"].overrides[-2:]] == ["new", "b"]
        assert (draft.before, path.read_bytes()) == (content, content)
        assert [each.name for each in Path(folder).iterdir()] == ["support.yaml"]


@pytest.fixture
def rosters(tmp_path: Path) -> Path:
    """The shipped rosters."""
    return Path(shutil.copytree(PROJECT / "rosters", tmp_path / "rosters"))


@pytest.mark.parametrize("team", ["cartes", "commandes", "retours", "support-technique"])
def test_a_shipped_roster_gains_lines_and_loses_none(rosters: Path, team: str) -> None:
    path = rosters / f"{team}.yaml"
    before = path.read_text("utf-8")
    RosterEditor(rosters, NOW).with_overrides(team, [NEW]).save()
    after = path.read_text("utf-8")
    lines = list(unified_diff(before.splitlines(True), after.splitlines(True), n=0))[2:]
    assert [line for line in lines if line.startswith("-")] == []
    assert f"+  - {LINE}\n" in lines
    assert all(line[0] in "+@" for line in lines)
    RosterEditor(rosters, NOW).without_override(team, "new").save()
    assert path.read_text("utf-8") == before


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"end": wall("2026-12-01T08:00")}, "the override ends before it begins"),
        ({"stand_in": "alice"}, "the override replaces an agent with the same agent"),
        ({"stand_in": "zoe"}, "the agent `zoe` is unknown"),
        ({"id": "noel"}, "the override `noel` is there twice"),
        ({"id": "à noël"}, "this is not a name that can be referred to"),
        ({"reason": "x" * 81}, "this is not a line of text"),
        ({"reason": "a\nb"}, "this is not a line of text"),
    ],
)
def test_a_change_that_would_not_load_is_refused_with_the_findings(
    rosters: Path, change: dict[str, Any], message: str
) -> None:
    content = {path: path.read_bytes() for path in rosters.iterdir()}
    with pytest.raises(WouldNotLoad) as refused:
        RosterEditor(rosters, NOW).with_overrides("support-technique", [replace(NEW, **change)])
    assert [finding.message for finding in refused.value.findings] == [message]
    assert {path: path.read_bytes() for path in rosters.iterdir()} == content


def test_a_file_that_would_grow_too_large_is_refused(rosters: Path) -> None:
    path = rosters / "cartes.yaml"
    content = path.read_bytes()
    path.write_bytes(content + b"#" * (1_048_576 - len(content)))
    with pytest.raises(WouldNotLoad) as refused:
        RosterEditor(rosters, NOW).with_overrides("cartes", [NEW])
    assert [finding.message for finding in refused.value.findings] == ["the file is too large"]


def test_rosters_that_hold_errors_already_are_not_edited(rosters: Path) -> None:
    (rosters / "cartes.yaml").write_text("team: [\n")
    with pytest.raises(InvalidConfiguration) as refused:
        RosterEditor(rosters, NOW)
    assert {finding.file.name for finding in refused.value.findings} == {"cartes.yaml"}


def test_only_the_warnings_that_a_change_brings_are_its_own(rosters: Path) -> None:
    path = rosters / "support-technique.yaml"
    again = replace(NEW, id="again", start=wall("2026-12-25T00:00"), end=wall("2026-12-25T09:00"))
    editor_of(path).with_overrides("support-technique", [again]).save()
    for new, told in ((replace(again, id="third"), True), (replace(NEW, id="apart"), False)):
        warnings = editor_of(path).with_overrides("support-technique", [new]).warnings
        assert any("two overrides" in each.message for each in warnings) == told
        assert all(new.id in each.found for each in warnings if "two overrides" in each.message)


def test_a_file_that_changes_after_the_draft_is_not_overwritten(rosters: Path) -> None:
    path = rosters / "cartes.yaml"
    draft = RosterEditor(rosters, NOW).with_overrides("cartes", [NEW])
    theirs = path.read_bytes() + b"# mine\n"
    path.write_bytes(theirs)
    with pytest.raises(FileIsChanging):
        draft.save()
    assert path.read_bytes() == theirs


def test_a_file_that_changes_before_the_draft_is_not_judged_by_what_it_was(rosters: Path) -> None:
    path = rosters / "support-technique.yaml"
    editor = RosterEditor(rosters, NOW)
    path.write_text(path.read_text("utf-8").replace("id: noel", "id: other"), "utf-8")
    with pytest.raises(FileIsChanging):
        editor.without_override("support-technique", "noel")


def test_commands_at_the_same_time_lose_no_override(rosters: Path) -> None:
    """Each in a process of its own, as people run them."""
    program = (
        "import sys; from datetime import *; from pathlib import Path\n"
        "from ari_app.service.roster_editing import *\n"
        "now = datetime(2026, 11, 23, tzinfo=UTC)\n"
        "with editing(Path(sys.argv[1]), now) as editor:\n"
        "    span = datetime(2026, 12, 1), datetime(2026, 12, 2)\n"
        "    new = NewOverride(editor.free_id('cartes', 'x'), *span, 'bruno', 'chloe')\n"
        "    editor.with_overrides('cartes', [new]).save()\n"
    )
    with ExitStack() as running:
        commands = [
            running.enter_context(subprocess.Popen([sys.executable, "-c", program, str(rosters)]))
            for _ in range(5)
        ]
    assert [command.returncode for command in commands] == [0] * 5
    overrides = RosterEditor(rosters, NOW).rosters.teams["cartes"].overrides
    assert [override.id for override in overrides] == ["x", "x-2", "x-3", "x-4", "x-5"]


def test_a_link_among_the_rosters_is_followed_and_stays_a_link(rosters: Path, tmp_path: Path) -> None:
    real = tmp_path / "elsewhere.yaml"
    (rosters / "cartes.yaml").rename(real)
    (rosters / "cartes.yaml").symlink_to(real)
    with editing(rosters, NOW) as editor:
        editor.with_overrides("cartes", [NEW]).save()
    assert (rosters / "cartes.yaml").readlink() == real
    assert LINE in real.read_text("utf-8")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["elsewhere.yaml", "rosters"]


@pytest.fixture
def odd(tmp_path: Path) -> Iterator[Path]:
    """A roster on one line, as a program may write it."""
    path = tmp_path / "odd.yaml"
    agents = "{alice: {phones: [sip:a]}, bruno: {phones: [sip:b]}}"
    path.write_text(f"{{team: odd, timezone: UTC, agents: {agents}, escalation: [{{ring: [alice]}}]}}\n")
    yield path
    assert path.read_text().startswith("{team: odd, timezone: UTC, agents")


def test_what_cannot_be_edited_in_place_is_refused_with_the_line_to_write(odd: Path) -> None:
    with pytest.raises(CannotEdit) as refused:
        editor_of(odd).with_overrides("odd", [NEW])
    assert str(odd) in refused.value.message
    assert LINE in refused.value.remedy


def test_a_team_or_an_override_that_is_not_there_is_an_error_with_the_nearest(rosters: Path) -> None:
    editor = RosterEditor(rosters, NOW)
    with pytest.raises(UnknownTeamError):
        editor.with_overrides("cartons", [NEW])
    with pytest.raises(UnknownOverride) as unknown:
        editor.without_override("support-technique", "noël")
    assert "did you mean `noel`?" in unknown.value.remedy
    with pytest.raises(UnknownOverride) as unknown:
        editor.without_override("cartes", "noel")
    assert unknown.value.remedy == "It has none"


def test_an_id_that_is_free_is_found_within_its_length(rosters: Path) -> None:
    editor = RosterEditor(rosters, NOW)
    assert editor.free_id("support-technique", "noel") == "noel-2"
    assert editor.free_id("support-technique", "noel", besides=["noel-2"]) == "noel-3"
    assert editor.free_id("cartes", "x" * 50) == "x" * 40
    assert editor.free_id("cartes", "x" * 50, besides=["x" * 40]) == "x" * 38 + "-2"
