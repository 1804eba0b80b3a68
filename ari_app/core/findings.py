"""What a check of the files found, and where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from .errors import AstreinteError

Severity = Literal["error", "warning", "note"]
"""An error keeps the files out of force; a warning asks to be mended; a note asks for nothing."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to mend in a file that an admin wrote.

    `line` and `column` count from 1 and point at what was found. `remedy` is what to do, as an
    imperative sentence. Findings sort by their places; those of one place stay in the order they came in.
    """

    file: Path
    line: int
    column: int
    message: str
    found: str
    expected: str
    remedy: str
    severity: Severity = "error"

    def __lt__(self, other: Finding) -> bool:
        return (self.file, self.line, self.column) < (other.file, other.line, other.column)

    def __str__(self) -> str:
        return (
            f"{self.file}:{self.line}:{self.column}: {self.severity}: {self.message}\n"
            f"    found:    {self.found}\n"
            f"    expected: {self.expected}\n"
            f"    → {self.remedy}"
        )

    def as_json(self) -> dict[str, str | int]:
        """Return the finding for a machine."""
        return {
            "severity": self.severity,
            "file": str(self.file),
            "line": self.line,
            "column": self.column,
            "message": self.message,
            "found": self.found,
            "expected": self.expected,
            "remedy": self.remedy,
        }


class InvalidConfiguration(AstreinteError):
    """The files hold errors; `findings` lists every one of them."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = sorted(findings)
        super().__init__(
            "\n".join(str(finding) for finding in self.findings),
            remedy="mend the lines above, then run `astreinte check`",
        )
