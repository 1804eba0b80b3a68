"""Calendars as programs write them: who is on call by them, and when."""
# ruff: noqa: E501 - the tables read one case a line

from __future__ import annotations

import pickle
import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ari_app.roster.calendar import NEVER
from ari_app.roster.ical import parse_calendar
from ari_app.roster.ical_duty import name_events, names_of
from ari_app.roster.ical_text import MAX_BYTES, UnusableCalendar
from ari_app.roster.schema import AgentEntry

from .calendar_files import AGENTS, PARIS, SAMPLES, calendar, duty, event, spans


def test_google_calendar_with_a_replacement_a_cancelled_night_and_a_weekend_of_whole_days() -> None:
    assert spans((SAMPLES / "google.ics").read_bytes(), "2026-01-05", "2026-02-02") == [
        "2026-01-05T19:00 2026-01-06T07:00 alice",
        "2026-01-06T19:00 2026-01-07T07:00 alice",
        "2026-01-07T19:00 2026-01-08T07:00 alice",
        "2026-01-08T19:00 2026-01-09T07:00 alice",
        "2026-01-09T19:00 2026-01-10T07:00 alice",  # then a week that is not hers; on the 19th she is excepted
        "2026-01-20T19:00 2026-01-21T07:00 alice",
        "2026-01-21T19:00 2026-01-22T05:00 bruno",  # who is invited; the 22nd is cancelled
        "2026-01-23T19:00 2026-01-23T23:00 alice",
        "2026-01-23T23:00 2026-01-24T07:00 alice bruno chloe",  # a whole day begins at midnight in Paris
        "2026-01-24T07:00 2026-01-25T23:00 bruno chloe",
    ]


def test_a_night_stays_from_eight_to_eight_in_summer_and_across_clock_changes() -> None:
    nights = event(
        "DTSTART;TZID=Europe/Paris:20260105T200000",
        "DTEND;TZID=Europe/Paris:20260106T080000",
        "RRULE:FREQ=DAILY",
    )
    assert spans(nights, "2026-03-28T12:00", "2026-03-30") == [
        "2026-03-28T19:00 2026-03-29T06:00 alice",  # 11 hours
        "2026-03-29T18:00 2026-03-30T00:00 alice",
    ]
    assert spans(nights, "2026-10-24T12:00", "2026-10-25T12:00") == [
        "2026-10-24T18:00 2026-10-25T07:00 alice"
    ]  # 13


def test_exchange_names_zones_as_windows_does_or_explains_them() -> None:
    outlook = (SAMPLES / "outlook.ics").read_bytes()
    assert spans(outlook, "2026-01-01", "2026-04-01") == [
        "2026-01-30T19:00 2026-02-02T07:00 alice bruno",
        "2026-02-27T19:00 2026-03-02T07:00 alice bruno",
        "2026-03-12T23:00 2026-03-13T01:00 chloe",  # 18:00 where clocks change on 8 March, and by rules alone
        "2026-03-27T19:00 2026-03-30T06:00 alice bruno",
    ]
    assert spans(outlook, "2026-12-01", "2027-06-01") == ["2026-12-25T19:00 2026-12-28T07:00 alice bruno"]


def test_grafana_oncall_puts_priorities_before_names() -> None:
    assert spans((SAMPLES / "grafana-oncall.ics").read_bytes(), "2026-01-07T12:00", "2026-01-09T12:00") == [
        "2026-01-07T19:00 2026-01-07T22:00 alice",
        "2026-01-07T22:00 2026-01-08T02:00 bruno",
        "2026-01-08T02:00 2026-01-08T07:00 alice",
        "2026-01-08T19:00 2026-01-08T20:00 alice",
        "2026-01-08T20:00 2026-01-08T21:00 alice chloe",
        "2026-01-08T21:00 2026-01-09T07:00 alice",
    ]


def test_pagerduty_invites_who_is_on_call() -> None:
    assert spans((SAMPLES / "pagerduty.ics").read_bytes(), "2026-01-01", "2026-02-01") == [
        "2026-01-05T08:00 2026-01-12T08:00 alice",
        "2026-01-12T08:00 2026-01-19T08:00 bruno",
    ]


# fmt: off
TIMES: dict[str, tuple[tuple[str, ...], list[str]]] = {
    # what is said: (its lines, when somebody is on call in 2026, in UTC)
    "UTC": (("DTSTART:20260601T080000Z", "DTEND:20260601T180000Z"), ["06-01T08:00 06-01T18:00"]),
    "floating: the team's time": (("DTSTART:20260601T080000", "DTEND:20260601T180000"), ["06-01T06:00 06-01T16:00"]),
    "another zone": (("DTSTART;TZID=America/New_York:20260601T080000", "DTEND;TZID=America/New_York:20260601T180000"), ["06-01T12:00 06-01T22:00"]),
    "two zones": (("DTSTART;TZID=America/New_York:20260601T080000", "DTEND;TZID=Europe/Paris:20260601T180000"), ["06-01T12:00 06-01T16:00"]),
    "a zone with a vendor's prefix": (("DTSTART;TZID=/citadel.org/20250101_1/Europe/Paris:20260601T080000", "DURATION:PT1H"), ["06-01T06:00 06-01T07:00"]),
    "a zone in quotes": (('DTSTART;TZID="Europe/Paris":20260601T080000', "DURATION:PT1H"), ["06-01T06:00 06-01T07:00"]),
    "Windows' zone": (("DTSTART;TZID=Tokyo Standard Time:20260601T080000", "DURATION:PT1H"), ["05-31T23:00 06-01T00:00"]),
    "Microsoft's UTC": (('DTSTART;TZID="tzone://Microsoft/Utc":20260601T080000', "DURATION:PT1H"), ["06-01T08:00 06-01T09:00"]),
    "one day": (("DTSTART;VALUE=DATE:20260601",), ["05-31T22:00 06-01T22:00"]),
    "the day of a clock change: 23 hours": (("DTSTART;VALUE=DATE:20260329", "DTEND;VALUE=DATE:20260330"), ["03-28T23:00 03-29T22:00"]),
    "whole days, at the end of October": (("DTSTART;VALUE=DATE:20261024", "DURATION:P2D"), ["10-23T22:00 10-25T23:00"]),
    "a day as a duration: until the same time": (("DTSTART;TZID=Europe/Paris:20260328T200000", "DURATION:P1D"), ["03-28T19:00 03-29T18:00"]),
    "24 hours as a duration: exactly": (("DTSTART;TZID=Europe/Paris:20260328T200000", "DURATION:PT24H"), ["03-28T19:00 03-29T19:00"]),
    "a day and a half": (("DTSTART:20260601T000000Z", "DURATION:P1DT12H"), ["06-01T00:00 06-02T12:00"]),
    "no end": (("DTSTART:20260601T080000Z",), []),
    "an end before its start": (("DTSTART:20260601T080000Z", "DTEND:20260601T070000Z"), []),
    "a skipped hour": (("DTSTART;TZID=Europe/Paris:20260329T020000", "DTEND;TZID=Europe/Paris:20260329T030000"), []),
    "until a time that comes twice": (("DTSTART;TZID=Europe/Paris:20261025T000000", "DTEND;TZID=Europe/Paris:20261025T023000"), ["10-24T22:00 10-25T01:30"]),
    "cancelled": (("DTSTART:20260601T080000Z", "DURATION:PT1H", "STATUS:CANCELLED"), []),
    "tentative": (("DTSTART:20260601T080000Z", "DURATION:PT1H", "STATUS:TENTATIVE"), ["06-01T08:00 06-01T09:00"]),
    "free, as Google marks whole days": (("DTSTART:20260601T080000Z", "DURATION:PT1H", "TRANSP:TRANSPARENT"), ["06-01T08:00 06-01T09:00"]),
    "three times": (("DTSTART:20260601T080000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=3"), ["06-01T08:00 06-01T09:00", "06-02T08:00 06-02T09:00", "06-03T08:00 06-03T09:00"]),
    "until a date, itself included": (("DTSTART:20260601T080000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY;UNTIL=20260602"), ["06-01T08:00 06-01T09:00", "06-02T08:00 06-02T09:00"]),
    "until an instant, itself included": (("DTSTART;TZID=Europe/Paris:20260601T100000", "DURATION:PT1H", "RRULE:FREQ=DAILY;UNTIL=20260602T080000Z"), ["06-01T08:00 06-01T09:00", "06-02T08:00 06-02T09:00"]),
    "until a time on the wall": (("DTSTART;TZID=America/New_York:20260601T100000", "DURATION:PT1H", "RRULE:FREQ=DAILY;UNTIL=20260602T100000"), ["06-01T14:00 06-01T15:00", "06-02T14:00 06-02T15:00"]),
    "an exception in another zone": (("DTSTART;TZID=Europe/Paris:20260601T100000", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=2", "EXDATE:20260601T080000Z"), ["06-02T08:00 06-02T09:00"]),
    "exceptions as dates": (("DTSTART:20260601T080000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=3", "EXDATE;VALUE=DATE:20260601,20260603"), ["06-02T08:00 06-02T09:00"]),
    "another date": (("DTSTART:20260601T080000Z", "DURATION:PT1H", "RDATE:20260605T080000Z"), ["06-01T08:00 06-01T09:00", "06-05T08:00 06-05T09:00"]),
    "overlapping itself": (("DTSTART:20260601T080000Z", "DURATION:P2D", "RRULE:FREQ=DAILY;COUNT=3"), ["06-01T08:00 06-05T08:00"]),
    "across the new year of UTC": (("DTSTART:20251231T120000Z", "DURATION:P2D"), ["01-01T00:00 01-02T12:00"]),
}
# fmt: on


@pytest.mark.parametrize(("lines", "expected"), TIMES.values(), ids=TIMES.keys())
def test_when_an_event_happens(lines: tuple[str, ...], expected: list[str]) -> None:
    found = spans(event(*lines), "2026-01-01", "2027-01-01")
    assert [re.sub("2026-| alice", "", each) for each in found] == expected


# fmt: off
NAMES: dict[str, tuple[tuple[str, ...], str, str]] = {
    # how it is said: (its lines, who is on call, words that name nobody known)
    "an id": (("SUMMARY:bruno",), "bruno", ""),
    "a name, in any case": (("SUMMARY:ALICE  martin",), "alice", ""),
    "an address": (("SUMMARY:Alice@Example.com",), "alice", ""),
    "with an at sign": (("SUMMARY:@bruno",), "bruno", ""),
    "accents made of two characters": (("SUMMARY:Chloe\u0301",), "chloe", ""),
    "two, in this order": (("SUMMARY:Chloé\\, alice",), "chloe alice", ""),
    "two, joined otherwise": (("SUMMARY:alice / bruno & chloe",), "alice bruno chloe", ""),
    "two, in words": (("SUMMARY:Alice Martin et bruno",), "alice bruno", ""),
    "the same twice": (("SUMMARY:alice+Alice Martin",), "alice", ""),
    "one known, one not": (("SUMMARY:alice\\, Zoé",), "alice", "Zoé"),
    "a part of a name": (("SUMMARY:Alice",), "alice", ""),
    "a name among other words": (("SUMMARY:Astreinte de bruno",), "", "Astreinte de bruno"),
    "somebody's absence": (("SUMMARY:bruno en congés",), "", "bruno en congés"),
    "who is invited": (("SUMMARY:Astreinte", "ATTENDEE;CN=B:mailto:bruno@example.com"), "bruno", ""),
    "who is invited by name": (("SUMMARY:Astreinte", 'ATTENDEE;CN="Alice Martin":mailto:x@example.com'), "alice", ""),
    "who has declined": (("SUMMARY:Astreinte", "ATTENDEE;PARTSTAT=DECLINED:mailto:bruno@example.com"), "", "Astreinte"),
    "the summary before the invited": (("SUMMARY:bruno", "ATTENDEE:mailto:alice@example.com"), "bruno", ""),
    "nobody": (("SUMMARY:",), "", ""),
    "a priority": (("SUMMARY:[L2] bruno",), "bruno", ""),
}
# fmt: on


@pytest.mark.parametrize(("lines", "agents", "unknown"), NAMES.values(), ids=NAMES.keys())
def test_whom_an_event_names(lines: tuple[str, ...], agents: str, unknown: str) -> None:
    (named,) = name_events(parse_calendar(event("DTSTART:20260601T080000Z", *lines), PARIS), names_of(AGENTS))
    assert (" ".join(named.agents), " ".join(named.unknown)) == (agents, unknown)


def test_a_name_that_two_agents_have_names_neither_and_an_id_its_agent() -> None:
    entries = {
        name: AgentEntry.model_validate({"name": "Alice", "phones": ["sip:a"]}) for name in ("alice", "a2")
    }
    names = names_of(entries)
    assert names["alice"] == "alice"
    assert names["a2"] == "a2"
    homonyms = names_of({**entries, "alice": AgentEntry.model_validate({"name": "A", "phones": ["sip:a"]})})
    assert homonyms["alice"] == "alice"
    assert names_of(dict.fromkeys(("x", "y"), entries["alice"]))["alice"] is None


def test_of_two_versions_of_an_event_the_newer_counts() -> None:
    lines = ["BEGIN:VEVENT", "UID:1", "DTSTART:20260601T080000Z", "DURATION:PT1H"]
    old, new = (
        [*lines, f"SUMMARY:{who}", f"SEQUENCE:{n}", "END:VEVENT"] for n, who in enumerate(("alice", "bruno"))
    )
    for order in (old + new, new + old):
        assert spans(calendar(*order), "2026-01-01", "2027-01-01") == [
            "2026-06-01T08:00 2026-06-01T09:00 bruno"
        ]


def test_a_time_that_was_moved_happens_where_it_was_moved_to() -> None:
    content = calendar(
        *(
            "BEGIN:VEVENT",
            "UID:1",
            "SUMMARY:alice",
            "DTSTART;TZID=Europe/Paris:20260601T080000",
            "DURATION:PT1H",
        ),
        *("RRULE:FREQ=DAILY;COUNT=2", "END:VEVENT"),
        *(
            "BEGIN:VEVENT",
            "UID:1",
            "SUMMARY:alice",
            "RECURRENCE-ID:20260602T060000Z",
            "DTSTART:20260605T060000Z",
        ),
        *("DURATION:PT2H", "END:VEVENT"),
    )
    assert spans(content, "2026-01-01", "2027-01-01") == [
        "2026-06-01T06:00 2026-06-01T07:00 alice",
        "2026-06-05T06:00 2026-06-05T08:00 alice",
    ]


def test_an_empty_calendar_has_nobody_for_good() -> None:
    assert duty(calendar()).at(datetime(2026, 1, 1, tzinfo=UTC)) == ((), NEVER)


def test_after_its_last_event_nobody_is_on_call_for_good() -> None:
    on_call = duty(event("DTSTART:20260601T080000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=3"))
    assert on_call.at(datetime(2026, 6, 20, tzinfo=UTC)) == ((), NEVER)
    assert on_call.at(datetime(2026, 6, 3, 8, tzinfo=UTC)) == (
        ("alice",),
        datetime(2026, 6, 3, 9, tzinfo=UTC),
    )


def test_a_duty_that_lasts_over_new_year_is_told_until_its_end() -> None:
    on_call = duty(event("DTSTART:20261231T200000Z", "DURATION:PT12H"))
    assert on_call.at(datetime(2026, 12, 31, 21, tzinfo=UTC)) == (
        ("alice",),
        datetime(2027, 1, 1, 8, tzinfo=UTC),
    )


def test_a_calendar_can_be_handed_to_another_process_with_zones_of_its_own() -> None:
    before = duty((SAMPLES / "outlook.ics").read_bytes())
    after = pickle.loads(pickle.dumps(before))
    at = datetime(2026, 3, 12, 23, 30, tzinfo=UTC)
    assert after.at(at) == before.at(at) == (("chloe",), datetime(2026, 3, 13, 1, tzinfo=UTC))


# fmt: off
UNUSABLE: dict[str, tuple[bytes, str, str]] = {
    # what it is: (its bytes, why it cannot be used, what is shown of it)
    "nothing": (b"", "not a calendar", "nothing"),
    "a login page": (b"<!DOCTYPE html><html><title>Sign in</title>", "not a calendar", "<!DOCTYPE html>"),
    "binary": (bytes(range(256)), "not a calendar", ""),
    "only an event": (b"BEGIN:VEVENT\r\nEND:VEVENT\r\n", "not a calendar", "BEGIN:VEVENT"),
    "cut short": (event("DTSTART:20260601T080000Z")[:-20], "breaks off", "END:VEV"),
    "cut after an event": (b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART:20260601T080000Z\r\nEND:VEVENT\r\n", "breaks off", "END:VCALENDAR"),
    "parts that cross": (calendar("BEGIN:VEVENT", "BEGIN:VALARM", "END:VEVENT"), "ends that had not begun", "line 5: END:VEVENT"),
    "no start": (event("DURATION:PT1H"), "no DTSTART", "line 3: alice"),
    "no date": (event("DTSTART:tomorrow"), "not a date", "line 6: DTSTART:tomorrow"),
    "a 30 February": (event("DTSTART:20260230T080000Z"), "not a date", "DTSTART:20260230T080000Z"),
    "a time that no clock shows": (event("DTSTART:20260601T250000Z"), "not a date", "T250000Z"),
    "an unknown zone": (event("DTSTART;TZID=Middle Earth:20260601T080000"), "time zone is not known", "Middle Earth"),
    "no duration": (event("DTSTART:20260601T080000Z", "DURATION:1h"), "not a duration", "DURATION:1h"),
    "every second": (event("DTSTART:20260601T080000Z", "RRULE:FREQ=SECONDLY"), "FREQ=SECONDLY", "line 7: RRULE"),
    "a word that rules do not have": (event("DTSTART:20260601T080000Z", "RRULE:FREQ=YEARLY;BYWEEKNO=20"), "BYWEEKNO", "RRULE"),
    "a billion times": (event("DTSTART:20260601T080000Z", "RRULE:FREQ=HOURLY;COUNT=1000000000"), "COUNT=1000000000", "RRULE"),
    "exceptions by a rule": (event("DTSTART:20260601T080000Z", "EXRULE:FREQ=DAILY"), "EXRULE", "EXRULE:FREQ=DAILY"),
    "this and all that follow": (event("DTSTART:20260601T080000Z", "RECURRENCE-ID;RANGE=THISANDFUTURE:20260601T080000Z"), "all later times", "RECURRENCE-ID"),
    "periods": (event("DTSTART:20260601T080000Z", "RDATE;VALUE=PERIOD:20260601T080000Z/PT1H"), "period", "RDATE"),
    "a line that is none": (calendar("BEGIN:VEVENT", "DTSTART", "END:VEVENT"), "not understood", "line 4: DTSTART"),
    "too large": (calendar("X:" + "x" * MAX_BYTES), "too large", "5 MiB"),
    "too many hours": (calendar(*(f"BEGIN:VEVENT\r\nUID:{n}\r\nDTSTART:20260601T080000Z\r\nRRULE:FREQ=HOURLY\r\nEND:VEVENT" for n in range(60))), "too many recurring", "60 events"),
    "too many events": (calendar(*["BEGIN:VEVENT\r\nEND:VEVENT"] * 20_001), "too many events", "20000"),
}
# fmt: on


@pytest.mark.parametrize(("content", "why", "found"), UNUSABLE.values(), ids=UNUSABLE.keys())
def test_what_is_no_calendar_or_not_understood_is_refused_with_its_place(
    content: bytes, why: str, found: str
) -> None:
    with pytest.raises(UnusableCalendar) as refused:
        parse_calendar(content, PARIS)
    assert why in refused.value.why
    assert found in refused.value.found


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;INTERVAL=7;BYDAY=TU",
        "FREQ=HOURLY;BYMONTHDAY=31;BYMONTH=2",
    ],
)
def test_a_rule_that_matches_nothing_is_nothing(rule: str) -> None:
    assert (
        spans(event("DTSTART:20260601T080000Z", "DURATION:PT1H", f"RRULE:{rule}"), "2027-01-01", "2028-01-01")
        == []
    )


def test_a_daily_event_since_ages_ago_is_as_any_other() -> None:
    old = event("DTSTART:19000101T080000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY")
    assert spans(old, "2100-06-01", "2100-06-02") == ["2100-06-01T08:00 2100-06-01T09:00 alice"]


@pytest.mark.parametrize("sample", sorted(path.name for path in SAMPLES.iterdir()))
@settings(deadline=None)
@given(data=st.data())
def test_a_calendar_damaged_in_any_place_is_used_or_refused(sample: str, data: st.DataObject) -> None:
    content = (SAMPLES / sample).read_bytes()
    start, length = data.draw(st.integers(0, len(content))), data.draw(st.integers(0, 40))
    damaged = content[:start] + data.draw(st.binary(max_size=12)) + content[start + length :]
    try:
        duty(damaged, ZoneInfo("Europe/Paris")).at(datetime(2026, 1, 21, 21, tzinfo=UTC))
    except UnusableCalendar as refused:
        assert refused.found
