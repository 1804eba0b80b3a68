"""A call's id tells when it began, sorts by time, and is as long as any other."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from ari_app.core.ids import begun_at, new_call_id


@pytest.mark.parametrize(
    ("at", "begins"),
    [
        ("2026-11-24T08:15:02+00:00", "20261124T081502-"),
        ("2026-11-24T08:15:02.999999+00:00", "20261124T081502-"),
        ("2026-11-24T08:15:02+01:00", "20261124T071502-"),
        ("2026-01-02T03:04:05+00:00", "20260102T030405-"),
        ("2026-12-31T23:59:59-01:00", "20270101T005959-"),
    ],
)
def test_a_calls_id_tells_when_it_began(at: str, begins: str) -> None:
    moment = datetime.fromisoformat(at)
    call = new_call_id(moment)
    assert re.fullmatch(f"{begins}[0-9a-f]{{10}}", call)
    assert begun_at(call) == moment.astimezone(UTC).replace(microsecond=0)


def test_ids_of_calls_are_all_as_long_and_never_the_same() -> None:
    calls = {new_call_id() for _ in range(100)}
    assert len(calls) == 100
    assert {len(call) for call in calls} == {len("20261124T081502-3f9c02ab7d")}
