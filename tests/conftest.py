"""A real Asterisk for every test that asks for one, and a check that no test leaves anything behind."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from itertools import groupby
from pathlib import Path

import pytest
from hypothesis import settings

from ari_app.pbx import (
    AsteriskConfig,
    AsteriskServer,
    Installation,
    LineConfig,
    Phone,
    find_asterisk,
    loopback_address,
    render,
)

TEMPLATES = Path(__file__).parent.parent / "asterisk_conf"
PHONES = ("alice", "bruno", "chloe", "dora")
WORKERS = 8
"""Stretches that the tests are cut into, about as many as pyproject.toml has workers."""
WAITING = 0.9
"""The part of a stretch, from its beginning, that the tests that wait are spread over."""
SETTLE_SECONDS = 5.0
"""How long hang-ups that are under way may take after a test."""

StartAsterisk = Callable[..., Awaitable[AsteriskServer]]

# A busy machine is slow, and nothing is wrong with it. The same examples every time: what fails, fails for
# whoever made it fail; `pytest --hypothesis-profile=look-further` looks for more.
settings.register_profile("same-examples", deadline=None, derandomize=True)
settings.register_profile("look-further", deadline=None, max_examples=3000)
settings.load_profile("same-examples")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Spread the tests that wait for telephones evenly among those that compute.

    Each worker gets a stretch of them all: with some of both in it, no worker does nothing but wait, and they
    do not all want the processor at once. Of what waits each stretch has its share of every module, so that
    they end together, and each begins with another one, for some wait more than others. The last tests of a
    stretch are short ones. Other modules stay whole: some have fixtures of their own.
    """
    calls = [item for item in items if item.path.parent.name == "call"]
    shares = [calls[start::WORKERS] for start in range(WORKERS)]
    begins = [len(share) * place // WORKERS for place, share in enumerate(shares)]
    others = [item for item in items if item.path.parent.name != "call"]
    spread: list[tuple[float, pytest.Item]] = []
    for place, (share, begin) in enumerate(zip(shares, begins, strict=True)):
        for index, item in enumerate(share[begin:] + share[:begin]):
            spread += [((place + WAITING * (index + 0.5) / len(share)) / WORKERS, item)]
    for _module, tests in groupby(enumerate(others), key=lambda each: each[1].path):
        first, *rest = tests
        spread += [(first[0] / len(others), item) for _index, item in (first, *rest)]
    items[:] = [item for _place, item in sorted(spread, key=lambda each: each[0])]


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Look for no garbage while each worker loads everything: what is loaded stays."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()


def pytest_collection_finish() -> None:
    """Let collections of garbage look at what tests make, not at all that was loaded and collected before."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


@pytest.fixture(scope="session")
def asterisk_installation() -> Installation:
    """The Asterisk of this machine, or the private one; unpacked by the first test that needs it."""
    return find_asterisk(print)


@pytest.fixture(scope="session")
def asterisks() -> list[AsteriskServer]:
    """Every Asterisk that the session's fixtures started: the ones that are checked after each test."""
    return []


@pytest.fixture(scope="session")
async def start_asterisk(
    asterisk_installation: Installation, asterisks: list[AsteriskServer]
) -> AsyncIterator[StartAsterisk]:
    """Start an Asterisk for the rest of the session: `await start_asterisk(config, overlay=None)`."""

    async def start(config: AsteriskConfig, overlay: Path | None = None) -> AsteriskServer:
        render(TEMPLATES, asterisk_installation, config, overlay=overlay)
        server = AsteriskServer(asterisk_installation, config)
        await server.start()
        try:
            await server.wait_ready()
        except BaseException:
            await server.kill()
            raise
        asterisks.append(server)
        return server

    yield start
    for server in reversed(asterisks):
        await server.stop()


@pytest.fixture(scope="session")
async def line_asterisk(
    start_asterisk: StartAsterisk, tmp_path_factory: pytest.TempPathFactory
) -> AsteriskServer:
    """The Asterisk that the line's calls go through, on a loopback address of its own and the usual ports.

    Its trunk is `config.trunk_host`, another address of its own for who plays the carrier; its agents' phones
    are `config.phones`, which register.
    """
    address = loopback_address()
    return await start_asterisk(
        LineConfig(
            run_dir=tmp_path_factory.mktemp("line"),
            sip_bind=address,
            control_bind=address,
            agi_host=address,
            trunk_host=loopback_address(),
            qualify_trunk=0,
            qualify_phone=0,
            phones={name: Phone() for name in PHONES},
        )
    )


@pytest.fixture(autouse=True)
async def nothing_left_behind(
    request: pytest.FixtureRequest, asterisks: list[AsteriskServer]
) -> AsyncIterator[None]:
    """Fail a test that leaves a channel, a bridge, a task or a process behind."""
    tasks, processes = asyncio.all_tasks(), child_processes()
    yield
    left = [f"task {name}" for name in await tasks_left(tasks)]
    left += [f"process {pid}: {name}" for pid, name in child_processes().items() if pid not in processes]
    if "start_asterisk" in request.fixturenames:  # no other test has anything to do with them
        for server in asterisks:
            if server.running:
                left += await calls_left(server)
    assert not left, "the test left behind:\n" + "\n".join(left)


async def tasks_left(before: set[asyncio.Task[object]]) -> list[str]:
    """Return the names of tasks that are still there and are not about to end."""
    for _turn in range(3):
        left = asyncio.all_tasks() - before - {asyncio.current_task()}
        if not left:
            return []
        await asyncio.sleep(0)
    await asyncio.wait(left, timeout=0.2)
    return [f"{task.get_name()}: {task.get_coro()}" for task in left if not task.done()]


async def calls_left(server: AsteriskServer) -> list[str]:
    """Return the channels and bridges that do not go away by themselves; end them."""
    deadline = asyncio.get_running_loop().time() + SETTLE_SECONDS
    while True:
        left = [f"channel {name} in {server.run_dir.name}" for name in await server.channels()]
        left += [f"bridge {name} in {server.run_dir.name}" for name in await server.bridges()]
        if not left:
            return []
        if asyncio.get_running_loop().time() > deadline:
            break
        await asyncio.sleep(0.05)
    await server.cli("channel request hangup all")  # so that the next test starts clean
    return left


def child_processes() -> dict[int, str]:
    """Return this process' living children: process id and command."""
    found = {}
    for children in Path("/proc/self/task").glob("*/children"):
        try:
            words = children.read_text().split()
        except OSError:
            continue  # the thread ended while we looked
        for word in words:
            try:
                state = Path(f"/proc/{word}/stat").read_text().rpartition(")")[2].split()[0]
                command = (
                    Path(f"/proc/{word}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
                )
            except OSError:
                continue  # it ended while we looked
            if state != "Z":
                found[int(word)] = command.strip()
    return found
