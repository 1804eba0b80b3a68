"""The minutes of a usual week, as the wall's clock shows them, in sets that add and subtract at once.

A set is an integer whose bit *n* is the minute *n* after Monday 00:00. There are no holidays in it, and no
clock changes.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from .closures import Closures
from .opening import Window
from .rotation import Rotation
from .team import Layer

DAY = 24 * 60
WEEK = 7 * DAY
WHOLE = (1 << WEEK) - 1


def minutes(start: int, length: int) -> int:
    """Return the set of `length` minutes from `start` on; what leaves the week goes on at its beginning."""
    if length >= WEEK:
        return WHOLE
    straight = ((1 << length) - 1) << start % WEEK
    return (straight & WHOLE) | (straight >> WEEK)


def of_windows(windows: Iterable[Window]) -> int:
    """Return the minutes of windows."""
    found = 0
    for window in windows:
        length = window.end - window.start if window.end > window.start else window.end - window.start + DAY
        for day in window.days:
            found |= minutes(day * DAY + window.start, length)
    return found


def of_layer(layer: Layer) -> int:
    """Return the minutes in which a layer is there in a usual week."""
    return WHOLE if layer.opening is None else of_windows(layer.opening.windows)


def surely_covered(layers: Iterable[Layer], start: datetime, end: datetime) -> bool:
    """Tell that layers have somebody, between them, at every instant from `start` until `end`.

    No day is looked at; False means that it takes a closer look.
    """
    covered = 0
    for layer in layers:
        if is_sure(layer, start, end):
            covered |= of_layer(layer)
    return covered == WHOLE


def days_to_look_at(layers: Iterable[Layer], start: datetime, end: datetime) -> frozenset[int] | None:
    """Return the days (ordinals) that closures name, if layers surely have somebody on all others.

    None means that it takes a look at every day from `start` until `end`.
    """
    covered, closures = 0, set[Closures]()
    for layer in layers:
        closed = layer.opening.closures if layer.opening is not None else None
        if not _is_steady(layer, start, end) or (closed is not None and closed.only_on):
            continue
        covered |= of_layer(layer)
        closures |= {closed} if closed is not None else set()
    if covered != WHOLE:
        return None
    years = range(start.year - 1, end.year + 2)
    return frozenset[int]().union(*(closed.days_named(year) for closed in closures for year in years))


def is_sure(layer: Layer, start: datetime, end: datetime) -> bool:
    """Tell whether a layer surely has somebody whenever its windows are there."""
    return (layer.opening is None or layer.opening.closures is None) and _is_steady(layer, start, end)


def _is_steady(layer: Layer, start: datetime, end: datetime) -> bool:
    """Tell whether a layer surely has somebody whenever its windows are there and its closures leave them."""
    groups = layer.groups
    return (
        layer.start <= start
        and layer.end >= end
        and isinstance(groups, Rotation)
        and groups.versions[0].start <= start
        and (groups.turns is None or groups.turns.handoff(0) <= start)
    )


NIGHT = of_windows([Window(frozenset(range(7)), 21 * 60, 6 * 60)])
"""21:00 to 06:00: the hours of night work where no agreement says otherwise (Code du travail, L3122-20)."""
WEEKEND = minutes(5 * DAY, 2 * DAY)
"""Saturday and Sunday."""
