"""Shows how far a set-up is, on a terminal as a bar, elsewhere as a line a step."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from ..pbx import Progress as PbxProgress


class SetupProgress:
    """Callbacks for `find_asterisk` and for the prompts, to use as a context manager.

    The bar is there while something long runs, and gone otherwise: log lines have the terminal to themselves.
    """

    def __init__(self) -> None:
        self._console = Console(stderr=True)
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[count]}"),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def asterisk(self, progress: PbxProgress) -> None:
        """Show a step of finding or unpacking Asterisk."""
        self.step(progress.step, progress.done, progress.total, progress.unit)

    def prompts(self, done: int, total: int) -> None:
        """Show how many of the line's prompts are made."""
        self.step("Making the line's voice", done, total, "prompts")

    def step(self, name: str, done: int, total: int, unit: str = "") -> None:
        """Show that `done` of `total` of a step is done; a `total` of 0 is not known."""
        if name not in self._tasks:
            self._tasks[name] = self._bar.add_task(name, total=total or None, count="")
            if not self._console.is_terminal:
                self._console.print(f"{name} ...", markup=False, highlight=False)
        self._bar.start()
        self._bar.update(
            self._tasks[name], completed=done, total=total or None, count=_count(done, total, unit)
        )
        if total and done >= total:
            self._bar.stop()


def _count(done: int, total: int, unit: str) -> str:
    if not total:
        return ""
    if unit == "B":
        return f"{done / 1e6:.0f} of {total / 1e6:.0f} MB"
    return f"{done} of {total} {unit}".rstrip()
