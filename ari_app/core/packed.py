"""Many values, unpacked one by one as they are asked for."""

from __future__ import annotations

import pickle
from array import array
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

Value = TypeVar("Value")

CHUNK = 1 << 16
"""Bytes: what is handed over in one go, so that whoever takes it is soon free again."""


class Packed(Mapping[str, Value]):
    """A mapping that keeps its values as bytes, and makes each anew whenever it is asked for.

    For what one process hands to another: thousands of small objects that are unpickled at once are hundreds
    of milliseconds in which nothing else happens, and from then on work for the garbage collector. Ask for a
    value once and keep it while it is of use. Its bytes can be handed over out of band (PEP 574), by chunks.
    """

    __slots__ = ("_bounds", "_chunks", "_names", "_places")

    def __init__(self, values: Mapping[str, Value]) -> None:
        packed = bytearray()
        self._bounds = array("Q", [0])  # the value at a place lies between its bound and the next
        for value in values.values():
            packed += pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
            self._bounds.append(len(packed))
        self._chunks = [bytes(packed[start : start + CHUNK]) for start in range(0, len(packed), CHUNK)]
        self._names = pickle.dumps(list(values), pickle.HIGHEST_PROTOCOL)
        self._places: dict[str, int] | None = None  # of the names; made when first asked for

    def _place_of(self) -> dict[str, int]:
        if self._places is None:
            names = pickle.loads(self._names)  # noqa: S301 - this very program packed them
            self._places = {name: place for place, name in enumerate(names)}
        return self._places

    def __getitem__(self, name: str) -> Value:
        place = self._place_of()[name]
        start, end = self._bounds[place], self._bounds[place + 1]
        chunk = start // CHUNK
        span = b"".join(self._chunks[chunk : (end - 1) // CHUNK + 1])
        packed = span[start - chunk * CHUNK : end - chunk * CHUNK]
        value: Value = pickle.loads(packed)  # noqa: S301 - this very program packed it
        return value

    def __contains__(self, name: object) -> bool:
        return name in self._place_of()

    def __iter__(self) -> Iterator[str]:
        return iter(self._place_of())

    def __len__(self) -> int:
        return len(self._bounds) - 1

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        """Return how to make it again; each chunk may travel by itself."""
        chunks = [pickle.PickleBuffer(chunk) for chunk in self._chunks] if protocol > 4 else self._chunks
        return _made_again, (self._names, self._bounds, chunks)


def _made_again(names: bytes, bounds: array[int], chunks: list[bytes]) -> Packed[Any]:
    packed = Packed.__new__(Packed)
    packed._names, packed._bounds, packed._chunks, packed._places = names, bounds, chunks, None
    return packed
