"""Many values are handed over as bytes, and come out as they went in."""

from __future__ import annotations

import pickle

import pytest

from ari_app.core.packed import CHUNK, Packed

VALUES: dict[str, object] = {
    "small": 1,
    "none": None,
    "as long as a chunk": b"x" * CHUNK,
    "long": b"y" * (3 * CHUNK + 1),
    "é\n": ["after", "the", "long", "one"],
}


def handed_over(packed: Packed[object], protocol: int) -> Packed[object]:
    chunks: list[pickle.PickleBuffer] = []
    take = chunks.append if protocol > 4 else None
    data = pickle.dumps(packed, protocol, buffer_callback=take)
    again = pickle.loads(data, buffers=[bytes(chunk) for chunk in chunks])
    assert isinstance(again, Packed)
    return again


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_values_come_out_of_another_process_as_they_went_in(protocol: int) -> None:
    packed = handed_over(Packed(VALUES), protocol)
    assert dict(packed) == VALUES
    assert list(packed) == list(VALUES)
    assert len(packed) == len(VALUES)
    assert "long" in packed
    assert "longer" not in packed
    with pytest.raises(KeyError):
        packed["longer"]


def test_values_travel_in_pieces_that_nobody_is_busy_with_for_long() -> None:
    chunks: list[pickle.PickleBuffer] = []
    data = pickle.dumps(Packed(VALUES), 5, buffer_callback=chunks.append)
    assert len(data) < 1000
    assert max(memoryview(chunk).nbytes for chunk in chunks) == CHUNK


def test_nothing_is_packed_too() -> None:
    assert dict(handed_over(Packed({}), 5)) == {}
