"""An answer that could harm a dialplan cannot be made."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from ari_app.agi import OnCallAnswer
from ari_app.agi.errors import InvalidAnswer


@pytest.mark.parametrize(
    "destination",
    [
        "PJSIP/alice",
        "PJSIP/+33612345678@trunk",
        "PJSIP/trunk/sip:+33612345678@192.0.2.1:5060",
        "Local/0612345678@from-internal/n",
    ],
)
def test_a_phone_can_be_dialled(destination: str) -> None:
    assert OnCallAnswer(status="found", dial=(destination,)).variables()["ONCALL_DIAL"] == destination


@pytest.mark.parametrize(
    "destination",
    [
        "",
        "alice",
        "PJSIP/",
        "/alice",
        "PJSIP/alice&PJSIP/mallory",
        "PJSIP/alice,30,U(x)",
        "PJSIP/a|b",
        "PJSIP/${SHELL(id)}",
        "PJSIP/a b",
        "PJSIP/a\nb",
        "PJSIP/a\n",
        'PJSIP/a"',
        "PJSIP/a;b",
        "PJSIP/é",
        "PJSIP/" + "a" * 300,
    ],
)
def test_what_is_not_one_destination_cannot_be_dialled(destination: str) -> None:
    with pytest.raises(InvalidAnswer):
        OnCallAnswer(status="found", dial=(destination,))


def test_phones_that_ring_at_once_are_joined() -> None:
    answer = OnCallAnswer(status="found", dial=("PJSIP/alice", "PJSIP/+33612345678@trunk"))
    assert answer.variables()["ONCALL_DIAL"] == "PJSIP/alice&PJSIP/+33612345678@trunk"


def test_until_is_told_in_utc_whatever_its_zone() -> None:
    paris = timezone(timedelta(hours=1))
    variables = OnCallAnswer(status="nobody", until=datetime(2026, 11, 24, 8, 30, tzinfo=paris)).variables()
    assert variables["ONCALL_UNTIL"] == "2026-11-24T07:30:00Z"
    assert variables["ONCALL_UNTIL_EPOCH"] == str(int(datetime(2026, 11, 24, 7, 30, tzinfo=UTC).timestamp()))


def test_an_instant_without_a_zone_is_no_instant() -> None:
    with pytest.raises(InvalidAnswer):
        OnCallAnswer(status="nobody", until=datetime(2026, 11, 24, 8, 30))  # noqa: DTZ001  # the mistake under test


@pytest.mark.parametrize("agent", ["a\nb", "a\0", "a" * 300])
def test_an_agent_has_a_name_of_one_line(agent: str) -> None:
    with pytest.raises(InvalidAnswer):
        OnCallAnswer(status="found", agent=agent, dial=("PJSIP/alice",))


def test_found_means_that_someone_can_be_dialled() -> None:
    with pytest.raises(InvalidAnswer):
        OnCallAnswer(status="found", agent="alice")
    with pytest.raises(InvalidAnswer):
        OnCallAnswer(status="nobody", dial=("PJSIP/alice",))


def test_more_phones_than_a_command_holds_are_refused() -> None:
    with pytest.raises(InvalidAnswer):
        OnCallAnswer(status="found", dial=("PJSIP/" + "a" * 190,) * 20)
