"""The files of recordings: their names, their headers, and what is known of their pauses."""

from __future__ import annotations

import io
import struct
import wave
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ari_app.call.recordings import Name
from ari_app.call.wav_file import complete
from ari_app.records.reader import EventRecord
from ari_app.service.recording_keeping import pauses_of

CALL = "20261123T120000-0123456789"
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_a_name_says_whose_it_is_and_until_when_it_is_kept() -> None:
    name = Name.read(f"{CALL}.t002.30d")
    assert name is not None
    assert (name.id, name.call, name.keep_days) == (f"{CALL}.t002", CALL, 30)
    assert name.delete_at == NOON + timedelta(days=30)
    assert str(name) == f"{CALL}.t002.30d"
    assert name.in_asterisk("astreinte") == f"astreinte/{CALL}.t002.30d"


@pytest.mark.parametrize(
    "text",
    [
        f"{CALL}.t002",
        f"{CALL}.r002.30d",
        f"{CALL}.t002.30000d",
        f"../{CALL}.t002.30d",
        f"{CALL}.t002.30d/..",
        f"{CALL}.t002.30d.wav",
        "",
        "holiday",
    ],
)
def test_what_is_no_name_of_ours_is_left_alone(text: str) -> None:
    assert Name.read(text) is None


def wav(seconds: float) -> bytearray:
    file = io.BytesIO()
    with wave.open(file, "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(2)
        written.setframerate(8000)
        written.writeframes(bytes(int(seconds * 16000)))
    return bytearray(file.getvalue())


@pytest.mark.parametrize("lengths", [None, 0, 1_000_000])
def test_a_header_that_nobody_completed_is_completed(tmp_path: Path, lengths: int | None) -> None:
    content = wav(1.5)
    if lengths is not None:
        content[4:8] = content[40:44] = struct.pack("<I", lengths)
    path = tmp_path / "talk.wav"
    path.write_bytes(content)
    with path.open("r+b") as file:
        assert complete(file) == 1.5
    with wave.open(str(path)) as read:
        assert (read.getnframes(), len(read.readframes(20_000))) == (12_000, 24_000)


@pytest.mark.parametrize("content", [b"", b"RIFF", b"no sound at all" * 10, bytes(wav(0))])
def test_a_file_without_sound_lasts_no_time(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "talk.wav"
    path.write_bytes(content)
    with path.open("r+b") as file:
        assert complete(file) == 0.0


@pytest.mark.parametrize(
    ("story", "pauses"),
    [
        ("begun@0 ended@60", ()),
        ("begun@0 paused@10 resumed@20.5 ended@60", ((10.0, 20.5),)),
        ("begun@0 paused@10 resumed@20 paused@30 ended@60", ((10.0, 20.0), (30.0, 60.0))),
        ("begun@0 paused@10", ((10.0, 60.0),)),
        ("begun@5 paused@10 resumed@20 ended@60", ((5.0, 15.0),)),
        ("other@0 paused@1 resumed@2 ended@3 begun@10 paused@12 resumed@13 ended@60", ((2.0, 3.0),)),
        ("begun@0 ended@60 other@61 paused@70 ended@80", ()),
        ("begun@0 resumed@0 ended@60", ()),
        ("", ()),
    ],
)
def test_pauses_are_told_by_the_story_of_the_call(
    story: str, pauses: tuple[tuple[float, float], ...]
) -> None:
    events = []
    for seq, each in enumerate(story.split()):
        name, at = each.split("@")
        data = {"recording": {"begun": "this", "other": "another"}.get(name)}
        events.append(
            EventRecord(
                call_id=CALL,
                seq=seq,
                at=NOON + timedelta(seconds=float(at)),
                elapsed=float(at),
                name=f"recording.{'begun' if name == 'other' else name}",
                data=data,
            )
        )
    assert pauses_of(events, "this", 60.0) == pauses
