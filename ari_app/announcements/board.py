"""Where the announcements that are on are kept: a file in the line's data folder, recordings beside it.

Commands write it, a running line watches it: neither needs the other.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import msgspec

from ..core.errors import AstreinteError
from ..core.ids import new_call_id
from ..core.replacing import only_editor
from .announcement import Announcement, Target, Words

FOLDER = "announcements"
FILE = "on.json"


class UnreadableBoard(AstreinteError):
    """The file of the announcements cannot be read, or is none of ours."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(
            f"{path} cannot be read: {why}",
            remedy="mend what it says, or remove the file: then no announcement is on",
        )


class Board:
    """The announcements of the line with that data folder."""

    def __init__(self, data: Path) -> None:
        self.folder = data / FOLDER
        self.file = self.folder / FILE

    def read(self) -> list[Announcement]:
        """Return what is on the board, also what is over. Raises `UnreadableBoard`."""
        try:
            return msgspec.json.decode(self.file.read_bytes(), type=list[Announcement])
        except FileNotFoundError:
            return []
        except OSError as error:
            raise UnreadableBoard(self.file, error.strerror or str(error)) from error
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise UnreadableBoard(self.file, str(error)) from error

    @contextmanager
    def editing(self) -> Iterator[BoardEditor]:
        """Give an editor of the board, while others wait; raises `FileIsChanging` if one takes too long."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with only_editor(self.folder):
            yield BoardEditor(self)


class BoardEditor:
    """The board while one command changes it, see `Board.editing`."""

    def __init__(self, board: Board) -> None:
        self._board = board
        now = datetime.now(UTC)
        self.on = [each for each in board.read() if each.is_on(now)]

    def keep_recording(self, content: bytes, language: str) -> Words:
        """Keep a WAV file for an announcement in a language."""
        name = f"announcement-{sha256(content).hexdigest()[:16]}"
        _write(self._board.folder / language / f"{name}.wav", content)
        return Words(recording=name)

    def draft(self, target: Target, language: str, words: Words, until: datetime | None) -> Announcement:
        """Return the announcement to a target with words in one more language; the last `until` holds."""
        now = datetime.now(UTC)
        before = next((each for each in self.on if each.target == target), None)
        said = {**(before.said if before else {}), language: words}
        until = until or (before.until if before else None)
        return Announcement(id=new_call_id(now), target=target, said=said, since=now, until=until)

    def put_up(self, announcement: Announcement) -> None:
        """Switch an announcement on, in place of the one to the same target."""
        others = [each for each in self.on if each.target != announcement.target]
        self._save([*others, announcement])

    def take_down(self, target: Target | None, language: str | None = None) -> list[Announcement]:
        """Switch off what is on for a target (None: for all), in one language or in all; return it."""
        taken, left = [], []
        for each in self.on:
            if target not in {None, each.target} or (language and language not in each.said):
                left.append(each)
                continue
            taken.append(each)
            said = {other: words for other, words in each.said.items() if language and other != language}
            if said:
                left.append(msgspec.structs.replace(each, said=said))
        self._save(left)
        return taken

    def _save(self, announcements: Sequence[Announcement]) -> None:
        content = msgspec.json.format(msgspec.json.encode(announcements), indent=1)
        _write(self._board.file, content + b"\n")
        self.on = list(announcements)
        kept = {words.recording for each in self.on for words in each.said.values()}
        for recording in self._board.folder.glob("*/announcement-*.wav"):
            if recording.stem not in kept:
                recording.unlink(missing_ok=True)


def _write(path: Path, content: bytes) -> None:
    """Write a file at once and for good."""
    path.parent.mkdir(exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    unfinished = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), 0o644)  # the line may run as another user than who gives the command
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
