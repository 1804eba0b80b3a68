"""Files that are known from an earlier reading: what is found is what reading everything anew finds."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ari_app.core.documents import load_document
from ari_app.roster.book import load_rosters
from ari_app.roster.files import KnownFiles

TEAM = (
    "team: {}\ntimezone: UTC\nagents: {{alice: {{phones: [sip:alice]}}}}\nescalation: [{{ring: [alice]}}]\n"
)
SHARED = "agents: {bruno: {phones: [sip:bruno]}}\n"
NAMES = ("a.yaml", "b.yaml", "c.yml")
CONTENTS = st.sampled_from(
    [
        None,  # deleted
        TEAM.format("support").encode(),
        TEAM.format("support").replace("alice", "bruno").encode(),
        TEAM.format("cartes").replace("[alice]", "[bruno]").encode(),
        f"{TEAM.format('support')}team: again\n".encode(),
        SHARED.encode(),
        SHARED.replace("sip", "tel").encode(),
        b"team: [",
        b"",
        b"\xff",
    ]
)


@given(edits=st.lists(st.tuples(st.sampled_from(NAMES), CONTENTS), max_size=12))
def test_edits_are_found_as_if_nothing_was_known(edits: list[tuple[str, bytes | None]]) -> None:
    known = KnownFiles()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, content in edits:
            if content is None:
                (folder / file).unlink(missing_ok=True)
            else:
                (folder / file).write_bytes(content)
            book, findings = load_rosters(folder, known=known)
            anew, wanted = load_rosters(folder)
            assert findings == wanted
            assert (book is None) == (anew is None)
            if book is not None and anew is not None:
                assert (book.hash, book.teams, book.agents) == (anew.hash, anew.teams, anew.agents)


def test_only_files_that_changed_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = []

    def noted(path: Path, content: bytes | None = None) -> object:
        read.append(path.name)
        return load_document(path, content)

    monkeypatch.setattr("ari_app.roster.files.load_document", noted)
    known = KnownFiles()
    (tmp_path / "agents.yaml").write_text(SHARED)
    (tmp_path / "support.yaml").write_text(TEAM.format("support"))
    for _ in range(2):
        load_rosters(tmp_path, known=known)
    assert read == ["agents.yaml", "support.yaml"]
    (tmp_path / "support.yaml").write_text(TEAM.format("cartes"))
    load_rosters(tmp_path, known=known)
    assert read[2:] == ["support.yaml"]
    (tmp_path / "support.yaml").unlink()
    load_rosters(tmp_path, known=known)
    (tmp_path / "support.yaml").write_text(TEAM.format("cartes"))
    load_rosters(tmp_path, known=known)
    assert read[3:] == ["support.yaml"]  # what is gone is forgotten
