"""Many values, unpacked one by one as they are asked for."""

from __future__ import annotations

import pickle
from array import array
from collections.abc import Iterator, Mapping
from typing import TypeVar

Value = TypeVar("Value")


class Packed(Mapping[str, Value]):
    """A mapping that keeps its values as bytes, and makes each anew whenever it is asked for.

    For what one process hands to another: thousands of small objects that are unpickled at once are hundreds
    of milliseconds in which nothing else happens, and from then on work for the garbage collector. Ask for a
    value once and keep it while it is of use.
    """

    __slots__ = ("_bounds", "_bytes", "_places")

    def __init__(self, values: Mapping[str, Value]) -> None:
        packed = bytearray()
        self._places = {name: place for place, name in enumerate(values)}
        self._bounds = array("Q", [0])  # the value at a place lies between its bound and the next
        for value in values.values():
            packed += pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
            self._bounds.append(len(packed))
        self._bytes = bytes(packed)

    def __getitem__(self, name: str) -> Value:
        place = self._places[name]
        packed = self._bytes[self._bounds[place] : self._bounds[place + 1]]
        value: Value = pickle.loads(packed)  # noqa: S301 - this very program packed it
        return value

    def __contains__(self, name: object) -> bool:
        return name in self._places

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)
