"""Asks an HTTP service: a JSON object goes out, a JSON object comes back, in time and within a size."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import aiohttp

MOST_BYTES = 65_536
"""The longest answer that is read: 64 KiB."""
PIECE_BYTES = 8192
LONGEST_VALUE = 200
"""Characters of a text that a variable takes from an answer."""
VARIABLE = re.compile(r"\$\{([A-Z_][A-Z0-9_]*)\}")
"""An environment variable in an address or a header, such as `${CRM_TOKEN}`."""


class ServiceFailed(Exception):
    """The service gave no answer that can be used. The text says why, and holds nothing secret."""


def filled_in(text: str) -> str:
    """Return a text with the environment's values. Raises `ServiceFailed` when one is not set."""

    def value(match: re.Match[str]) -> str:
        if match[1] not in os.environ:
            raise ServiceFailed(f"the environment variable {match[1]} is not set")
        return os.environ[match[1]]

    return VARIABLE.sub(value, text)


async def ask(
    url: str, question: Mapping[str, object], headers: Mapping[str, str], seconds: float
) -> Mapping[str, Any]:
    """Send a question to a service and return its answer.

    It has `seconds` for everything. Redirections are not followed: what is in the question, and the headers'
    secrets, go to the address that the flow names and to no other. Raises `ServiceFailed`.
    """
    import aiohttp  # noqa: PLC0415 - a fifth of a second, which whoever only reads flows need not wait

    try:
        async with (
            aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=seconds),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"Accept": "application/json", "Accept-Encoding": "identity"},
                auto_decompress=False,
            ) as session,
            session.post(
                filled_in(url),
                data=json.dumps(question).encode(),
                headers={"Content-Type": "application/json"}
                | {name: filled_in(value) for name, value in headers.items()},
                allow_redirects=False,
            ) as response,
        ):
            if not 200 <= response.status < 300:
                raise ServiceFailed(f"HTTP {response.status}")
            return _read(await _body(response))
    except TimeoutError:
        raise ServiceFailed(f"no answer within {seconds:g} s") from None
    except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError):
        raise ServiceFailed("its address is no HTTP address") from None  # which may hold a secret
    except (aiohttp.ClientError, OSError) as error:
        raise ServiceFailed(_reason(error)) from None
    except ValueError:
        raise ServiceFailed("a header that cannot be sent") from None  # nor shown


async def _body(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for piece in response.content.iter_chunked(PIECE_BYTES):
        body += piece
        if len(body) > MOST_BYTES:
            raise ServiceFailed(f"an answer of more than {MOST_BYTES // 1024} KiB")
    return bytes(body)


def _read(body: bytes) -> Mapping[str, Any]:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        raise ServiceFailed("an answer that is no JSON") from None
    if not isinstance(answer, dict):
        raise ServiceFailed("an answer that is no JSON object")
    return answer


def _reason(error: Exception) -> str:
    """Return why a connection failed, without the address, which may hold a secret."""
    cause = getattr(error, "os_error", error)
    number = getattr(cause, "errno", None) or 0
    known = os.strerror(number) if number > 0 else getattr(cause, "strerror", None)
    return str(known or type(error).__name__)


def found_in(answer: object, path: str) -> str | int | float | bool | None:
    """Return what stands at a path such as `client.level` or `orders.0.state`.

    None unless it is a number, a boolean or a short text.
    """
    for step in path.split("."):
        if isinstance(answer, dict):
            answer = answer.get(step)
        elif isinstance(answer, list) and step.isdecimal() and int(step) < len(answer):
            answer = answer[int(step)]
        else:
            return None
    if isinstance(answer, str):
        return answer if len(answer) <= LONGEST_VALUE else None
    return answer if isinstance(answer, bool | int | float) else None
