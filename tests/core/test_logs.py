"""What a log line looks like, and what it never does: leak a number, break in two, raise."""

from __future__ import annotations

import asyncio
import json
import logging
import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import structlog

from ari_app.core import logs
from ari_app.core.log_lines import mask
from ari_app.core.logs import LogsMisconfigured, configure, get_logger

log = get_logger("ari_app.call.hunt")
Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    """Logs go back to where they went before the test, and so does the standard `logging`."""
    before = dict(vars(logs._state))
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    logs._state.output.close()
    vars(logs._state).update(before)
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(False)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "astreinte.log"


@pytest.fixture
def lines(file: Path) -> Lines:
    """Log as JSON to a file, from `info` on; return what was logged so far."""
    configure("json", "info", file)

    def logged() -> list[dict[str, Any]]:
        logs.flush()
        return [json.loads(line) for line in file.read_text().splitlines()]

    return logged


def test_a_line_says_when_how_bad_what_and_where(lines: Lines) -> None:
    before = datetime.now(UTC)
    log.warning("call.queued", team="support", steps=3, late=False, nothing=None, ratio=0.5)
    [line] = lines()
    assert list(line) == ["time", "level", "event", "logger", "team", "steps", "late", "nothing", "ratio"]
    assert before <= datetime.fromisoformat(line["time"]) <= datetime.now(UTC)
    assert (line["level"], line["event"], line["logger"]) == ("warning", "call.queued", "call.hunt")
    assert (line["team"], line["steps"], line["late"], line["nothing"]) == ("support", 3, False, None)


async def test_each_line_of_a_calls_task_carries_its_id_and_no_other_does(lines: Lines) -> None:
    async def live(call: str) -> None:
        structlog.contextvars.bind_contextvars(call=call)
        log.info("call.answered")
        await asyncio.sleep(0)
        log.info("call.ended")

    await asyncio.gather(live("one"), live("two"))
    log.info("line.ready")
    assert [(line["event"], line.get("call")) for line in lines()] == [
        ("call.answered", "one"),
        ("call.answered", "two"),
        ("call.ended", "one"),
        ("call.ended", "two"),
        ("line.ready", None),
    ]


def test_bound_fields_are_on_each_line_of_that_logger_only(lines: Lines) -> None:
    log.bind(leg="abc").info("leg.started")
    log.info("leg.ended")
    assert [line.get("leg") for line in lines()] == ["abc", None]


def test_lines_below_the_level_are_left_out_and_the_level_can_change(lines: Lines, file: Path) -> None:
    log.debug("call.noted")
    configure("json", "debug", file)
    log.debug("call.noted")
    configure("json", "error", file)
    log.warning("call.playback_lost")
    log.error("call.not_handed_over")
    assert [line["event"] for line in lines()] == ["call.noted", "call.not_handed_over"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("+33612345678", "+336•••••78"),
        ("+33 6 12 34 56 78", "+33 •••••78"),
        ("0612345678", "06•••••78"),
        ("06 12 34 56 78", "06•••••78"),
        ("06.12.34.56.78", "06•••••78"),
        ("33612345678", "33•••••78"),
        ("0033612345678", "00•••••78"),
        ("tel:+33612345678", "tel:+336•••••78"),
        ("sip:+33612345678@carrier.example", "sip:+336•••••78@carrier.example"),
        ("PJSIP/+33612345678@trunk", "PJSIP/+336•••••78@trunk"),
        ("PJSIP/0612345678@trunk", "PJSIP/06•••••78@trunk"),
        ('"Jean" <+33612345678>', '"Jean" <+336•••••78>'),
        ("from 0612345678 to 0698765432", "from 06•••••78 to 06•••••32"),
        ("+1 (212) 555-0123", "+1 (•••••23"),
        ("4970101234567890", "49•••••90"),
        ("+336123456781234567890", "+336•••••90"),
    ],
)
def test_numbers_are_masked_under_any_key(lines: Lines, text: str, shown: str) -> None:
    log.info("call.arrived", anything=text, deep={"list": [text]})
    [line] = lines()
    assert line["anything"] == shown
    assert line["deep"] == {"list": [shown]}
    assert mask(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "20261124T081502-3f9c02ab7d",
        "20261124T081502-1234567890",
        "1732345678.12",
        "PJSIP/trunk-00000012",
        "0123456789abcdef0123",
        "01234567890123456789",  # an id of ours may by chance be all digits
        "100",
        "3631",
        "2026-11-24T08:15:02.123456+01:00",
        "192.168.100.200:5060",
        "asterisk-20261124.log",
        "1.7323456789",
    ],
)
def test_ids_addresses_and_instants_are_not_masked(lines: Lines, text: str) -> None:
    log.info("call.arrived", anything=text)
    assert lines()[0]["anything"] == text


def test_masking_can_be_switched_off(file: Path) -> None:
    configure("json", "info", file, mask_numbers=False)
    log.info("call.arrived", number="+33612345678", deep=["0612345678"])
    line = json.loads(file.read_text())
    assert (line["number"], line["deep"]) == ("+33612345678", ["0612345678"])


class Broken:
    """Something that cannot even be shown."""

    def __str__(self) -> str:
        raise RuntimeError("no")


@pytest.mark.parametrize("format", ["json", "pretty"])
@pytest.mark.parametrize(
    "value",
    [
        "two\nlines",
        "carriage\rreturn",
        "\x1b[2J\x1b]0;title\x07",
        "c1 \x9b2J",
        "unicode line \u2028 and paragraph \u2029 ends",
        "backwards \u202e and on",
        "%s %d {} {0.__class__} %(x)s",
        "a lone surrogate \ud800",
        "nul \x00",
        b"bytes \xff\n",
        2**80,
        float("nan"),
        object(),
        Broken(),
        {"a": {"b": {"c": {"d": {"e": {"f": 1}}}}}},
        {1: 2, None: 3, (4, 5): 6},
        {"a", "b"},
        ValueError("with\nnewline"),
        Path("/var/lib"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_whatever_a_field_holds_is_one_line_that_does_nothing(file: Path, format: Any, value: object) -> None:  # noqa: A002 (as in `configure`)
    configure(format, "info", file)
    log.info("call.arrived", caller_name=value)
    written = file.read_text()
    assert written.endswith("\n")
    assert len(written.splitlines()) == 1
    assert written[:-1].replace("\t", "").isprintable()
    if format == "json":
        assert json.loads(written)["event"] == "call.arrived"


def test_a_key_is_no_less_hostile_than_a_value(file: Path) -> None:
    configure("pretty", "info", file)
    log.info("call.noted", **{"a\nb \x1b[2J": 1, "number +33612345678": 2})
    assert len(file.read_text().splitlines()) == 1
    assert "\x1b" not in file.read_text()


def test_fields_that_are_named_like_ours_do_not_replace_them(lines: Lines) -> None:
    log.info("oncall.told", time="noon", level="high", event="party", logger="else")
    [line] = lines()
    assert (line["event"], line["level"], line["time_"], line["level_"]) == (
        "oncall.told",
        "info",
        "noon",
        "high",
    )


def test_an_exception_comes_with_its_traceback_in_one_field(lines: Lines) -> None:
    try:
        raise ValueError("from +33612345678\nand on")
    except ValueError:
        log.exception("call.crashed")
    [line] = lines()
    assert line["level"] == "error"
    assert line["exception"].startswith("Traceback (most recent call last):\n")
    assert "ValueError: from +336•••••78\nand on" in line["exception"]


def test_what_libraries_log_comes_out_as_our_lines(lines: Lines) -> None:
    root = logging.getLogger()  # without the test runner's own handlers
    root.handlers[:] = [handler for handler in root.handlers if isinstance(handler, logs._FromLibraries)]
    library = logging.getLogger("aiohttp.client")
    library.info("chatter")
    library.warning("slow answer from %s after %d s", "+33612345678", 3)
    library.error("%d", "no number")
    try:
        raise KeyError("x")
    except KeyError:
        library.exception("it failed")
    slow, misformatted, failed = lines()
    assert (slow["event"], slow["logger"], slow["level"]) == ("library.message", "aiohttp.client", "warning")
    assert slow["message"] == "slow answer from +336•••••78 after 3 s"
    assert "no number" in misformatted["message"]
    assert "KeyError" in failed["exception"]


def test_pythons_own_warnings_come_out_as_our_lines(lines: Lines) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(True)
        warnings.warn("old way", DeprecationWarning, stacklevel=1)
    assert "old way" in lines()[-1]["message"]


def test_in_a_terminals_form_a_person_reads_columns(file: Path) -> None:
    configure("pretty", "info", file)
    log.info("call.arrived", line="100", caller_name="Jean Petit", empty="")
    written = file.read_text()
    assert "info     call.arrived         line=100 caller_name='Jean Petit' empty=''" in written
    assert "\x1b" not in written  # a file is no terminal


def test_in_a_terminals_form_a_traceback_is_indented_below_its_line(file: Path) -> None:
    configure("pretty", "info", file)
    try:
        raise ValueError("bad\n12:00:00 info call.forged")
    except ValueError:
        log.exception("call.crashed")
    first, *below = file.read_text().splitlines()
    assert "call.crashed" in first
    assert len(below) > 2
    assert all(line.startswith("    │ ") for line in below)


@pytest.mark.parametrize(
    ("level", "name", "message"),
    [
        ("loud", "x.log", "unknown log level 'loud'"),
        ("info", "missing/x.log", "cannot be written: No such file"),
    ],
)
def test_settings_that_cannot_be_followed_say_so_and_change_nothing(
    lines: Lines, tmp_path: Path, level: str, name: str, message: str
) -> None:
    with pytest.raises(LogsMisconfigured, match=message):
        configure("json", level, tmp_path / name)
    log.info("line.ready")
    assert lines()[-1]["event"] == "line.ready"
