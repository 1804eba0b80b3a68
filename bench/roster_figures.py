"""The figures of rosters: what was measured, set against what is promised."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .figures import Figure, percentile, spread
from .organisation import Organisation
from .roster_rounds import Load, Reloads

LOAD_SECONDS = 3.0
MEMORY_MB = 300.0
WHO_P50_US, WHO_P99_US = 10.0, 50.0
YEAR_MS = 20.0
STALL_MS = 5.0
EDIT_SECONDS = 2.0


def heading(organisation: Organisation) -> str:
    """Return what these figures are of."""
    return f"Rosters of {organisation.teams:,} teams"


def figures_of_loads(loads: Sequence[Load]) -> list[Figure]:
    """Describe loading, asking and expanding."""
    who = sorted(us for each in loads for us in each.who_us)
    years = sorted(ms for each in loads for ms in each.year_ms)
    return [
        spread("Load and check", loads, lambda each: each.load_seconds, "s", target=LOAD_SECONDS),
        spread("Memory that it takes", loads, lambda each: each.grown_kb / 1000, "MB", target=MEMORY_MB),
        Figure("Who is on call, p50", percentile(who, 0.5), "µs", target=WHO_P50_US),
        Figure("  p99", percentile(who, 0.99), "µs", target=WHO_P99_US),
        Figure("A year of a team, p50", percentile(years, 0.5), "ms", target=YEAR_MS),
        Figure("  longest", percentile(years, 1), "ms"),
    ]


def figures_of_reloads(reloads: Reloads) -> list[Figure]:
    """Describe how a line that reloads keeps serving."""
    return [
        *_late("Loop late, reloading", reloads.stall_ms, STALL_MS),
        *_late("Loop late, not reloading", reloads.reference_ms, None),
        spread("Reload and put on record", reloads.seconds, lambda each: each, "s"),
    ]


def figures_of_edits(edits: Sequence[float], shipped: Sequence[float]) -> list[Figure]:
    """Describe how soon what was saved is in force: one of these rosters, one of those that are shipped."""
    return [
        spread("Edit in force", edits, lambda each: each, "s", target=EDIT_SECONDS),
        spread("  of the shipped rosters", shipped, lambda each: each, "s", target=EDIT_SECONDS),
    ]


def _late(name: str, late_ms: Sequence[float], longest: float | None) -> Iterator[Figure]:
    ordered = sorted(late_ms)
    yield Figure(f"{name}, p99", percentile(ordered, 0.99), "ms")
    yield Figure("  longest", percentile(ordered, 1), "ms", target=longest)
