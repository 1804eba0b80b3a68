"""`astreinte flow try`: a caller's way through a flow, in the terminal."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

import typer

from ..call.plans import plan_for
from ..core import logs
from ..core.counted import counted
from ..core.durations import format_duration
from ..core.errors import AstreinteError
from ..core.prompt import Prompt
from ..core.settings import load_settings, safe_number
from ..core.suggest import nearest, one_of
from ..flow import interpreter
from ..flow.fields import KEYS
from ..flow.flow import Flow
from ..flow.nodes.hours import Hours
from ..flow.phone import (
    RINGING,
    Callbacks,
    Caller,
    CallerGone,
    Connection,
    Destination,
    Message,
    Recorded,
    TalkRecording,
    ToNumber,
    Waiting,
)
from ..roster.book import RosterBook, load_rosters
from ..service.calendars import KeptFeeds
from .flows import flow_named
from .instants import read_instant
from .terminal import BOLD, YELLOW, paint, safe
from .text_callbacks import TextCallbacks

SILENCE = "-"


class NotKeys(AstreinteError):
    """What was given as keys is none."""

    def __init__(self, text: str) -> None:
        super().__init__(
            f"`{safe(text)}` is no key of a telephone",
            remedy="write the keys (0 to 9, * and #), with a comma between those that are not typed ahead, "
            f"and {SILENCE} for silence: --keys '1,{SILENCE},2,#'",
        )


class UnknownLanguage(AstreinteError):
    """The flow does not speak that language."""

    def __init__(self, language: str, flow: Flow) -> None:
        near = nearest(language, flow.languages)
        super().__init__(
            f"the flow `{flow.name}` does not speak `{safe(language)}`",
            remedy=f"did you mean `{near}`?" if near else f"it speaks {one_of(flow.languages)}",
        )


class Fingers(Protocol):
    """Whoever presses keys."""

    def press(self, question: str) -> str:
        """Return the keys that are pressed now, "" for none. Raises `CallerGone` when they hang up."""
        ...

    def agree(self, question: str) -> bool:
        """Return whether the answer is yes."""
        ...


class Typist:
    """A person at the terminal."""

    def press(self, question: str) -> str:
        """Ask until what is typed are keys, or nothing."""
        while True:
            typed = self._typed(f"  {question}: ")
            if all(key in KEYS for key in typed):
                return typed
            typer.echo("  keys are 0 to 9, * and #; Enter alone is silence, Ctrl-D hangs up")

    def agree(self, question: str) -> bool:
        """Ask; Enter is yes."""
        return not self._typed(f"  {question} [Y/n] ").lower().startswith("n")

    def _typed(self, question: str) -> str:
        try:
            return input(question).strip()
        except (EOFError, KeyboardInterrupt):
            typer.echo()
            raise CallerGone from None


class Script:
    """Keys that are known beforehand; nothing is pressed after the last."""

    def __init__(self, keys: str, *, somebody: bool) -> None:
        self._presses = deque(keys.split(",") if keys else [])
        self._somebody = somebody
        for press in self._presses:
            if press != SILENCE and (not press or any(key not in KEYS for key in press)):
                raise NotKeys(press)

    def press(self, question: str) -> str:
        """Press what comes next."""
        press = self._presses.popleft() if self._presses else SILENCE
        typer.echo(f"  {question}: {'nothing' if press == SILENCE else press}")
        return "" if press == SILENCE else press

    def agree(self, question: str) -> bool:
        """Answer as the command says."""
        typer.echo(f"  {question} {'yes' if self._somebody else 'no'}")
        return self._somebody


class TextPhone:
    """A `Phone` of text: what is said is printed, keys are typed, nobody waits and nobody is rung."""

    def __init__(
        self,
        flow: Flow,
        caller: Caller,
        at: datetime,
        fingers: Fingers,
        rosters: RosterBook | None,
        *,
        callbacks: Callbacks,
    ) -> None:
        self.caller = caller
        self.callbacks = callbacks
        self._flow = flow
        self._at = at
        self._fingers = fingers
        self._rosters = rosters
        self._ahead = deque[str]()

    def now(self) -> datetime:
        """Return the instant that was asked for."""
        return self._at

    async def play(self, prompts: Sequence[Prompt], *, barge_in: bool) -> None:
        """Print what is said, unless a key was typed ahead of it."""
        if not (barge_in and self._ahead):
            for language, said in groupby(prompts, attrgetter("language")):
                typer.echo(f"  {language}  {' '.join(prompt.text for prompt in said)}")

    async def quiet(self) -> None:
        """Do nothing: what is printed is said."""

    async def key(self, within: float) -> str | None:
        """Return the next key."""
        if not self._ahead:
            self._ahead.extend(self._fingers.press(f"key ({format_duration(within)})"))
        return self._ahead.popleft() if self._ahead else None

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
        """Tell who would be rung, and ask whether they take the call."""
        messages = False
        if recording is not None:
            typer.echo(f"  {_told_of(recording)}")
        if isinstance(to, ToNumber):
            typer.echo(f"  rings {to.number} for {format_duration(to.seconds)}")
        elif self._rosters is not None:
            plan = plan_for(self._rosters, self._at, reason, language, to, vip=vip)
            names = [each.agent.name for each in plan.agents()]
            typer.echo(f"  rings {plan.team}: {', then '.join(names) or 'nobody is on call'}")
            messages = plan.takes_messages
            if not names:
                return Connection.VOICEMAIL_OFF_DUTY if messages else Connection.NOT_ON_DUTY
        else:
            typer.echo("  rings who is on call (the rosters have mistakes: `astreinte check`)")
        if self._waits_no_longer(waiting):
            return Connection.KEY
        if self._fingers.agree("Does somebody take the call?"):
            return Connection.TALKED
        return Connection.VOICEMAIL if messages else Connection.NOBODY

    @asynccontextmanager
    async def message(self, reason: str, language: str, team: str | None) -> AsyncIterator[Message]:
        """Tell whom the message is for."""
        whose = team or (self._rosters.reasons.get(reason) if self._rosters is not None else None)
        yield TextMessage(self._fingers, whose or f"who answers for {reason}")

    def _waits_no_longer(self, waiting: Waiting) -> bool:
        """Tell what is heard meanwhile, and ask for one of the keys that end it, if there are any."""
        if waiting.music:
            typer.echo(f"  hears music ({waiting.music})")
        if waiting.say or waiting.waited:
            said = " ".join(prompt.text for prompt in waiting.say)
            waited = "how long they have been waiting" if waiting.waited else ""
            typer.echo(
                f"  every {format_duration(waiting.every)}: {', then '.join(filter(None, (said, waited)))}"
            )
        if not waiting.keys:
            return False
        self._ahead.clear()
        pressed = self._fingers.press(f"key while it rings ({', '.join(sorted(waiting.keys))})")
        self._ahead.extend(key for key in pressed if key in waiting.keys)
        return bool(self._ahead)

    def note(self, name: str, **facts: str | int | float | None) -> None:
        """Print what a caller does not hear."""
        if name == "flow.node":
            node = str(facts["node"])
            kind = type(self._flow.nodes[node]).__name__.lower()
            typer.echo(f"\n{paint(node, BOLD)} ({kind})")
        elif words := NOTES.get(name):
            typer.echo(paint(f"  · {safe(words.format(**facts))}", YELLOW))


def _told_of(recording: TalkRecording) -> str:
    """Return what becomes of what the two say."""
    if recording.refused:
        return "is not recorded: the caller objected"
    kept = f"a recording is kept for {counted(recording.keep_days, 'day')}"
    if not recording.announcement:
        return f"is recorded when they talk; {kept}"
    said = " ".join(prompt.text for prompt in recording.announcement)
    return f"is recorded if the agent asks for it; both hear first: {said} ({kept})"


class TextMessage:
    """A message of which nothing but its keys is real."""

    def __init__(self, fingers: Fingers, whose: str) -> None:
        self._fingers = fingers
        self._whose = whose

    async def record(self, *, longest: float, silence: float) -> Recorded:
        """Let the caller speak, or press `#` at once."""
        typer.echo(f"  records a message for {self._whose}, {format_duration(longest)} at most")
        said = self._fingers.press("beep (# at once: nothing is said)")
        return Recorded.NOTHING if said.startswith("#") else Recorded.MESSAGE

    async def play(self) -> None:
        """Print that it is played."""
        typer.echo("  plays the message")

    async def keep(self) -> bool:
        """Print that it is kept."""
        typer.echo("  keeps the message")
        return True


NOTES = {
    "flow.language": "speaks {language}",
    "flow.reason": "reason: {reason}",
    "flow.priority": "priority: {priority}",
    "flow.vip": "VIP: {vip}",
    "caller.answer": "{answer}",
    "flow.loop": "here for the fourth time without a key: the call ends",
    "menu.invalid": "a wrong key",
    "collect.invalid": "not a right number",
    "call.number": "{variable}: {number}, as on record",
    "hours.answer": "{answer}",
    "callback.refused": "cannot be called back: {reason}",
    "survey.answer": "score: {score}",
    "survey.silence": "no score",
    "webhook.answered": "answered; branch: {branch}",
    "webhook.failed": "no answer that can be used: {reason}",
}
"""Notes that a caller's way is understood by; the others are seen anyway."""


def try_flow(
    settings_file: Path | None,
    name: str,
    number: str | None,
    called: str,
    *,
    vip: bool,
    language: str | None,
    at: str | None,
    keys: str | None,
    somebody: bool,
) -> int:
    """Walk a flow; return the exit code."""
    logs.configure(level="error")  # what a walk warns of is printed as a note
    settings = load_settings(settings_file)
    flow = flow_named(settings, name)
    if language is not None and language not in flow.languages:
        raise UnknownLanguage(language, flow)
    instant = _instant(at, flow)
    fingers = Typist() if keys is None else Script(keys, somebody=somebody)
    rosters, _ = load_rosters(settings.rosters, at=instant, feeds=KeptFeeds(settings))
    caller = Caller("try", called, safe_number(number), vip)
    callbacks = TextCallbacks(settings, caller)
    phone = TextPhone(flow, caller, instant, fingers, rosters, callbacks=callbacks)
    end = asyncio.run(interpreter.run(flow, phone, language=language))
    if (promised := callbacks.promised) and (then := promised.plan.then):
        with suppress(CallerGone):
            if fingers.agree("Do the two talk when the caller is called back?"):
                end = asyncio.run(
                    interpreter.go_on(
                        flow,
                        phone,
                        then,
                        language=promised.language,
                        reason=promised.reason,
                        priority=promised.priority,
                    )
                )
    for_reason = f", for {end.reason}" if end.reason else ""
    typer.echo(f"\nThe call ends at {end.node}: {end.outcome}, in {end.language}{for_reason}.")
    return 0


def _instant(at: str | None, flow: Flow) -> datetime:
    if at is None:
        return datetime.now(UTC)
    zones = [step.timezone for step in flow.nodes.values() if isinstance(step, Hours)]
    instant, notes = read_instant(at, zones[0] if zones else ZoneInfo("UTC"), "--at")
    for note in notes:
        typer.echo(paint(note, YELLOW))
    return instant
