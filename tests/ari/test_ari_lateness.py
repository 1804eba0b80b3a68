"""How late events are: whatever time Asterisk's clock shows, and whoever sets one of the two."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ari_app.ari.events import ChannelDestroyed
from ari_app.ari.lateness import LATEST, REMEMBERED, Lateness
from ari_app.ari.models import Channel

NOW = 1_795_500_000.0
CHANNEL = Channel(id="c")


class Asterisk:
    """Has a clock that is `ahead` of ours by some seconds; we hear of what happens after others."""

    def __init__(self, ahead: float) -> None:
        self.ahead = ahead
        self.lateness = Lateness(lambda: NOW)

    def tells(self, *, after: float) -> float:
        """Return how late we take an event for that happened some seconds ago."""
        at = datetime.fromtimestamp(NOW - after + self.ahead, UTC)
        timestamp = at.isoformat(timespec="milliseconds")
        return round(self.lateness.of(ChannelDestroyed(channel=CHANNEL, timestamp=timestamp)), 3)


def test_an_event_is_as_late_as_it_is_old() -> None:
    asterisk = Asterisk(ahead=0.0)
    assert [asterisk.tells(after=seconds) for seconds in (0.177, 0.0, 0.03)] == [0.177, 0.0, 0.03]


@pytest.mark.parametrize("ahead", [-0.5, -90.0, 0.5, 90.0])
def test_another_clock_than_ours_is_not_taken_for_lateness(ahead: float) -> None:
    asterisk = Asterisk(ahead)
    for _ in range(REMEMBERED):
        asterisk.tells(after=0.001)
    assert asterisk.tells(after=0.001) == 0.0
    assert asterisk.tells(after=0.201) == 0.2


@pytest.mark.parametrize("step", [3600.0, -3600.0])
def test_a_clock_that_is_set_makes_nothing_hours_late(step: float) -> None:
    asterisk = Asterisk(ahead=0.0)
    asterisk.tells(after=0.0)
    asterisk.ahead += step
    assert 0 <= asterisk.tells(after=0.0) < LATEST


def test_an_event_without_a_time_is_not_late() -> None:
    assert Lateness().of(ChannelDestroyed(channel=CHANNEL)) == 0.0
