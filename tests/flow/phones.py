"""A caller who does what a script says, and flows for them."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from ari_app.core.prompt import Prompt
from ari_app.flow.book import FlowBook, load_flows
from ari_app.flow.flow import Flow
from ari_app.flow.interpreter import FlowEnd
from ari_app.flow.phone import (
    RINGING,
    Callback,
    Caller,
    CallerGone,
    Connection,
    Destination,
    Message,
    Recorded,
    TalkRecording,
    Waiting,
)

SILENCE = None
SOMEBODY = Caller("call-1", "default", None)
MONDAY = datetime(2026, 11, 23, 9, tzinfo=UTC)


class ScriptedMessage:
    """What comes of recording the caller, time after time; they hang up when it is over."""

    def __init__(self, story: list[str], recordings: Iterable[Recorded], *, keeps: bool) -> None:
        self._story = story
        self._recordings = deque(recordings)
        self._keeps = keeps

    async def record(self, *, longest: float, silence: float) -> Recorded:
        self._story.append(f"is recorded for {longest:g} s, until {silence:g} s of silence")
        if not self._recordings:
            raise CallerGone
        return self._recordings.popleft()

    async def play(self) -> None:
        self._story.append("hears the message")

    async def keep(self) -> bool:
        self._story.append("keeps the message")
        return self._keeps


class ScriptedCallbacks:
    """Takes in wishes of who calls from a number; `typed` are numbers that may be called, too."""

    def __init__(self, number: str | None, typed: dict[str, str] | None, *, full: bool) -> None:
        self.other_numbers = typed is not None
        self.asked: list[Callback] = []
        self._number = number
        self._typed = typed or {}
        self._full = full

    def number(self, typed: str | None = None) -> str | None:
        return self._number if typed is None else self._typed.get(typed)

    def spoken(self, number: str) -> str:
        return number

    async def ask(self, callback: Callback) -> bool:
        if not self._full:
            self.asked.append(callback)
        return not self._full


class ScriptedPhone:
    """A caller who presses what a script says: a key, or nothing for as long as it takes.

    `ahead` are keys pressed while something is said. When the script is over, the caller stays silent,
    or hangs up. `heard` lists the prompts that were begun, `story` everything in its order.
    """

    end: FlowEnd
    """How the walk ended, for tests that keep it here."""

    def __init__(
        self,
        *script: str | None,
        ahead: Iterable[str] = (),
        agents: Iterable[Connection] = (),
        recordings: Iterable[Recorded] = (),
        keeps: bool = True,
        hangs_up: bool = False,
        caller: Caller = SOMEBODY,
        at: datetime = MONDAY,
        typed: dict[str, str] | None = None,
        full: bool = False,
    ) -> None:
        self.caller = caller
        self.callbacks = ScriptedCallbacks(caller.number, typed, full=full)
        self.heard: list[str] = []
        self.story: list[str] = []
        self.notes: list[tuple[str, dict[str, str | int | float | None]]] = []
        self.connected: list[tuple[str, str]] = []
        self.vips: list[bool] = []
        self.destinations: list[Destination | None] = []
        self.waitings: list[Waiting] = []
        self.talk_recordings: list[TalkRecording | None] = []
        self.waited: list[float] = []
        self._script = deque(script)
        self._ahead = deque(ahead)
        self._agents = deque(agents)
        self.answering_machine = ScriptedMessage(self.story, recordings, keeps=keeps)
        self._hangs_up = hangs_up
        self._at = at

    def now(self) -> datetime:
        return self._at

    async def quiet(self) -> None:
        self.story.append("quiet")

    async def play(self, prompts: Sequence[Prompt], *, barge_in: bool) -> None:
        if barge_in and self._ahead:
            return
        self.heard += [f"{prompt.name}/{prompt.language}" for prompt in prompts]
        self.story += [f"hears {prompt.name}" for prompt in prompts]

    async def key(self, within: float) -> str | None:
        self.waited.append(within)
        if self._ahead:
            return self._ahead.popleft()
        if self._script:
            return self._script.popleft()
        if self._hangs_up:
            raise CallerGone
        return SILENCE

    async def connect(
        self,
        reason: str,
        language: str,
        to: Destination | None = None,
        waiting: Waiting = RINGING,
        *,
        vip: bool = False,
        recording: TalkRecording | None = None,
    ) -> Connection:
        self.connected.append((reason, language))
        self.vips.append(vip)
        self.destinations.append(to)
        self.waitings.append(waiting)
        self.talk_recordings.append(recording)
        self.story.append(f"waits for {reason}")
        return self._agents.popleft() if self._agents else Connection.TALKED

    @asynccontextmanager
    async def message(self, reason: str, language: str, team: str | None) -> AsyncIterator[Message]:
        self.story.append(f"may leave a message for {team or reason}")
        yield self.answering_machine

    def note(self, name: str, **facts: str | int | float | None) -> None:
        self.notes.append((name, facts))
        self.story.append(name)

    def noted(self, name: str) -> list[dict[str, str | int | float | None]]:
        return [facts for noted, facts in self.notes if noted == name]


def load(folder: Path) -> FlowBook:
    book, findings = load_flows(folder)
    assert book is not None, "\n".join(map(str, findings))
    return book


def flow_of(folder: Path, nodes: str, prompts: Sequence[str], *, more: str = "") -> Flow:
    """A flow of one language with these nodes; each prompt says its own name."""
    said = "\n".join(f"  {name}: {{fr: dit {name}}}" for name in prompts)
    (folder / "test.yaml").write_text(
        "flow: test\nlanguages: [fr]\nstart: debut\nfallback_reason: panne\n"
        f"reasons: {{panne: {{fr: panne}}, vol: {{fr: vol}}}}\n{more}\nnodes:\n{nodes}\nprompts:\n{said}\n"
    )
    return load(folder).flows["test"]
