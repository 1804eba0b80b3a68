"""`advance: active_shift`: a turn passes only when a window was served."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ari_app.core.public_holidays import PublicHolidays
from ari_app.roster.book import RosterBook, load_rosters
from ari_app.roster.calendar import ALWAYS, Turns, Unit
from ari_app.roster.closures import Closures, Dates
from ari_app.roster.opening import Opening, Window
from ari_app.roster.served import ServedTurns

Load = Callable[[str], RosterBook]
PARIS = ZoneInfo("Europe/Paris")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def wall(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def from_text(text: str) -> RosterBook:
        (tmp_path / "support.yaml").write_text(text)
        book, findings = load_rosters(tmp_path)
        assert book is not None, "\n".join(map(str, findings))
        return book

    return from_text


def served(book: RosterBook, first: str, last: str) -> list[str]:
    """Return who is on call in each shift."""
    return ["+".join(shift.agents) for shift in book.schedule("support", utc(first), utc(last))]


FOURTEEN = [f"a{number:02}" for number in range(14)]
NIGHTS = """
team: support
timezone: Europe/Paris
agents: {%(agents)s}
layers:
  - id: nuit
    window: {days: [mon, tue, wed, thu, fri], from: "20:00", to: "08:00"}
    rotation:
      anchor: 2026-01-05T%(handoff)s
      every: {days: 1}
      advance: %(advance)s
      members: [%(members)s]
    %(more)s
escalation: [{ring: on-call}]
"""


def nights(advance: str = "active_shift", handoff: str = "08:00", more: str = "") -> str:
    return NIGHTS % {
        "agents": ", ".join(f"{name}: {{phones: [sip:{name}]}}" for name in FOURTEEN),
        "members": ", ".join(FOURTEEN),
        "advance": advance,
        "handoff": handoff,
        "more": more,
    }


@pytest.mark.parametrize("handoff", ["08:00", "12:00", "20:00"])
def test_of_fourteen_people_with_weekends_off_all_serve_in_turn(load: Load, handoff: str) -> None:
    found = served(load(nights(handoff=handoff)), "2026-01-05T12:00", "2026-02-14T12:00")
    assert found == (FOURTEEN * 3)[:30]


def test_by_the_calendar_four_of_the_fourteen_never_serve(load: Load) -> None:
    found = served(load(nights("calendar")), "2026-01-05T12:00", "2026-12-31T12:00")
    assert len(set(found)) == 10


def test_who_serves_a_part_of_a_window_has_served(load: Load) -> None:
    """With handoffs at midnight, who had Saturday's small hours (a05) does not begin on Monday (a06)."""
    found = served(load(nights(handoff="00:00")), "2026-01-09T12:00", "2026-01-13T12:00")
    assert found == ["a04", "a05", "a06", "a07"]


def test_a_holiday_does_not_use_up_a_turn(load: Load) -> None:
    more = "closures: {except_on: [2026-01-07]}"
    found = load(nights(more=more)).schedule("support", utc("2026-01-05T12:00"), utc("2026-01-10T12:00"))
    assert [(each.start.day, each.agents) for each in found] == [
        (5, ("a00",)),
        (6, ("a01",)),
        (8, ("a02",)),
        (9, ("a03",)),
    ]


def test_turns_before_the_layer_is_in_force_are_not_counted(load: Load) -> None:
    book = load(nights(more="effective: {from: 2026-01-08T00:00}"))
    assert served(book, "2026-01-05T12:00", "2026-01-10T12:00") == ["a00", "a01", "a02"]


zones = st.sampled_from(
    [
        PARIS,
        ZoneInfo("America/Chicago"),
        ZoneInfo("America/Havana"),
        ZoneInfo("Australia/Lord_Howe"),
        ZoneInfo("Asia/Kathmandu"),
        ZoneInfo("Pacific/Apia"),
        ZoneInfo("Africa/Casablanca"),
    ]
)
quarters = st.integers(0, 95).map(lambda quarter: quarter * 15)
early_hours = st.integers(0, 16).map(lambda quarter: quarter * 15)  # where clocks change
times = quarters | early_hours
windows = st.lists(
    st.builds(Window, st.frozensets(st.integers(0, 6), min_size=1, max_size=4), times, times),
    min_size=1,
    max_size=2,
).map(tuple)
days = st.dates(date(2011, 9, 1), date(2013, 1, 1)).map(lambda day: day.toordinal())
some_days = st.frozensets(days, min_size=1, max_size=20).map(Dates) | st.just(PublicHolidays("FR", None))
closures = st.none() | st.builds(
    Closures,
    only_on=st.lists(some_days, max_size=1).map(tuple),
    except_on=st.lists(some_days, max_size=2).map(tuple),
)
lengths: st.SearchStrategy[tuple[int, Unit]] = st.one_of(
    st.tuples(st.integers(1, 60), st.just("hours")),
    st.tuples(st.integers(1, 20), st.just("days")),
    st.tuples(st.integers(1, 5), st.just("weeks")),
    st.tuples(st.integers(1, 3), st.just("months")),
)
anchors = st.datetimes(wall("2011-10-01"), wall("2012-01-31")).map(
    lambda at: at.replace(second=0, microsecond=0)
)
starts = st.just(ALWAYS) | st.datetimes(wall("2011-10-01"), wall("2012-06-01"), timezones=st.just(UTC))


def counter(
    anchor: datetime, length: tuple[int, Unit], windows: tuple[Window, ...], zone: ZoneInfo = PARIS
) -> ServedTurns:
    return ServedTurns(Turns(anchor, *length, zone), Opening(windows, zone))


def counters_in(zone: ZoneInfo) -> st.SearchStrategy[ServedTurns]:
    turns = st.tuples(anchors, lengths).map(lambda each: Turns(each[0], *each[1], zone))
    return st.builds(ServedTurns, turns, st.builds(Opening, windows, st.just(zone), closures), starts)


SUNDAY = frozenset({6})


@settings(max_examples=150, deadline=None, derandomize=True)
@example(counter(wall("2012-01-01"), (1, "weeks"), (Window(SUNDAY, 120, 180),)), 20)
@example(counter(wall("2012-03-01"), (1, "hours"), (Window(SUNDAY, 0, 480),)), 900)
@example(counter(wall("2012-10-01"), (1, "days"), (Window(SUNDAY, 60, 150),)), 60)
@given(zones.flatmap(counters_in), st.integers(0, 250))
def test_counting_says_what_going_through_every_turn_says(counted: ServedTurns, turn: int) -> None:
    turns, start = counted.turns, counted.start
    one_by_one = 0
    for each in range((turn if turns.unit == "hours" else min(turn, 60)) + 1):
        begin, end = turns.handoff(each), turns.handoff(each + 1)
        if begin >= start:
            assert counted.before(each) == one_by_one
        one_by_one += counted.opening.is_open_within(max(begin, start), end)
