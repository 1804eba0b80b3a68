"""The board of announcements: what commands write is whole, and what is over or replaced is gone."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ari_app.announcements.announcement import Announcement, Target, Words
from ari_app.announcements.board import Board, UnreadableBoard

SUPPORT, LINE = Target(team="support"), Target(line="+33199000100")
HOUR = timedelta(hours=1)


def put_up(
    board: Board, target: Target, text: str, language: str = "fr", until: datetime | None = None
) -> Announcement:
    with board.editing() as editor:
        announcement = editor.draft(target, language, Words(text=text), until)
        editor.put_up(announcement)
    return announcement


def said(board: Board) -> dict[str, dict[str, str]]:
    return {
        str(each.target): {language: words.text or words.recording for language, words in each.said.items()}
        for each in board.read()
    }


def test_a_board_that_nobody_wrote_on_is_empty(tmp_path: Path) -> None:
    assert Board(tmp_path / "nothing here").read() == []


def test_another_language_is_added_and_the_same_one_is_replaced(tmp_path: Path) -> None:
    board = Board(tmp_path)
    first = put_up(board, SUPPORT, "Panne.")
    put_up(board, LINE, "Travaux.")
    put_up(board, SUPPORT, "Outage.", "en")
    second = put_up(board, SUPPORT, "Grosse panne.")
    assert said(board) == {
        "line +33199000100": {"fr": "Travaux."},
        "team support": {"fr": "Grosse panne.", "en": "Outage."},
    }
    assert first.id != second.id  # records tell which of the two was heard


def test_the_time_at_which_it_ends_holds_for_words_that_are_added_later(tmp_path: Path) -> None:
    board, until = Board(tmp_path), datetime.now(UTC) + HOUR
    put_up(board, SUPPORT, "Panne.", until=until)
    put_up(board, SUPPORT, "Outage.", "en")
    assert [each.until for each in board.read()] == [until]


@pytest.mark.parametrize(
    ("target", "language", "left"),
    [
        (SUPPORT, None, {"line +33199000100": {"fr": "Travaux."}}),
        (SUPPORT, "en", {"line +33199000100": {"fr": "Travaux."}, "team support": {"fr": "Panne."}}),
        (LINE, "fr", {"team support": {"fr": "Panne.", "en": "Outage."}}),
        (None, "fr", {"team support": {"en": "Outage."}}),
        (None, None, {}),
    ],
)
def test_what_is_switched_off_is_gone_and_nothing_else(
    tmp_path: Path, target: Target | None, language: str | None, left: dict[str, dict[str, str]]
) -> None:
    board = Board(tmp_path)
    put_up(board, LINE, "Travaux.")
    put_up(board, SUPPORT, "Panne.")
    put_up(board, SUPPORT, "Outage.", "en")
    with board.editing() as editor:
        assert editor.take_down(target, language)
    assert said(board) == left


def test_what_is_over_is_forgotten_at_the_next_change(tmp_path: Path) -> None:
    board = Board(tmp_path)
    put_up(board, SUPPORT, "Panne.", until=datetime.now(UTC) - HOUR)
    assert [each.is_on(datetime.now(UTC)) for each in board.read()] == [False]
    put_up(board, LINE, "Travaux.")
    assert list(said(board)) == ["line +33199000100"]


def test_recordings_are_kept_as_long_as_they_are_on(tmp_path: Path) -> None:
    board = Board(tmp_path)
    for content in (b"RIFF first", b"RIFF second"):
        with board.editing() as editor:
            words = editor.keep_recording(content, "fr")
            editor.put_up(editor.draft(SUPPORT, "fr", words, None))
    (kept,) = board.folder.glob("*/*")
    assert (kept.parent.name, kept.stem) == ("fr", said(board)["team support"]["fr"])
    assert kept.read_bytes() == b"RIFF second"
    with board.editing() as editor:
        editor.take_down(None)
    assert not [*board.folder.glob("*/*")]


@pytest.mark.parametrize("content", [b"", b"[{", b"{}", b'[{"id": 3}]', b"\xff\xfe"])
def test_a_spoilt_board_is_told_and_never_written_over(tmp_path: Path, content: bytes) -> None:
    board = Board(tmp_path)
    put_up(board, SUPPORT, "Panne.")
    board.file.write_bytes(content)
    with pytest.raises(UnreadableBoard):
        put_up(board, LINE, "Travaux.")
    assert board.file.read_bytes() == content


def test_commands_at_once_lose_nothing_of_each_other(tmp_path: Path) -> None:
    board = Board(tmp_path)
    targets = [Target(team=f"team-{number}") for number in range(20)]
    writers = [threading.Thread(target=put_up, args=(board, target, "Panne.")) for target in targets]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert sorted(map(str, targets)) == sorted(said(board))
