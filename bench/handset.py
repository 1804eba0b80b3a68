"""What SIPp cannot play without root: the callers' voices, the key they press, a clock at the agent's door.

A process of its own: `python -m bench.handset CONFIG RESULTS`, until SIGTERM. SIPp speaks SIP for callers
and agents; its messages pass through here, unchanged, so that each caller begins to speak at the answer and
stops at the BYE. The callers' SDP names ports of this process.

It measures, in each call, the time from the RTP packet that ends the key to the INVITE to the agent. Both
times are of one clock; the first is taken just before the packet is sent, the second by the kernel when the
INVITE arrives. Loopback delivers at once, so what is measured is too long by the time of one `sendto` (some
microseconds, more when this process is put off just there), and never too short.
"""

from __future__ import annotations

import csv
import heapq
import json
import re
import resource
import select
import signal
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from .mouthpiece import Mouthpiece
from .relay import Address, Relay

NS_IN_MS = 1e6

_CALLER = re.compile(rb"^(?:From|f)[ \t]*:[^\r\n]*?sip:\+?(\d+)@", re.IGNORECASE | re.MULTILINE)
_CALLED = re.compile(rb"^(?:To|t)[ \t]*:[^\r\n]*?sip:\+?(\d+)@", re.IGNORECASE | re.MULTILINE)
_ANSWER = re.compile(rb"^CSeq[ \t]*:[ \t]*\d+[ \t]+INVITE", re.IGNORECASE | re.MULTILINE)
_SOUND_HOST = re.compile(rb"^c=IN IP4 ([0-9.]+)", re.MULTILINE)
_SOUND_PORT = re.compile(rb"^m=audio (\d+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class HandsetConfig:
    """Where everybody is, and how many callers there will be."""

    host: str
    """Where callers and the agent are."""
    first_port: int
    ports: int
    """How many callers can talk at once; caller `i` uses the port `first_port + 2 * (i % ports)`."""
    calls: int
    first_number: int
    """The number of caller 0; each next caller's is one more."""
    line: Address
    """Where Asterisk takes calls."""
    line_for_callers: Address
    """Where SIPp's callers send instead."""
    agent: Address
    """Where Asterisk calls the agent."""
    sipp_agent: Address
    """Where SIPp's agent is."""
    hushed: bool = False
    """Whether callers say little once they have heard the agent."""

    def save(self, path: Path) -> None:
        """Write it for the process to read."""
        path.write_text(json.dumps(asdict(self)), "utf-8")

    @classmethod
    def load(cls, path: Path) -> HandsetConfig:
        """Read what `save` wrote."""
        fields: dict[str, Any] = json.loads(path.read_text("utf-8"))
        for name, value in fields.items():
            if isinstance(value, list):  # JSON has no tuples
                fields[name] = tuple(value)
        return cls(**fields)

    def number(self, call: int) -> str:
        """Return a caller's number, E.164."""
        return f"+{self.first_number + call}"

    def port(self, call: int) -> int:
        """Return the port of a caller's voice."""
        return self.first_port + 2 * (call % self.ports)


@dataclass(slots=True)
class Heard:
    """What was seen of one call."""

    rung_after_ms: float | None = None
    """From the end of the key to the INVITE to the agent; None when there was none."""
    echo: bool = False
    """Whether the caller's voice came back from the agent's side."""


def load_heard(path: Path) -> list[Heard]:
    """Read what the process wrote when it ended."""
    with path.open(newline="", encoding="utf-8") as file:
        return [Heard(float(after) if after else None, echo == "1") for after, echo in csv.reader(file)]


class Handset:
    """All callers' voices, and what passes between SIPp and Asterisk, in one loop."""

    def __init__(self, config: HandsetConfig) -> None:
        self._config = config
        self.heard = [Heard() for _ in range(config.calls)]
        self._mouthpieces = [
            Mouthpiece(config.host, config.port(each), hushed=config.hushed) for each in range(config.ports)
        ]
        self._callers = Relay(config.line_for_callers, config.line)
        self._agent = Relay(config.agent, config.sipp_agent)
        self._due: list[tuple[float, int]] = []
        """When whose next packet is to be sent: a heap of monotonic times and calls."""

    def run(self) -> None:
        """Play until a signal ends it."""
        handlers = {
            self._callers.front.fileno(): self._on_caller,
            self._callers.back.fileno(): self._on_line,
            self._agent.front.fileno(): self._on_agent_called,
            self._agent.back.fileno(): self._on_agent,
        }
        poll = select.epoll()
        for fileno in handlers:
            poll.register(fileno, select.EPOLLIN)
        while True:
            wait = max(0.0, self._due[0][0] - time.monotonic()) if self._due else None
            for fileno, _ in poll.poll(wait):
                handlers[fileno]()
            self._speak(time.monotonic())

    def _speak(self, now: float) -> None:
        while self._due and self._due[0][0] <= now:
            _, call = heapq.heappop(self._due)
            mouthpiece = self._mouthpiece(call)
            if mouthpiece.call == call:
                heapq.heappush(self._due, (mouthpiece.speak(), call))

    def _on_caller(self) -> None:
        """A caller's message is on its way to the line: with BYE the caller falls silent."""
        message, _ = self._callers.forth()
        if not message.startswith(b"BYE ") or (call := self._call_of(message)) is None:
            return
        if self._mouthpiece(call).call == call:
            self._mouthpiece(call).hang_up()
            self.heard[call].echo = self._mouthpiece(call).echo

    def _on_line(self) -> None:
        """The line answers a caller: with 200 to INVITE the caller begins to speak."""
        message = self._callers.back_again()
        if not (message.startswith(b"SIP/2.0 200") and _ANSWER.search(message)):
            return
        call = self._call_of(message)
        host, port = _SOUND_HOST.search(message), _SOUND_PORT.search(message)
        if call is not None and host and port and self._mouthpiece(call).call != call:
            now = time.monotonic()
            self._mouthpiece(call).pick_up(call, (host[1].decode(), int(port[1])), now)
            heapq.heappush(self._due, (now, call))

    def _on_agent_called(self) -> None:
        """Asterisk sends something to the agent: its first INVITE in a call is what we time."""
        message, at_ns = self._agent.forth()
        if not message.startswith(b"INVITE ") or (call := self._call_of(message)) is None:
            return
        if self._mouthpiece(call).call == call and self.heard[call].rung_after_ms is None:
            self.heard[call].rung_after_ms = (at_ns - self._mouthpiece(call).key_ended_ns) / NS_IN_MS

    def _on_agent(self) -> None:
        """The agent says something to Asterisk: after BYE the caller is asked, and presses a key."""
        message = self._agent.back_again()
        if not message.startswith(b"BYE ") or (call := self._call_of(message, _CALLED)) is None:
            return
        if self._mouthpiece(call).call == call:
            self._mouthpiece(call).press_again()
            self.heard[call].echo = self._mouthpiece(call).echo

    def _mouthpiece(self, call: int) -> Mouthpiece:
        return self._mouthpieces[call % self._config.ports]

    def _call_of(self, message: bytes, number: re.Pattern[bytes] = _CALLER) -> int | None:
        """Return which call a message is about: Asterisk shows the agent the caller's own number."""
        caller = number.search(message)
        call = int(caller[1]) - self._config.first_number if caller else -1
        return call if 0 <= call < self._config.calls else None


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


def main() -> None:
    """Play the callers of a configuration; write what was seen when SIGTERM comes."""
    config_path, results = map(Path, sys.argv[1:])
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    signal.signal(signal.SIGTERM, _stop)
    handset = Handset(HandsetConfig.load(config_path))
    print("ready", flush=True)
    try:
        handset.run()
    finally:
        with results.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(
                ("" if each.rung_after_ms is None else f"{each.rung_after_ms:.4f}", int(each.echo))
                for each in handset.heard
            )


if __name__ == "__main__":
    main()
