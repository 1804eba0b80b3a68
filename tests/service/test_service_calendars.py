"""Calendars that rosters name by an address: whatever answers there, the last good copy stays in force."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web

from ari_app.core import logs
from ari_app.core.settings import Settings
from ari_app.roster.calendar_schema import CalendarEntry
from ari_app.roster.calendars import CalendarUnavailable
from ari_app.roster.ical_text import MAX_BYTES
from ari_app.service import feed_reading
from ari_app.service.calendar_refreshing import CalendarKeeper
from ari_app.service.calendars import Copies, KeptFeeds, copies_of
from ari_app.service.checks import check_all
from ari_app.service.feed_reading import refresh
from ari_app.service.line import open_line

from .conftest import House

SECRET = "private-1f9b2c77"


def calendar(who: str) -> bytes:
    """Return a calendar by which somebody is on call all the year."""
    return (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART:20260101T000000Z\r\nDURATION:P1D\r\n"
        f"RRULE:FREQ=DAILY\r\nSUMMARY:{who}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    ).encode()


Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Feed:
    """A server on loopback whose one page answers as a test wants; `asked` are the headers of requests."""

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []
        self.answer: Answer = says(calendar("alice"))
        self._runner: web.AppRunner | None = None
        self.address = ""

    async def start(self) -> None:
        app = web.Application()
        app.router.add_get("/{path:.*}", self._serve)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.address = f"http://{host}:{port}/{SECRET}/basic.ics"

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(dict(request.headers))
        return await self.answer(request)


def says(content: bytes, status: int = 200, **headers: str) -> Answer:
    async def answer(_request: web.Request) -> web.StreamResponse:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(body=content, status=status, headers={"Content-Type": "text/calendar", **names})

    return answer


@pytest.fixture
async def feed() -> AsyncIterator[Feed]:
    served = Feed()
    await served.start()
    yield served
    await served.stop()


@pytest.fixture
def copies(tmp_path: Path) -> Copies:
    return Copies(tmp_path / "calendars")


async def endless(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write(calendar("alice")[:-20])
    while True:
        await response.write(b"X-COMMENT:more and more\r\n" * 4000)


async def breaks_off(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "100000"})
    await response.prepare(request)
    await response.write(calendar("bruno"))
    assert request.transport is not None
    request.transport.abort()
    return response


async def says_nothing(_request: web.Request) -> web.StreamResponse:
    await asyncio.Event().wait()
    raise AssertionError


async def stops_talking(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write(calendar("bruno")[:30])
    return await says_nothing(request)


async def in_a_circle(request: web.Request) -> web.StreamResponse:
    raise web.HTTPFound(request.path)


def redirects(location: str) -> Answer:
    return says(b"", 302, Location=location)


BOMB = gzip.compress(calendar("bruno")[:-15] + b"X-A:" + b"0" * 20 * MAX_BYTES + b"\r\nEND:VCALENDAR\r\n", 1)

# fmt: off
TROUBLES: dict[str, tuple[Answer, str]] = {
    # what the server does: (its answer, why there is no calendar)
    "an error of its own": (says(b"oops", 500), "HTTP 500"),
    "not found": (says(b"", 404), "HTTP 404"),
    "a password": (says(b"", 401), "HTTP 401"),
    "unchanged, which nobody asked": (says(b"", 304), "HTTP 304"),
    "a login page": (says(b"<html>Sign in</html>"), "not a calendar"),
    "an empty answer": (says(b""), "not a calendar"),
    "a part of a calendar": (says(calendar("bruno")[:-15]), "breaks off"),
    "what is not understood": (says(calendar("bruno").replace(b"DAILY", b"SECONDLY")), "FREQ=SECONDLY"),
    "an endless answer": (endless, "larger than 5 MiB"),
    "a connection that breaks": (breaks_off, "no connection"),
    "nothing at all": (says_nothing, "no answer within"),
    "half an answer": (stops_talking, "no answer within"),
    "a packed answer that is huge": (says(BOMB, Content_Encoding="gzip"), "larger than 5 MiB"),
    "what is not packed as it says": (says(calendar("bruno"), Content_Encoding="gzip"), "packed wrongly"),
    "a packing that is not known": (says(calendar("bruno"), Content_Encoding="br"), "packed as 'br'"),
    "redirects in a circle": (in_a_circle, "more than 5 redirects"),
    "a redirect to a file": (redirects("file:///etc/passwd"), "to `file:`, which is not followed"),
    "a redirect to nowhere": (says(b"", 302), "HTTP 302"),
    "a redirect to no address": (redirects("http://["), "no connection"),
}
# fmt: on


@pytest.mark.parametrize(("answer", "why"), TROUBLES.values(), ids=TROUBLES.keys())
async def test_the_last_good_copy_stays_whatever_the_feed_does(
    feed: Feed, copies: Copies, monkeypatch: pytest.MonkeyPatch, answer: Answer, why: str
) -> None:
    monkeypatch.setattr(feed_reading, "SECONDS", 5.0)
    await refresh([feed.address], copies)
    good = copies.read(feed.address)
    feed.answer = answer
    if answer in {says_nothing, stops_talking}:
        monkeypatch.setattr(feed_reading, "SECONDS", 0.2)
    result = (await refresh([feed.address], copies))[feed.address]
    assert result.trouble is not None
    assert why in result.trouble.message
    assert SECRET not in str(result.trouble)
    assert not result.changed
    assert copies.read(feed.address) == good


async def test_a_feed_that_does_not_listen_is_trouble(copies: Copies, feed: Feed) -> None:
    await feed.stop()
    result = (await refresh([feed.address], copies))[feed.address]
    assert result.trouble is not None
    assert "no connection" in result.trouble.message
    assert copies.read(feed.address) is None


@pytest.mark.parametrize(
    "answer",
    [
        says(calendar("bruno")),
        says(gzip.compress(calendar("bruno")), Content_Encoding="gzip"),
        says(calendar("bruno"), Content_Type="text/html"),  # some servers know no better
    ],
)
async def test_what_a_feed_says_anew_is_kept(feed: Feed, copies: Copies, answer: Answer) -> None:
    await refresh([feed.address], copies)
    feed.answer = answer
    result = (await refresh([feed.address], copies))[feed.address]
    assert result.changed
    kept = copies.read(feed.address)
    assert kept is not None
    assert kept.content == calendar("bruno")


async def test_a_redirect_is_followed_on_the_web(feed: Feed, copies: Copies) -> None:
    async def moved(request: web.Request) -> web.StreamResponse:
        if request.path == "/new":
            return await says(calendar("bruno"))(request)
        raise web.HTTPMovedPermanently("/new")

    feed.answer = moved
    assert (await refresh([feed.address], copies))[feed.address].content == calendar("bruno")


async def test_a_feed_is_asked_whether_it_changed(feed: Feed, copies: Copies) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        if request.headers.get("If-None-Match") == '"v1"':
            return web.Response(status=304)
        return await says(calendar("alice"), ETag='"v1"', Last_Modified="Mon, 05 Jan 2026 08:00:00 GMT")(
            request
        )

    feed.answer = answer
    first = (await refresh([feed.address], copies))[feed.address]
    before = copies.read(feed.address)
    second = (await refresh([feed.address], copies))[feed.address]
    after = copies.read(feed.address)
    assert (first.changed, second.changed, second.trouble) == (True, False, None)
    assert feed.asked[1]["If-Modified-Since"] == "Mon, 05 Jan 2026 08:00:00 GMT"
    assert before is not None
    assert after is not None
    assert after.content == before.content
    assert after.read_at > before.read_at


async def test_a_copy_is_its_owners_alone_and_does_not_tell_the_address(
    feed: Feed, copies: Copies, tmp_path: Path
) -> None:
    await refresh([feed.address], copies)
    folder = tmp_path / "calendars"
    assert folder.stat().st_mode & 0o777 == 0o700
    files = sorted(folder.iterdir())
    assert [path.suffix for path in files] == [".ics", ".json"]
    for path in files:
        assert path.stat().st_mode & 0o777 == 0o600
        assert SECRET not in path.name + path.read_text()


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"hash": "0"}', None])
async def test_a_copy_is_good_without_what_is_known_of_it(
    feed: Feed, copies: Copies, tmp_path: Path, damage: bytes | None
) -> None:
    await refresh([feed.address], copies)
    (known,) = (tmp_path / "calendars").glob("*.json")
    if damage is None:
        known.unlink()
    else:
        known.write_bytes(damage)
    kept = copies.read(feed.address)
    assert kept is not None
    assert kept.content == calendar("alice")
    assert kept.conditions == {}
    assert datetime.now(UTC) - kept.read_at < timedelta(hours=1)


async def test_conditions_of_another_content_are_not_asked(
    feed: Feed, copies: Copies, tmp_path: Path
) -> None:
    feed.answer = says(calendar("alice"), ETag='"v1"')
    await refresh([feed.address], copies)
    (copy,) = (tmp_path / "calendars").glob("*.ics")
    copy.write_bytes(calendar("bruno"))  # as if the machine had died between the two files
    await refresh([feed.address], copies)
    assert "If-None-Match" not in feed.asked[1]


async def test_a_calendar_that_cannot_be_kept_is_used_and_told(feed: Feed, tmp_path: Path) -> None:
    (tmp_path / "calendars").write_text("not a folder")
    result = (await refresh([feed.address], Copies(tmp_path / "calendars")))[feed.address]
    assert result.content == calendar("alice")
    assert result.trouble is not None
    assert "cannot be kept" in result.trouble.message


def settings_in(folder: Path, **fields: object) -> Settings:
    return Settings.model_validate({"data": folder / "data", "rosters": folder / "rosters", **fields})


async def test_a_calendar_without_a_copy_is_read_at_once_and_with_one_not(feed: Feed, tmp_path: Path) -> None:
    settings = settings_in(tmp_path, calendars={"nuit": feed.address})
    entry = CalendarEntry(feed="nuit")
    for _time in range(2):
        copy = await asyncio.to_thread(KeptFeeds(settings), entry)
        assert (copy.content, copy.trouble) == (calendar("alice"), "")
    assert len(feed.asked) == 1
    await feed.stop()
    assert KeptFeeds(settings)(entry).content == calendar("alice")


async def test_a_calendar_that_was_never_read_and_cannot_be_is_unavailable(
    feed: Feed, tmp_path: Path
) -> None:
    feed.answer = says(b"", 404)
    settings = settings_in(tmp_path, calendars={"nuit": feed.address})
    with pytest.raises(CalendarUnavailable, match="HTTP 404") as told:
        await asyncio.to_thread(KeptFeeds(settings), CalendarEntry(feed="nuit"))
    assert "private address was reset" in told.value.remedy
    with pytest.raises(CalendarUnavailable, match="no calendar `nuits`") as told:
        KeptFeeds(settings)(CalendarEntry(feed="nuits"))
    assert told.value.remedy == "did you mean `nuit`?"


ROSTER = """
team: support
timezone: Europe/Paris
agents: {{alice: {{phones: [sip:alice]}}, bruno: {{phones: [sip:bruno]}}}}
layers: [{{id: nuit, calendar: {calendar}}}]
escalation: [{{ring: on-call, for: 3s}}, {{ring: [alice, bruno]}}]
reasons: [panne]
"""


async def test_a_check_reads_feeds_anew_and_says_which_copy_is_in_force(feed: Feed, tmp_path: Path) -> None:
    (tmp_path / "rosters").mkdir()
    (tmp_path / "rosters/support.yaml").write_text(ROSTER.format(calendar=feed.address))
    settings = settings_in(tmp_path)

    async def found() -> list[str]:
        findings = await asyncio.to_thread(check_all, settings)
        return [
            str(each) for each in findings if each.file.name == "support.yaml" and "calendar" in str(each)
        ]

    assert await found() == []
    feed.answer = says(calendar("zoe"))
    assert "names someone who is unknown" in (await found())[0]
    feed.answer = says(b"", 503)
    told = await found()
    assert "support.yaml:5:31: warning: the calendar cannot be read now" in told[0]
    assert "HTTP 503" in told[0]
    assert f"copy of {datetime.now(UTC):%Y-%m-%d}" in told[0]
    assert SECRET not in "".join(told)


class Reloads:
    """Counts how often a line was asked to take its files into use."""

    def __init__(self) -> None:
        self.count = 0

    async def __call__(self) -> None:
        self.count += 1


async def test_a_running_line_reads_on_the_interval_and_reloads_only_for_news(
    feed: Feed, tmp_path: Path
) -> None:
    settings, reloads = settings_in(tmp_path), Reloads()
    entry = CalendarEntry.model_validate({"url": feed.address, "every": "1h"})
    keeper = CalendarKeeper(lambda: [entry, entry], lambda: settings, reloads)
    await keeper.read_due()
    await keeper.read_due()
    assert (len(feed.asked), reloads.count) == (1, 1)
    again = CalendarKeeper(lambda: [entry], lambda: settings, reloads)  # the line was started anew
    await again.read_due()
    assert (len(feed.asked), reloads.count) == (2, 1)


@pytest.fixture
def log_file(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "line.log"
    logs.configure("json", file=path)
    yield path
    logs.configure(level="warning")


async def test_trouble_is_logged_once_and_its_end_and_never_the_address(
    feed: Feed, tmp_path: Path, log_file: Path
) -> None:
    settings = settings_in(tmp_path)
    entry = CalendarEntry(url=feed.address)
    answers = (
        says(b"", 503),
        says(b"", 503),
        says(b"<html>"),
        says(calendar("alice")),
        says(calendar("bruno")),
    )
    hours = iter(range(10))
    keeper = CalendarKeeper(lambda: [entry], lambda: settings, Reloads(), lambda: 3600.0 * next(hours))
    for answer in answers:
        feed.answer = answer
        await keeper.read_due()
    logs.flush()
    lines = [json.loads(line) for line in log_file.read_text().splitlines()]
    assert [each["event"] for each in lines] == [
        *("calendar.trouble", "calendar.trouble"),
        *("calendar.changed", "calendar.recovered", "calendar.changed"),
    ]
    assert SECRET not in log_file.read_text()
    assert lines[0]["calendar"] == "http://127.0.0.1/…"


async def test_a_line_takes_a_calendar_into_use_when_it_changed(feed: Feed, house: House) -> None:
    house.has_team("support", agent="alice")
    (house.folder / "rosters/support.yaml").write_text(ROSTER.format(calendar="{feed: nuit}"))
    settings = house.settings(calendars={"nuit": feed.address})
    await refresh([feed.address], copies_of(settings))
    feed.answer = says(calendar("bruno"))
    async with open_line(settings) as line:
        await house.until_written({"default": "PJSIP/bruno"})
        assert line.version.reloaded == 1


async def test_a_line_starts_with_the_copy_while_the_feed_is_down(feed: Feed, house: House) -> None:
    (house.folder / "rosters/support.yaml").write_text(ROSTER.format(calendar=feed.address))
    settings = house.settings()
    feed.answer = says(calendar("bruno"))
    await refresh([feed.address], copies_of(settings))
    await feed.stop()
    async with open_line(settings):
        await house.until_written({"default": "PJSIP/bruno"})
