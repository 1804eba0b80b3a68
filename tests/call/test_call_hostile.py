"""Strangers: what a caller says of themselves, dials or presses is text, and never becomes anything else."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ari_app.core import logs
from ari_app.network.party import Party
from ari_app.pbx import AsteriskServer, LineConfig
from ari_app.records.facts import CallArrived, CallBridged, LegStarted
from ari_app.records.reader import CallStory, Reader

from .exchange import OpenLine, tried
from .files import direct_number
from .people import LOOK_EVERY, PATIENCE, Telephone
from .wire import WireCaller

if TYPE_CHECKING:
    from .conftest import OpenALine

MOBILE = "+33199001500"
ON_A_MOBILE = {"alice": f'["tel:{MOBILE}"]'}
LINE = direct_number(("panne",), "panne").encode()
HOST = b"carrier.invalid"
WITHHELD = (b'"Anonymous" <sip:anonymous@anonymous.invalid>', b"Privacy: id")

STRANGERS: dict[tuple[bytes, ...], tuple[str, str, str]] = {
    # What is sent: the number and the name on record, and the number that the agent sees.
    (b'"Alice" <sip:+33612345678@%s>' % HOST,): ("+33612345678", "Alice", "+33612345678"),
    (b"<sip:anonymous@anonymous.invalid>",): ("anonymous", "", "anonymous"),
    (b"<sip:%s>" % HOST,): ("", "", "anonymous"),
    (b'"" <sip:+33612345678;cpc=ordinary@%s;user=phone>' % HOST,): ("+33612345678", "", "+33612345678"),
    (*WITHHELD, b'P-Asserted-Identity: "Eve" <sip:+33612345678@%s>' % HOST): ("anonymous", "", "anonymous"),
    (b"<sip:anonymous@anonymous.invalid>", b'P-Asserted-Identity: "%%s" <sip:%%24%%7BEXTEN%%7D@%s>' % HOST): (
        "${EXTEN}",
        "%s",
        "anonymous",
    ),
    (b'"%s" <sip:%s@%s>' % (b"A" * 300, b"1" * 70, HOST),): ("1" * 70, "A" * 79, "anonymous"),
    (rb'"O\"Brien \\\"; id" <sip:%%22@%s>' % HOST,): ('"', r"O\"Brien \\\"; id", "anonymous"),
    (b"\"Robert'); DROP TABLE calls;--\" <sip:1'%%20OR%%20'1'='1@%s>" % HOST,): (
        "1' OR '1'='1",
        "Robert'); DROP TABLE calls;--",
        "anonymous",
    ),
    (b'"${EXTEN} ${SHELL(id)} %%s %%n {0}" <sip:%%24%%7BEXTEN%%7D@%s>' % HOST,): (
        "${EXTEN}",
        "${EXTEN} ${SHELL(id)} %s %n {0}",
        "anonymous",
    ),
    (b'"x" <sip:+33612345678&PJSIP%%2Fbruno@%s>' % HOST,): ("+33612345678&PJSIP/bruno", "x", "anonymous"),
    (b'"x" <sip:,leg,PJSIP%%2Fbruno@%s>' % HOST,): (",leg,PJSIP/bruno", "x", "anonymous"),
    ('"☎ été \u202e" <sip:%E2%98%8E@carrier.invalid>'.encode(),): ("☎", "☎ été \u202e", "anonymous"),
    ('"🚨 pompiers 👩\u200d🚒" <sip:%F0%9F%9A%A8@carrier.invalid>'.encode(),): (
        "🚨",
        "🚨 pompiers 👩\u200d🚒",
        "anonymous",
    ),
    (b'"\xff\xfe" <sip:%%ff%%fe@%s>' % HOST,): ("", "\ufffd\ufffd", "anonymous"),
    (b'"a\tb" <sip:+33612%%0d%%0aX-Evil@%s>' % HOST,): ("+33612\r\nX-Evil", "a\tb", "anonymous"),
    (b'"x" <sip:a%%00b@%s>' % HOST,): ("a", "x", "anonymous"),
    (b'"<script>alert(1)</script>" <sip:..%%2F..%%2Fetc@%s>' % HOST,): (
        "../../etc",
        "<script>alert(1)</script>",
        "anonymous",
    ),
}

DIALLED = {
    # The user part of what is dialled: the line that is served.
    LINE + b";npdi=yes": LINE.decode(),
    b"%2B" + LINE[1:]: LINE.decode(),
    b"+3%0d%0aX-Evil": "+3XEvil",
    b"a%24%7BEXTEN%7D": "aEXTEN",
    b"+331&PJSIP/bruno": "+331PJSIPbruno",
    b"+331%2Cleg%2Cx": "+331legx",
    b"ABC..%2F..%2Fetc": "ABCetc",
    b"9" * 200: "9" * 79,
    b"12%ff%fe": "12",
    b"12%c3%a9": "12",
    b"1%ff": "default",
    b"default": "default",
    b"t1": "t1",
}
NO_LINE = (b"h", b"s", b"%24%7BEXTEN%7D", b"'a")


@pytest.fixture
def log_file(tmp_path: Path) -> Iterator[Path]:
    """Where the line's logs go, every line of them, during the test."""
    path = tmp_path / "line.jsonl"
    logs.configure("json", "debug", path, mask_numbers=False)
    yield path
    logs.configure()


def lines_of(path: Path) -> list[dict[str, object]]:
    """Return the log lines; what is no JSON object fails."""
    written = path.read_bytes()
    assert written.endswith(b"\n")
    assert not set(written.decode()) & set("\r\u202e\u2028\u2029\x1b")
    return [dict(json.loads(line)) for line in written.removesuffix(b"\n").split(b"\n")]


def trunk(server: AsteriskServer) -> LineConfig:
    """Return what the line's Asterisk was told of its trunk."""
    assert isinstance(server.config, LineConfig)
    return server.config


async def arrival(line: OpenLine) -> CallArrived:
    """Wait until one call more than before has come in; return how it did."""
    line.placed += 1
    return await line.facts.until(CallArrived, times=line.placed)


async def recorded(line: OpenLine, call: str) -> CallStory:
    """Wait until a call is over, and return its record as it is stored."""
    await line.is_over(call)
    async with Reader(line.settings.database_url) as reader:
        return await reader.call(call)


async def test_what_a_caller_says_of_themselves_is_kept_as_text_and_changes_nothing(
    open_a_line: OpenALine, line_asterisk: AsteriskServer, log_file: Path
) -> None:
    async with open_a_line(agents=ON_A_MOBILE) as line:
        mobile, bruno = line.telephone(MOBILE), line.telephone("bruno")
        for said, (number, name, shown) in STRANGERS.items():
            async with WireCaller(trunk(line_asterisk), LINE, *said) as stranger:
                assert await stranger.is_answered() == 200
                arrived = await arrival(line)
                agent = await mobile.is_rung()
                assert (agent.party.caller_number, agent.party.caller_name) == (shown, "Astreinte panne")
            await agent.is_hung_up()
            record = await recorded(line, arrived.call)
            assert (record.call.number, record.call.caller_name) == (number, name)
            assert [leg.endpoint for leg in record.legs] == [f"PJSIP/{MOBILE}@trunk"]
            assert record.call.line == LINE.decode()
        assert bruno.rung == 0
    numbers = [each["number"] for each in lines_of(log_file) if each["event"] == "call.arrived"]
    assert numbers == [number for number, _, _ in STRANGERS.values()]


async def test_what_is_dialled_is_the_name_of_a_line_or_nothing(
    open_a_line: OpenALine, line_asterisk: AsteriskServer, log_file: Path
) -> None:
    known = b'"Alice" <sip:+33612345678@%s>' % HOST
    async with open_a_line(agents=ON_A_MOBILE) as line:
        mobile = line.telephone(MOBILE)
        for dialled, served in DIALLED.items():
            async with WireCaller(trunk(line_asterisk), dialled, known) as caller:
                assert await caller.is_answered() == 200
                arrived = await arrival(line)
                assert arrived.line == served
                if served == LINE.decode():
                    await mobile.is_rung()
            await line.is_over(arrived.call)
        for dialled in NO_LINE:
            async with WireCaller(trunk(line_asterisk), dialled, known) as caller:
                assert await caller.is_answered() in (404, 484)
        assert {leg.endpoint for leg in line.facts.of(LegStarted)} == {f"PJSIP/{MOBILE}@trunk"}
    assert [each["line"] for each in lines_of(log_file) if each["event"] == "call.arrived"] == [
        *DIALLED.values()
    ]


# Keys


async def holds(party: Party, key: str, seconds: float) -> None:
    """Press a key for that long."""
    await party.ari.channels.send_dtmf(party.channel_id, dtmf=key, duration=round(seconds * 1000))


async def gets_keys(party: Party, keys: str) -> None:
    """Wait until the keys that the other side pressed were heard."""
    async with asyncio.timeout(PATIENCE):
        while not party.keys.endswith(keys):  # noqa: ASYNC110 - it does not tell
            await asyncio.sleep(LOOK_EVERY)


def keys_of(record: CallStory) -> list[str]:
    """Return the keys that the menus took."""
    return [event.data["key"] for event in record.events if event.name in ("menu.key", "menu.invalid")]


async def test_a_key_held_for_long_is_one_key(open_a_line: OpenALine) -> None:
    async with open_a_line() as line:
        bruno = line.telephone("bruno")
        caller = await line.takes_a_call()
        await holds(caller.party, "2", 1.5)
        await caller.hears("choix-motif", "en")
        await caller.presses("2")
        agent = await bruno.is_rung()
        await agent.picks_up()
        await holds(agent.party, "1", 1.5)
        await line.told(CallBridged, caller)
        await caller.hangs_up()
        record = await line.record_of(caller)
    assert keys_of(record) == ["2", "2"]
    assert tried(record) == [("bruno", "accepted")]


async def test_a_key_pressed_twice_or_too_early_takes_a_call_once(open_a_line: OpenALine) -> None:
    async with open_a_line() as line:
        alice = line.telephone("alice")
        for keys in ("11", "12", "111"):
            caller = await line.takes_a_call("panne")
            agent = await alice.is_rung()
            await agent.picks_up()
            await agent.presses(keys)
            await line.told(CallBridged, caller)
            await asyncio.gather(agent.hears_voice_of(caller), caller.hears_voice_of(agent))
            await caller.hangs_up()
            await agent.is_hung_up()
            assert tried(await line.record_of(caller)) == [("alice", "accepted")]


async def test_keys_pressed_before_the_line_has_said_a_word_are_not_lost(open_a_line: OpenALine) -> None:
    async with open_a_line() as line:
        chloe = line.telephone("chloe")
        caller = await line.is_called()
        await caller.party.answered()
        await caller.presses("23")
        await chloe.is_rung()
        await caller.hangs_up()
        record = await line.record_of(caller)
    assert keys_of(record) == ["2", "3"]
    assert (record.call.language, record.call.reason) == ("en", "retour")


async def test_every_key_of_a_telephone_is_taken_for_what_it_is(open_a_line: OpenALine) -> None:
    async with open_a_line() as line:
        alice = line.telephone("alice")
        caller = await line.takes_a_call()
        await caller.presses("*#D")
        await alice.is_rung()
        await caller.hangs_up()
        record = await line.record_of(caller)
    assert keys_of(record) == ["*", "#", "D"]
    assert record.call.reason == "panne"


async def test_keys_pressed_while_waiting_and_talking_go_nowhere(open_a_line: OpenALine) -> None:
    async with open_a_line() as line:
        alice, others = line.telephone("alice"), telephones(line, "bruno", "chloe")
        caller = await line.takes_a_call("panne")
        agent = await alice.is_rung()
        await caller.presses("12*#2")
        await agent.picks_up()
        await agent.hears("agent-accept-panne")
        await agent.presses("1")
        await line.told(CallBridged, caller)
        await caller.presses("2*1")
        await gets_keys(agent.party, "2*1")
        await agent.presses("2#2")
        await gets_keys(caller.party, "2#2")
        await asyncio.gather(agent.hears_voice_of(caller), caller.hears_voice_of(agent))
        await agent.hangs_up()
        await caller.is_hung_up()
        record = await line.record_of(caller)
    assert tried(record) == [("alice", "accepted")]
    assert record.call.outcome == "bridged"
    assert [telephone.rung for telephone in others] == [0, 0]


def telephones(line: OpenLine, *names: str) -> list[Telephone]:
    """Return several telephones."""
    return [line.telephone(name) for name in names]
