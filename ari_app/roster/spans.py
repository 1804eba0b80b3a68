"""Arithmetic of spans of time: each is [start, end)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import islice

Span = tuple[datetime, datetime]


def merged(spans: Iterable[Span]) -> list[Span]:
    """Return the same time as spans in order that neither overlap nor touch."""
    whole: list[Span] = []
    for start, end in sorted(spans):
        if whole and start <= whole[-1][1]:
            whole[-1] = (whole[-1][0], max(end, whole[-1][1]))
        elif start < end:
            whole.append((start, end))
    return whole


def without(span: Span, holes: Sequence[Span]) -> list[Span]:
    """Return what is left of a span outside of `holes`, which are as `merged` returns them."""
    left = []
    start, end = span
    for begin, until in islice(holes, bisect_right(holes, start, key=lambda hole: hole[1]), None):
        if begin >= end:
            break
        if start < begin:
            left.append((start, begin))
        start = until
    if start < end:
        left.append((start, end))
    return left


def total(spans: Iterable[Span]) -> timedelta:
    """Return how long spans are together."""
    return sum((end - start for start, end in spans), timedelta())
