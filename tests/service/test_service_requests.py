"""The socket by which commands ask a running line: for this user alone, and proof against anybody's bytes."""

from __future__ import annotations

import asyncio
import gc
import socket
from collections.abc import Mapping
from contextlib import aclosing, suppress
from pathlib import Path
from typing import Any

import pytest

from ari_app.core.errors import AstreinteError
from ari_app.service import requests
from ari_app.service.requests import SOCKET, Answers, NoLineRunning, Refused, answering, asked


async def counts(request: Mapping[str, Any]) -> Answers:
    for number in range(request["to"]):
        yield {"number": number}


async def refuses(_request: Mapping[str, Any]) -> Answers:
    yield {"number": 1}
    raise AstreinteError("it cannot be done", remedy="do something else")


async def has_a_defect(_request: Mapping[str, Any]) -> Answers:
    yield {"number": 1}
    raise ZeroDivisionError


HANDLERS = {"count": counts, "refuse": refuses, "break": has_a_defect}


async def answers(folder: Path, **request: object) -> list[dict[str, Any]]:
    async with aclosing(asked(folder, request)) as given:
        return [answer async for answer in given]


async def test_answers_come_as_they_are_given_however_long_the_folders_path(tmp_path: Path) -> None:
    folder = tmp_path / ("a" * 100) / ("b" * 100)
    folder.mkdir(parents=True)
    async with answering(folder, HANDLERS):
        assert await answers(folder, ask="count", to=3) == [{"number": 0}, {"number": 1}, {"number": 2}]
        assert (folder / SOCKET).stat().st_mode & 0o777 == 0o600
    assert not (folder / SOCKET).exists()


@pytest.mark.parametrize(
    ("ask", "message"),
    [("refuse", "it cannot be done"), ("break", "the line has a defect"), ("dance", "does not know this")],
)
async def test_what_cannot_be_done_is_said(tmp_path: Path, ask: str, message: str) -> None:
    async with answering(tmp_path, HANDLERS):
        with pytest.raises(Refused, match=message):
            await answers(tmp_path, ask=ask)
        assert await answers(tmp_path, ask="count", to=1) == [{"number": 0}]


@pytest.mark.parametrize(
    "sent", [b"", b"\n", b"{}\n", b"[]\n", b"\xff\xfe\n", b"{" * 100_000, b"GET / HTTP/1.1"]
)
async def test_strange_bytes_harm_nothing(
    tmp_path: Path, sent: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requests, "REQUEST_WITHIN", 0.2)
    monkeypatch.chdir(tmp_path)
    async with answering(tmp_path, HANDLERS):
        reader, writer = await asyncio.open_unix_connection(SOCKET)
        writer.write(sent)
        said = b""
        with suppress(ConnectionError):
            said = await asyncio.wait_for(reader.read(), 5)
        writer.close()
        assert b"done" not in said
        assert await answers(tmp_path, ask="count", to=1) == [{"number": 0}]


async def test_who_closes_the_connection_gives_up_what_was_asked(tmp_path: Path) -> None:
    begun, over = asyncio.Event(), asyncio.Event()

    async def lasts(_request: Mapping[str, Any]) -> Answers:
        begun.set()
        try:
            await asyncio.Event().wait()
            yield {}
        finally:
            over.set()

    async with answering(tmp_path, {"last": lasts}):
        asking = asyncio.create_task(answers(tmp_path, ask="last"))
        await begun.wait()
        asking.cancel()
        await asyncio.wait([asking])
        await asyncio.wait_for(over.wait(), 5)


async def test_who_has_heard_enough_leaves_no_trouble_in_the_log(tmp_path: Path) -> None:
    troubles: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: troubles.append(context))
    client, over = socket.socket(socket.AF_UNIX), asyncio.Event()

    async def is_left(_request: Mapping[str, Any]) -> Answers:
        client.close()
        try:
            yield {"number": 1}
        finally:
            over.set()

    async with answering(tmp_path, {"leave": is_left}):
        client.connect(str(tmp_path / SOCKET))
        client.sendall(b'{"ask": "leave"}\n')
        await asyncio.wait_for(over.wait(), 5)
    gc.collect()
    assert troubles == []


async def test_a_socket_that_a_killed_line_left_is_no_line_and_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NoLineRunning):
        await answers(tmp_path, ask="count", to=1)
    monkeypatch.chdir(tmp_path)
    left = socket.socket(socket.AF_UNIX)
    left.bind(SOCKET)
    left.close()
    with pytest.raises(NoLineRunning):
        await answers(tmp_path, ask="count", to=1)
    async with answering(tmp_path, HANDLERS):
        assert await answers(tmp_path, ask="count", to=1) == [{"number": 0}]


async def test_a_line_goes_on_where_there_can_be_no_socket(tmp_path: Path) -> None:
    async with answering(tmp_path / "missing", HANDLERS):
        with pytest.raises(NoLineRunning):
            await answers(tmp_path / "missing", ask="count", to=1)
