"""Layers whose calendar says who is on call: in the roster's files, with its other layers and its findings."""
# ruff: noqa: E501 - the table and the samples read one a line

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ari_app.core.findings import Finding
from ari_app.roster.book import RosterBook, load_rosters
from ari_app.roster.calendar_schema import CalendarEntry
from ari_app.roster.calendars import FeedCopy

from .calendar_files import SAMPLES, calendar, event

ROSTER = """\
team: support
timezone: Europe/Paris
agents:
  alice: {name: Alice Martin, phones: [sip:alice]}
  bruno: {calendar_names: bruno@example.com, phones: [sip:bruno]}
  chloe: {name: Chloé, phones: [sip:chloe]}
layers:
  - {id: secours, rotation: {members: [chloe]}}
  - {id: nuit, calendar: nuit.ics}
overrides:
  - {id: noel, from: 2026-01-20T18:00, to: 2026-01-21T09:00, replace: alice, with: chloe}
escalation:
  - {ring: on-call}
"""
AT = datetime(2026, 1, 5, tzinfo=UTC)


def load(
    folder: Path, content: bytes | None, text: str = ROSTER, at: datetime | None = AT
) -> tuple[RosterBook | None, list[Finding]]:
    (folder / "support.yaml").write_text(text)
    if content is not None:
        (folder / "nuit.ics").write_bytes(content)
    return load_rosters(folder, at=at)


def test_a_calendar_is_a_layer_like_others(tmp_path: Path) -> None:
    book, findings = load(tmp_path, (SAMPLES / "google.ics").read_bytes())
    assert findings == []
    assert book is not None
    shifts = book.schedule(
        "support", datetime(2026, 1, 20, tzinfo=UTC), datetime(2026, 1, 22, 12, tzinfo=UTC)
    )
    assert [(f"{shift.start:%dT%H}", shift.layer, shift.agents, shift.overrides) for shift in shifts] == [
        ("20T00", "secours", ("chloe",), ()),
        ("20T19", "nuit", ("chloe",), ("noel",)),
        ("21T07", "secours", ("chloe",), ()),
        ("21T19", "nuit", ("bruno",), ()),
        ("22T05", "secours", ("chloe",), ()),
    ]


def test_windows_and_dates_hold_for_a_calendar_too(tmp_path: Path) -> None:
    window = (
        '{id: nuit, window: {from: "22:00", to: "06:00"}, effective: {until: 2026-01-06}, calendar: nuit.ics}'
    )
    text = ROSTER.replace("{id: nuit, calendar: nuit.ics}", window)
    whole = event("DTSTART;VALUE=DATE:20260105", "DTEND;VALUE=DATE:20260112")
    book, _ = load(tmp_path, whole, text, at=None)
    assert book is not None
    shifts = book.schedule("support", AT, datetime(2026, 1, 10, tzinfo=UTC))
    assert [f"{shift.start:%dT%H}-{shift.end:%dT%H}" for shift in shifts if shift.layer == "nuit"] == [
        "05T00-05T05",
        "05T21-05T23",
    ]


def test_an_event_that_names_nobody_known_is_warned_of_with_its_date(tmp_path: Path) -> None:
    lines = [
        f"BEGIN:VEVENT\r\nUID:{day}\r\nSUMMARY:alice\\, Zoé\r\nDTSTART:202601{day:02}T190000Z\r\nDURATION:PT1H\r\nEND:VEVENT"
        for day in range(1, 15)
    ]
    _, findings = load(tmp_path, calendar(*lines))
    findings = [finding for finding in findings if "an event of" in finding.message]
    assert [finding.severity for finding in findings] == ["warning"] * 5
    first, last = findings[0], findings[-1]
    assert (first.line, first.column) == (9, 26)
    assert first.message == "an event of the calendar names someone who is unknown"
    assert last.message == "an event of the calendar names someone who is unknown, and 5 more do"
    assert first.found == "2026-01-05 20:00 `alice, Zoé`: `Zoé`"
    assert "`calendar_names`" in first.remedy


def test_events_of_the_past_and_of_far_ahead_are_not_warned_of(tmp_path: Path) -> None:
    lines = ["BEGIN:VEVENT", "UID:1", "SUMMARY:Zoé", "DTSTART:{}T190000Z", "DURATION:PT1H", "END:VEVENT"]
    for day, warned in (("20260104", False), ("20260105", True), ("20260305", True), ("20260307", False)):
        _, findings = load(tmp_path, calendar(*lines).replace(b"{}", day.encode()))
        named = [finding for finding in findings if "names someone" in finding.message]
        assert bool(named) == warned, day


def test_whoever_a_calendar_names_is_of_use(tmp_path: Path) -> None:
    text = ROSTER.replace(
        "{id: secours, rotation: {members: [chloe]}}", "{id: secours, rotation: {members: [alice]}}"
    )
    text = text.replace("with: chloe", "with: bruno")
    _, findings = load(tmp_path, event("DTSTART;VALUE=DATE:20260105", "SUMMARY:chloe"), text)
    assert findings == []
    _, findings = load(tmp_path, event("DTSTART;VALUE=DATE:20260105", "SUMMARY:bruno"), text)
    assert [finding.message for finding in findings] == ["the agent `chloe` is never on call"]


def missing(path: Path) -> None:
    """Leave it out."""


def folder(path: Path) -> None:
    path.mkdir()


def pipe(path: Path) -> None:
    os.mkfifo(path)


def page(path: Path) -> None:
    path.write_text("<html>Sign in</html>")


def broken(path: Path) -> None:
    path.write_bytes(event("DTSTART:20260601T080000Z", "RRULE:FREQ=SECONDLY"))


@pytest.mark.parametrize(
    ("there", "message", "found"),
    [
        (missing, "the calendar is missing", "nothing"),
        (folder, "cannot be read", "nothing"),
        (pipe, "cannot be read: a folder or a device, not a file", "nothing"),
        (page, "this is not a calendar", "`<html>Sign in</html>`"),
        (broken, "FREQ=SECONDLY", "line 7: RRULE:FREQ=SECONDLY"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_file_that_is_no_calendar_is_an_error_at_its_name(
    tmp_path: Path, there: object, message: str, found: str
) -> None:
    assert callable(there)
    there(tmp_path / "nuit.ics")
    book, findings = load(tmp_path, None)
    assert book is None
    (finding,) = (each for each in findings if each.severity == "error")
    assert (finding.line, finding.column) == (9, 26)
    assert message in finding.message
    assert finding.found == found


# fmt: off
FIELDS: dict[str, tuple[str, str]] = {
    # what is wrong: (the calendar's value, words of the message)
    "nothing": ('""', "empty"),
    "no address": ('"https://"', "not the address of a calendar"),
    "another protocol": ("ftp://example.com/a.ics", "not the address of a calendar"),
    "a file's address": ("file:///etc/passwd", "not the address of a calendar"),
    "an address with a blank": ('"https://example.com/a b"', "not the address of a calendar"),
    "two places": ("{file: a.ics, url: https://example.com/a}", "in one place"),
    "no place": ("{every: 15m}", "in one place"),
    "too often": ("{url: https://example.com/a, every: 1s}", "too short"),
    "an unknown field": ("{url: https://example.com/a, each: 1h}", "unknown field `each`"),
    "a number": ("7", ""),
}
# fmt: on


@pytest.mark.parametrize(("value", "message"), FIELDS.values(), ids=FIELDS.keys())
def test_a_calendar_that_is_nowhere_is_a_mistake(tmp_path: Path, value: str, message: str) -> None:
    book, findings = load(tmp_path, None, ROSTER.replace("nuit.ics", value))
    assert book is None
    errors = [finding for finding in findings if finding.severity == "error"]
    assert message in errors[0].message
    assert errors[0].line == 9


def test_neither_rotation_nor_calendar_and_both_are_mistakes(tmp_path: Path) -> None:
    for layer in ("{id: nuit}", "{id: nuit, calendar: nuit.ics, rotation: {members: [alice]}}"):
        book, findings = load(
            tmp_path,
            event("DTSTART:20260601T080000Z"),
            ROSTER.replace("{id: nuit, calendar: nuit.ics}", layer),
        )
        assert book is None
        assert findings[0].line == 9


def test_an_address_is_asked_for_as_it_is_fetched_and_never_told(tmp_path: Path) -> None:
    asked: list[CalendarEntry] = []

    def feeds(entry: CalendarEntry) -> FeedCopy:
        asked.append(entry)
        return FeedCopy(b"<html>", AT, trouble="HTTP 404")

    (tmp_path / "support.yaml").write_text(
        ROSTER.replace("nuit.ics", "webcal://example.com/private-s3cret/basic.ics")
    )
    book, findings = load_rosters(tmp_path, at=AT, feeds=feeds)
    assert book is None
    assert asked[0].url == "https://example.com/private-s3cret/basic.ics"
    assert "s3cret" not in "".join(map(str, findings))


def test_a_copy_that_is_out_of_date_is_warned_of(tmp_path: Path) -> None:
    (tmp_path / "support.yaml").write_text(ROSTER.replace("nuit.ics", "{feed: nuit}"))
    content = event("DTSTART;VALUE=DATE:20260105", "SUMMARY:bruno")
    copy = FeedCopy(content, datetime(2026, 1, 4, 6, 30, tzinfo=UTC), trouble="the answer is HTTP 404")
    book, findings = load_rosters(tmp_path, at=AT, feeds=lambda _: copy)
    assert book is not None
    assert [each.feed for each in book.feeds] == ["nuit"]
    (finding,) = [each for each in findings if "`noel` changes nothing" not in each.message]
    assert (finding.severity, finding.line) == ("warning", 9)
    assert finding.found == "the answer is HTTP 404"
    assert "2026-01-04 06:30 UTC" in finding.remedy


def test_a_version_of_the_files_is_another_when_a_calendar_says_something_else(tmp_path: Path) -> None:
    hashes = set()
    for who in ("alice", "bruno", "alice"):
        book, _ = load(tmp_path, event("DTSTART;VALUE=DATE:20260105", f"SUMMARY:{who}"), at=None)
        assert book is not None
        hashes.add(book.hash)
    assert len(hashes) == 2
