"""Whatever Asterisk sends becomes an event; what nobody knows breaks nothing."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ari_app.ari.dispatch import Dispatcher
from ari_app.ari.events import (
    ChannelDtmfReceived,
    Event,
    OtherEvent,
    RESTResponse,
    StasisStart,
    decode,
)
from ari_app.ari.watching import Watched

CHANNEL = {"id": "abc", "name": "PJSIP/alice-1", "state": "Up", "caller": {"name": "", "number": "12"}}


def message(**fields: Any) -> str:
    return json.dumps({"application": "a", "timestamp": "2026-11-24T08:15:02.123+0000", **fields})


def test_known_event_is_its_own_type() -> None:
    event = decode(message(type="ChannelDtmfReceived", channel=CHANNEL, digit="5", duration_ms=80))
    assert isinstance(event, ChannelDtmfReceived)
    assert (event.digit, event.duration_ms, event.about()) == ("5", 80, ("abc",))
    assert event.at == datetime(2026, 11, 24, 8, 15, 2, 123000, tzinfo=UTC)


def test_order_of_the_fields_does_not_matter() -> None:
    event = decode(message(channel=CHANNEL, args=["x"], type="StasisStart"))
    assert isinstance(event, StasisStart)


def test_unknown_field_is_ignored() -> None:
    channel = {**CHANNEL, "colour": "blue", "caller": {"name": "", "number": "1", "mood": {"good": True}}}
    event = decode(message(type="StasisStart", channel=channel, args=[], later_addition=[1, None]))
    assert isinstance(event, StasisStart)


def test_missing_field_has_its_default() -> None:
    event = decode(message(type="StasisStart", channel={"id": "abc"}))
    assert isinstance(event, StasisStart)
    assert (event.args, event.channel.name, event.channel.caller.number) == ([], "", "")


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "ChannelTeleported", "channel": CHANNEL, "to": "Mars"},
        {"type": "StasisStart", "channel": {**CHANNEL, "name": 7}, "args": []},
        {"type": "StasisStart", "channel": {**CHANNEL, "state": None}, "args": []},
    ],
    ids=["unknown type", "wrong type of a field", "null"],
)
def test_event_that_we_cannot_read_still_reaches_the_watcher_of_its_channel(fields: dict[str, Any]) -> None:
    dispatcher = Dispatcher()
    watched = Watched(dispatcher.registry)
    watched.add("abc")
    dispatcher(decode(message(**fields)))
    event = watched.get_nowait()
    assert isinstance(event, OtherEvent)
    assert event.name == fields["type"]
    assert event.fields["channel"] == fields["channel"]
    assert event.application == "a"
    assert dispatcher.unknown == 1


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "{}", '{"type": 7}', '{"type": null}', "\ud800"])
def test_message_that_is_no_event_is_told_apart(text: str) -> None:
    with pytest.raises((msgspec.DecodeError, UnicodeEncodeError)):
        decode(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
NAMES = ["StasisStart", "Dial", "PlaybackFinished", "RESTResponse", "ChannelVarset", "Novelty"]
FIELDS = st.sampled_from(["channel", "peer", "playback", "args", "status_code", "variable", "channel_id"])


@settings(deadline=None)
@given(st.sampled_from(NAMES), st.dictionaries(FIELDS, JSON | st.just(CHANNEL)))
def test_any_object_with_a_type_is_dispatched(name: str, fields: dict[str, Any]) -> None:
    event = decode(message(**{**fields, "type": name}))
    assert isinstance(event, Event)
    dispatcher = Dispatcher()
    dispatcher.on_event.append(lambda seen: None)
    dispatcher(event)
    assert dispatcher.events == 1


def test_reply_is_decoded_in_the_same_pass() -> None:
    reply = decode(
        message(type="RESTResponse", request_id="7", status_code=204, reason_phrase="No Content", uri="x")
    )
    assert isinstance(reply, RESTResponse)
    assert (reply.request_id, reply.status_code, reply.message_body) == ("7", 204, "")
