"""What a dialplan is told: who is on call, and how to dial them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from .errors import InvalidAnswer

Status = Literal["found", "nobody", "unknown-reason", "error"]

# One destination of Dial(): technology/resource. No comma, &, (, |, $, quote or blank: each would end
# the destination, add one, or be evaluated by the dialplan that uses it (README-SERIOUSLY.bestpractices).
_DESTINATION = re.compile(r"[A-Za-z][A-Za-z0-9]{0,15}/[A-Za-z0-9+*#_.@:/-]{1,200}", re.ASCII)
_LONGEST_DIAL = 2048  # bytes; AGI reads a command into 8192 (AGI_BUF_LEN, res/res_agi.c)
_LONGEST_AGENT = 256  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class OnCallAnswer:
    """Who is on call, for a dialplan.

    `agent` is who, `dial` each destination to ring at once (`PJSIP/alice`), `until` when the answer may
    change (aware). An answer that could do harm raises `InvalidAnswer` when it is made.
    """

    status: Status
    agent: str = ""
    dial: tuple[str, ...] = ()
    until: datetime | None = None

    def __post_init__(self) -> None:
        if (self.status == "found") != bool(self.dial):
            raise InvalidAnswer("`found` and a destination to dial come together")
        for destination in self.dial:
            if not _DESTINATION.fullmatch(destination):
                raise InvalidAnswer(f"{destination!r} is not one destination of Dial()")
        if len("&".join(self.dial)) > _LONGEST_DIAL:
            raise InvalidAnswer("too many destinations to dial at once")
        if len(self.agent) > _LONGEST_AGENT or not self.agent.isprintable():
            raise InvalidAnswer("the agent's name is too long or cannot be printed")
        if self.until is not None and self.until.tzinfo is None:
            raise InvalidAnswer("`until` has no time zone")

    def variables(self) -> dict[str, str]:
        """Return the channel variables, all of them for each status, `ONCALL_STATUS` last.

        Last, so that a dialplan never sees `found` beside the destinations of an earlier answer.
        """
        until = self.until.astimezone(UTC) if self.until else None
        return {
            "ONCALL_AGENT": self.agent,
            "ONCALL_DIAL": "&".join(self.dial),
            "ONCALL_UNTIL": f"{until:%Y-%m-%dT%H:%M:%SZ}" if until else "",
            "ONCALL_UNTIL_EPOCH": str(int(until.timestamp())) if until else "",
            "ONCALL_STATUS": self.status,
        }
