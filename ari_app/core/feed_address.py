"""The address of a calendar that is fetched. Who knows it can read the calendar: it is never shown whole."""

from __future__ import annotations

from urllib.parse import urlsplit

from .documents import mistake

LONGEST = 2048


def feed_address(text: str) -> str:
    """Return the address as it is fetched: `webcal:` is what calendar programs call `https:`.

    Raises pydantic's custom error (see `documents.mistake`), without the address.
    """
    try:
        url = urlsplit(text)
        fits = url.scheme in {"http", "https", "webcal", "webcals"} and url.hostname and url.port != 0
    except ValueError:
        fits = False
    if not fits or len(text) > LONGEST or not text.isprintable() or " " in text:
        raise mistake(
            "this is not the address of a calendar",
            found="an address that is not shown here",
            expected="`https://HOST/…`, as the calendar's program gives it for iCal or ICS",
            remedy="copy it again, whole; a file is named by its path",
        )
    return text if url.scheme in {"http", "https"} else f"https:{text.partition(':')[2]}"


def shown(address: str) -> str:
    """Return what may be shown of an address: where it is, and nothing that lets one in."""
    url = urlsplit(address)
    return f"{url.scheme}://{url.hostname}/…"
