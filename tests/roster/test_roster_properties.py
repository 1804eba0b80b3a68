"""What holds of every roster, in every zone: shifts tile time, and asking agrees with the schedule."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from ari_app.core.public_holidays import PublicHolidays
from ari_app.roster.calendar import ALWAYS, NEVER, Turns, Unit, first_instant
from ari_app.roster.closures import Closures, Dates
from ari_app.roster.coverage import AHEAD, first_empty
from ari_app.roster.escalation import Ring
from ari_app.roster.opening import Opening, Window
from ari_app.roster.plan import Agent
from ari_app.roster.resolver import resolve
from ari_app.roster.rotation import Group, Rotation, Version
from ari_app.roster.schedule import Shift, expand, expand_layer, gaps
from ari_app.roster.served import ServedTurns
from ari_app.roster.team import Layer, Override, Team

NAMES = ("alice", "bruno", "chloe", "david")
ZONES = [
    ("Europe/Paris", 2026),
    ("America/Chicago", 2026),
    ("Australia/Lord_Howe", 2026),  # its clocks change by half an hour
    ("Asia/Kathmandu", 2026),
    ("Pacific/Apia", 2011),  # it skipped 30 December
    ("Africa/Casablanca", 2026),  # it goes back for the month of Ramadan
    ("America/Havana", 2026),  # its clocks change at midnight
]
zones = st.sampled_from(ZONES).map(lambda each: (ZoneInfo(each[0]), each[1]))
times = st.integers(0, 95).map(lambda quarter: quarter * 15) | st.integers(0, 16).map(
    lambda quarter: quarter * 15
)
windows = st.builds(Window, st.frozensets(st.integers(0, 6), min_size=1), times, times)
lengths: st.SearchStrategy[tuple[int, Unit]] = st.one_of(
    st.tuples(st.integers(1, 50), st.just("hours")),
    st.tuples(st.integers(1, 10), st.just("days")),
    st.tuples(st.integers(1, 3), st.just("weeks")),
    st.tuples(st.integers(1, 2), st.just("months")),
)
groups = st.lists(
    st.lists(st.sampled_from(NAMES), min_size=1, max_size=2, unique=True).map(tuple), min_size=1, max_size=4
).map(tuple)


@st.composite
def layers(draw: st.DrawFn, name: str, zone: ZoneInfo, year: int) -> Layer:
    anchor = datetime(year, 9, 1) + timedelta(minutes=15 * draw(st.integers(0, 96 * 60)))  # noqa: DTZ001 - a wall time
    turns = Turns(anchor, *draw(lengths), zone)
    opening = draw(st.none() | openings(zone, year))
    start = draw(st.just(ALWAYS) | instants(year))
    served = ServedTurns(turns, opening, start) if opening is not None and draw(st.booleans()) else None
    versions: tuple[Version, ...] = (Version(ALWAYS, draw(groups)),)
    if draw(st.booleans()):
        versions += (Version(draw(instants(year)), draw(groups)),)
    return Layer(name, "astreinte", opening, Rotation(turns, versions, served), start, draw(ends(year)))


@st.composite
def openings(draw: st.DrawFn, zone: ZoneInfo, year: int) -> Opening:
    days = [datetime(year, 9, 1, tzinfo=UTC).toordinal() + draw(st.integers(0, 180)) for _ in range(8)]
    calendar: tuple[Dates | PublicHolidays, ...] = (Dates(frozenset(days)), PublicHolidays("FR", "57"))
    closures = draw(st.sampled_from([None, Closures(only_on=calendar), Closures(except_on=calendar)]))
    return Opening(tuple(draw(st.lists(windows, min_size=1, max_size=3))), zone, closures)


def instants(year: int) -> st.SearchStrategy[datetime]:
    """Return instants from September to the next May, more of them around clock changes."""
    begin = datetime(year, 9, 1, tzinfo=UTC)
    changes = [
        datetime(year, 10, 25, tzinfo=UTC),
        datetime(year, 12, 29, tzinfo=UTC),
        datetime(year + 1, 3, 28, tzinfo=UTC),
    ]
    anywhere = st.integers(0, 250 * 96).map(lambda quarter: begin + timedelta(minutes=15 * quarter))
    near = st.tuples(st.sampled_from(changes), st.integers(0, 3 * 96))
    return anywhere | near.map(lambda each: each[0] + timedelta(minutes=15 * each[1]))


def ends(year: int) -> st.SearchStrategy[datetime]:
    return st.just(NEVER) | instants(year)


@st.composite
def teams(draw: st.DrawFn) -> tuple[Team, int]:
    zone, year = draw(zones)
    overrides = []
    for number in range(draw(st.integers(0, 3))):
        start = draw(instants(year))
        absent, stand_in = draw(st.lists(st.sampled_from(NAMES), min_size=2, max_size=2, unique=True))
        overrides.append(
            Override(f"o{number}", start, start + timedelta(hours=draw(st.integers(1, 99))), absent, stand_in)
        )
    team = Team(
        id="support",
        timezone=zone.key,
        layers=tuple(draw(layers(f"layer{number}", zone, year)) for number in range(draw(st.integers(1, 3)))),
        overrides=tuple(overrides),
        escalation=(Ring(0, "on-call"),),
        rounds=1,
        voicemail=None,
        agents={name: Agent(name, name, (), ()) for name in NAMES},
        reasons=(),
    )
    return team, year


PROFILE = settings(max_examples=40, deadline=None, derandomize=True)


def on_call(team: Team, at: datetime) -> Group:
    steps = resolve(team, at, {}).steps(None, None, vip=False)
    return tuple(one.agent.id for step in steps for one in step.agents)


@PROFILE
@given(st.data())
def test_asking_at_an_instant_is_looking_it_up_in_the_schedule(data: st.DataObject) -> None:
    team, year = data.draw(teams())
    start = data.draw(instants(year))
    end = start + timedelta(days=data.draw(st.integers(1, 40)))
    shifts = expand(team, start, end)
    edges = {edge for shift in shifts[:20] for edge in (shift.start, shift.end)}
    asked = [start, *(edge + shift for edge in edges for shift in (timedelta(0), -timedelta(seconds=1)))]
    asked += data.draw(st.lists(instants(year), max_size=10))
    for at in asked:
        if start <= at < end:
            found = [shift.agents for shift in shifts if shift.start <= at < shift.end]
            assert found == ([on_call(team, at)] if on_call(team, at) else [])


@PROFILE
@given(teams(), st.data())
def test_a_schedule_is_the_schedules_of_its_halves(drawn: tuple[Team, int], data: st.DataObject) -> None:
    team, year = drawn
    start, middle, end = sorted(data.draw(instants(year)) for _ in range(3))
    first, second = expand(team, start, middle), expand(team, middle, end)
    assert joined(first, second) == expand(team, start, end)


def joined(first: tuple[Shift, ...], second: tuple[Shift, ...]) -> tuple[Shift, ...]:
    if first and second and second[0] == replace(first[-1], start=first[-1].end, end=second[0].end):
        return (*first[:-1], replace(first[-1], end=second[0].end), *second[1:])
    return first + second


@PROFILE
@given(teams(), st.data())
def test_shifts_and_gaps_tile_time(drawn: tuple[Team, int], data: st.DataObject) -> None:
    team, year = drawn
    start = data.draw(instants(year))
    end = start + timedelta(days=60)
    for shifts in (expand(team, start, end), expand_layer(team, "layer0", start, end)):
        assert all(before.end <= after.start for before, after in pairwise(shifts))
        assert all(start <= shift.start < shift.end <= end for shift in shifts)
    spans = [*gaps(team, start, end), *((shift.start, shift.end) for shift in expand(team, start, end))]
    edges = [start, *(edge for span in sorted(spans) for edge in span), end]
    assert all(before == after for before, after in zip(edges[::2], edges[1::2], strict=True))


@PROFILE
@given(st.data())
def test_a_rotation_alone_is_there_from_its_anchor_on_without_a_hole(data: st.DataObject) -> None:
    zone, year = data.draw(zones)
    layer = data.draw(layers("layer0", zone, year))
    assert isinstance(layer.groups, Rotation)
    assert layer.groups.turns is not None
    groups = Rotation(layer.groups.turns, layer.groups.versions[:1])
    alone = replace(layer, opening=None, groups=groups, start=ALWAYS, end=NEVER)
    team = replace(data.draw(teams())[0], layers=(alone,), overrides=())
    begin, end = first_instant(layer.groups.turns.anchor, zone), datetime(year + 1, 5, 1, tzinfo=UTC)
    shifts = expand(team, datetime(year, 8, 1, tzinfo=UTC), end)
    assert (shifts[0].start, shifts[-1].end) == (begin, end)
    assert all(before.end == after.start for before, after in pairwise(shifts))


@PROFILE
@given(teams(), groups, st.data())
def test_members_from_a_date_on_change_nothing_before_it(
    drawn: tuple[Team, int], later: tuple[Group, ...], data: st.DataObject
) -> None:
    team, year = drawn
    change = data.draw(instants(year))
    changed = []
    for layer in team.layers:
        assert isinstance(layer.groups, Rotation)
        kept = tuple(version for version in layer.groups.versions if version.start < change)
        changed.append(replace(layer, groups=replace(layer.groups, versions=(*kept, Version(change, later)))))
    after = replace(team, layers=tuple(changed))
    begin = datetime(year, 9, 1, tzinfo=UTC)
    assert expand(after, begin, change) == expand(team, begin, change)


@PROFILE
@given(teams(), st.data())
def test_a_roster_that_would_ring_nobody_is_found_at_its_first_gap(
    drawn: tuple[Team, int], data: st.DataObject
) -> None:
    team, year = drawn
    if data.draw(st.booleans()):  # usual weeks without a gap
        always = Window(frozenset(range(7)), 480, 480)
        closed = Closures(except_on=(PublicHolidays("FR", "57"),))
        base = Opening((always,), ZoneInfo(team.timezone), data.draw(st.sampled_from([None, closed])))
        alone = Rotation(None, (Version(ALWAYS, (("alice",),)),))
        team = replace(team, layers=(Layer("base", "astreinte", base, alone, ALWAYS, NEVER), *team.layers))
    at = data.draw(instants(year))
    found = gaps(team, at, at + AHEAD)
    assert first_empty(team, {team.id: team}, at) == (found[0][0] if found else None)
