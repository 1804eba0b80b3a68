"""A process that loads rosters and asks them, and prints what it measured.

python -m bench.roster_load ROSTERS FLOWS
"""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ari_app.core.settings import Settings
from ari_app.roster.book import RosterBook
from ari_app.service.books import read_books

from .usage import resident_kb

YEAR = timedelta(days=365)
YEARS = 25
"""Teams of which a year is expanded."""
LAPS = 5
"""How often every team is asked who is on call, once it has been asked."""


def main(rosters: Path, flows: Path) -> None:
    """Load, ask, expand; print the durations of each."""
    settings = Settings(rosters=rosters, flows=flows, lines={"default": "bench"})
    before = resident_kb()
    begin = time.perf_counter()
    books, findings = read_books(settings)
    seconds = time.perf_counter() - begin
    if books is None:
        sys.exit("\n".join(str(each) for each in findings if each.severity == "error"))
    grown = resident_kb() - before
    gc.freeze()  # as the line does
    now = datetime.now(UTC)
    print(
        json.dumps(
            {
                "load_seconds": seconds,
                "grown_kb": grown,
                "who_us": _who(books.rosters, now),
                "year_ms": _years(books.rosters, now),
            }
        )
    )


def _who(rosters: RosterBook, now: datetime) -> list[float]:
    names = list(rosters.teams)
    for name in names:
        rosters.plan_for_team(name, now)
    return [1e6 * _seconds(lambda: rosters.plan_for_team(name, now)) for _ in range(LAPS) for name in names]  # noqa: B023


def _years(rosters: RosterBook, now: datetime) -> list[float]:
    some = list(rosters.teams)[:: len(rosters.teams) // YEARS]
    return [1e3 * _seconds(lambda: rosters.schedule(name, now, now + YEAR)) for name in some]  # noqa: B023


def _seconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
