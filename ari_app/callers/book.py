"""One version of what `callers.yaml` and its lists say, ready to be asked at each call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from .numbering import Numbering
from .schema import Answer, LimitEntry


@dataclass(frozen=True, slots=True)
class Numbers:
    """Numbers, and beginnings of numbers, each with a name; empty where there is none."""

    whole: dict[str, str] = field(default_factory=dict)
    beginnings: dict[str, str] = field(default_factory=dict)

    def find(self, number: str) -> tuple[int, str] | None:
        """Return how much of a number is named here and the name; the whole number counts most."""
        if (name := self.whole.get(number)) is not None:
            return len(number) + 1, name
        for length in range(len(number), 0, -1):
            if (name := self.beginnings.get(number[:length])) is not None:
                return length, name
        return None


@dataclass(frozen=True, slots=True)
class Rules:
    """Who is let in, on every line or on one."""

    blocked: Numbers = field(default_factory=Numbers)
    blocked_answer: Answer = "busy"
    vip: Numbers = field(default_factory=Numbers)
    anonymous: str | None = None
    limit: LimitEntry | None = None

    @property
    def empty(self) -> bool:
        """Whether they hold for nobody."""
        return not (
            self.blocked.whole
            or self.blocked.beginnings
            or self.vip.whole
            or self.vip.beginnings
            or self.anonymous
            or self.limit
        )


@dataclass(frozen=True, slots=True)
class CallerKnown:
    """What is known of a caller.

    `number` is None where it is withheld, or nothing is asked about numbers; `name` is empty where there is
    none.
    """

    number: str | None
    blocked: Answer | None = None
    vip: bool = False
    name: str = ""


STRANGER = CallerKnown(None)
"""Somebody of whom nothing is known."""


@dataclass(frozen=True, slots=True)
class Limit:
    """How often one number may call; what is counted together has the same `scope`."""

    scope: str
    calls: int
    seconds: float
    answer: Answer


class CallerBook:
    """Everything that was written of callers. It never changes: keep it for a call's length.

    Lines are named as the settings name them: `default` is every other.
    """

    def __init__(
        self,
        numbering: Numbering | None = None,
        everywhere: Rules | None = None,
        lines: Mapping[str, Rules] | None = None,
    ) -> None:
        self._numbering = numbering or Numbering()
        self._everywhere = everywhere or Rules()
        self._lines = dict(lines or {})

    def caller(self, line: str, number: str | None) -> CallerKnown:
        """Return what is known of who calls a line.

        What names more of the number counts, so that one number of a blocked beginning can be a VIP's; of two
        that name as much, the line's own.
        """
        if all(rules.empty for _, rules in self._rules(line)):
            return STRANGER
        known = self._numbering.of_caller(number)
        if known is None:
            answer = self._first(line, "anonymous")
            return CallerKnown(None, None if answer in {None, "allow"} else answer)
        matches = [
            (found[0], own, listed, found[1], rules.blocked_answer)
            for own, rules in self._rules(line)
            for listed, numbers in (("blocked", rules.blocked), ("vip", rules.vip))
            if (found := numbers.find(known)) is not None
        ]
        if not matches:
            return CallerKnown(known)
        _, _, listed, name, answer = max(matches)
        return CallerKnown(known, vip=True, name=name) if listed == "vip" else CallerKnown(known, answer)

    def limit(self, line: str) -> Limit | None:
        """Return how often one number may call a line, None for as often as it likes."""
        for own, rules in self._rules(line):
            if (entry := rules.limit) is not None:
                return Limit(line if own else "", entry.calls, entry.within, entry.answer)
        return None

    def _rules(self, line: str) -> Iterator[tuple[bool, Rules]]:
        """Yield the rules of a line, its own first."""
        if own := self._lines.get(line):
            yield True, own
        yield False, self._everywhere

    def _first(self, line: str, rule: str) -> Answer | None:
        given = (getattr(rules, rule) for _, rules in self._rules(line))
        return next((each for each in given if each is not None), None)
