"""What a value of the settings may look like."""

from __future__ import annotations

import re
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, StringConstraints, WithJsonSchema

from .documents import mistake
from .feed_address import feed_address
from .notice_address import notice_address

_LINE_NUMBER = re.compile(r"\+?[0-9A-Za-z]{2,40}")


def _line_number(text: str) -> str:
    # What extensions.conf lets through of a called number: the rest never arrives here.
    if _LINE_NUMBER.fullmatch(text):
        return text
    raise mistake(
        f"`{text[:50]}` is no called number",
        expected="`default`, or 2 to 40 digits or letters, with `+` before them if your carrier sends it",
        remedy="write the number as calls to it show it (`astreinte calls`), without blanks and dots",
    )


def _ari_url(text: str) -> str:
    try:
        url = urlsplit(text)
        fits = url.scheme in {"http", "https"} and url.hostname and url.path.strip("/") and url.port != 0
        bare = not (url.username or url.password or url.query or url.fragment)
    except ValueError:
        fits = bare = False
    if fits and bare:
        return text
    raise mistake(
        "this is no address of ARI",
        expected="`http://HOST:PORT/ari`, or https",
        remedy="write the address alone; the user and the password have fields of their own",
        found="an address with more in it" if fits else None,
    )


def _notice_address(secret: SecretStr) -> SecretStr:
    return SecretStr(notice_address(secret.get_secret_value()))


def _some_addresses(value: Any) -> Any:
    # Not `min_length`: it would count wrong addresses as none, and show them.
    if value in ([], (), {}, None):
        raise mistake(
            "no address is named",
            expected="an address of apprise, or several",
            remedy="add one, or remove the name",
        )
    return value if isinstance(value, list | tuple) else [value]


def _calendar_address(secret: SecretStr) -> SecretStr:
    return SecretStr(feed_address(secret.get_secret_value()))


LineNumber = Annotated[
    str,
    AfterValidator(_line_number),
    WithJsonSchema({"type": "string", "pattern": f"^{_LINE_NUMBER.pattern}$"}),
]
Url = Annotated[
    str, AfterValidator(_ari_url), WithJsonSchema({"type": "string", "pattern": "^https?://[^/]+/."})
]
CalendarAddress = Annotated[SecretStr, AfterValidator(_calendar_address)]
NoticeAddress = Annotated[SecretStr, AfterValidator(_notice_address)]
NoticeAddresses = Annotated[
    tuple[NoticeAddress, ...],
    BeforeValidator(_some_addresses, json_schema_input_type=NoticeAddress | list[NoticeAddress]),
]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]
Keys = Annotated[str, StringConstraints(pattern=r"^[0-9*#]{0,4}$")]
Port = Annotated[int, Field(ge=1, le=65535)]
Seconds = Annotated[float, Field(gt=0, le=86400)]
