"""The figures: what was measured, set against what is promised."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import TypeVar

from .rounds import Hold, Leftovers, Round

CPU_RATIO = 1.4
APP_CPU_MS = 2.5
RUNG_P50_MS = 3.0
RUNG_P99_MS = 15.0
APP_KB_A_CALL = 40.0

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Figure:
    """One row. Without a `target` it is there for comparison; `must` is one that no slow machine excuses."""

    name: str
    measured: float
    unit: str = ""
    target: float | None = None
    exactly: bool = False
    must: bool = False
    lowest: float | None = None
    highest: float | None = None
    """The spread over the rounds."""

    @property
    def ok(self) -> bool | None:
        """Whether the target is met, None when there is none."""
        if self.target is None:
            return None
        return self.measured == self.target if self.exactly else self.measured <= self.target


@dataclass(frozen=True, slots=True)
class Turns:
    """Rounds of one rate: the nth of each way followed each other."""

    line: list[Round] = field(default_factory=list)
    dialplan: list[Round] = field(default_factory=list)
    bare: list[Round] = field(default_factory=list)
    """Through an application that does nothing but send the requests: what ARI itself costs."""


def figures_of_rate(turns: Turns) -> list[Figure]:
    """Compare the rounds of one rate."""
    line, dialplan, bare = turns.line, turns.dialplan, turns.bare
    return [
        spread("CPU a call, dialplan", dialplan, lambda each: each.cpu_ms, "ms"),
        spread("CPU a call, line with app", line, lambda each: each.cpu_ms, "ms"),
        ratio(line, dialplan, target=CPU_RATIO),
        spread("  the app alone", line, lambda each: each.app_ms, "ms", target=APP_CPU_MS),
        spread("CPU a call, bare ARI with app", bare, lambda each: each.cpu_ms, "ms"),
        ratio(bare, dialplan),
        spread("  the app alone", bare, lambda each: each.app_ms, "ms"),
        *_rung("Key to INVITE, dialplan", dialplan, None, None),
        *_rung("Key to INVITE, line", line, RUNG_P50_MS, RUNG_P99_MS),
        *_rung("Key to INVITE, bare ARI", bare, None, None),
        none_of("Failed calls, dialplan", sum(each.failed for each in dialplan)),
        none_of("Failed calls, line", sum(each.failed for each in line)),
        none_of("Failed calls, bare ARI", sum(each.failed for each in bare)),
    ]


def figures_of_hold(hold: Hold) -> list[Figure]:
    """Describe the calls that were held."""
    return [
        Figure(
            f"Calls at once, held {hold.seconds:.0f} s",
            hold.at_once,
            target=hold.calls,
            exactly=True,
            must=True,
        ),
        none_of("Failed calls", hold.failed),
        Figure("App memory a call", hold.app_kb_a_call, "kB", target=APP_KB_A_CALL),
        Figure("Asterisk memory a call", hold.asterisk_kb_a_call, "kB"),
    ]


def figures_at_the_end(left: Leftovers) -> list[Figure]:
    """Describe what was there when all was over."""
    return [
        none_of("Channels left", left.channels),
        none_of("Bridges left", left.bridges),
        Figure("Records of calls", left.records, target=left.calls, exactly=True, must=True),
        Figure("  of them with an agent", left.bridged, target=left.calls, exactly=True, must=True),
    ]


def spread(
    name: str, rounds: Sequence[T], value: Callable[[T], float], unit: str = "", target: float | None = None
) -> Figure:
    """Return the median of the rounds, and their spread."""
    values = [value(each) for each in rounds]
    return Figure(name, median(values), unit, target=target, lowest=min(values), highest=max(values))


def ratio(rounds: Sequence[Round], dialplan: Sequence[Round], target: float | None = None) -> Figure:
    """Compare the CPU of the nth round with that of the nth of the dialplan, which was in the same turn."""
    pairs = list(zip(rounds, dialplan, strict=True))
    return spread("  ratio to dialplan", pairs, lambda pair: pair[0].cpu_ms / pair[1].cpu_ms, target=target)


def percentile(ordered: Sequence[float], part: float) -> float:
    """Return the smallest value that `part` (0 to 1) of the sorted values do not exceed."""
    return ordered[max(0, -int(-part * len(ordered) // 1) - 1)] if ordered else float("nan")


def _rung(name: str, rounds: Sequence[Round], p50: float | None, p99: float | None) -> Iterator[Figure]:
    ordered = sorted(ms for each in rounds for ms in each.rung_after_ms)
    yield Figure(f"{name}, p50", percentile(ordered, 0.5), "ms", target=p50)
    yield Figure("  p99", percentile(ordered, 0.99), "ms", target=p99)
    yield Figure("  longest", percentile(ordered, 1), "ms")


def none_of(name: str, count: int) -> Figure:
    """Return a count of what there must not be."""
    return Figure(name, count, target=0, exactly=True, must=True)
