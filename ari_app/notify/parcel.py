"""What the line hands to the program that sends, and what it says of it."""

from __future__ import annotations

import msgspec

SECONDS = 60.0
"""How long a service may take in all; then it is tried again later."""
LARGEST = 8_000_000
"""Bytes of a file that is attached: what mail servers and chats take without a word."""


class Parcel(msgspec.Struct, frozen=True, kw_only=True):
    """A notice to one address; with `only_read` it is only looked whether the address can be read."""

    address: str
    title: str = ""
    body: str = ""
    attachments: tuple[str, ...] = ()
    only_read: bool = False


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the `number`th parcel (from 0)."""

    number: int
    sent: bool
    reason: str = ""
