"""`astreinte drill`: rings everybody who would be rung now, and tells who can be reached."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from pathlib import Path
from typing import Any

import typer

from ..core.settings import load_settings
from ..records.facts import LegResult
from ..service.requests import asked
from .terminal import GREEN, RED, YELLOW, paint, safe

_IN_WORDS = {
    LegResult.ACCEPTED: "confirmed",
    LegResult.NO_ANSWER: "nobody answered",
    LegResult.BUSY: "busy",
    LegResult.DECLINED: "declined",
    LegResult.PASSED: "answered, and pressed 2 instead of 1",
    LegResult.UNREACHABLE: "cannot be reached",
    LegResult.NOT_ACCEPTED: "answered, and nobody pressed 1 (a voicemail box?)",
    LegResult.CANCELLED: "a caller came first",
    LegResult.SKIPPED: "cannot be reached: the phone is not there (not registered)",
    LegResult.FAILED: "Asterisk could not ring it: is the endpoint or the trunk there?",
    LegResult.INTERRUPTED: "the connection to Asterisk was lost",
}


def run_drill(settings_file: Path | None, team: str, reason: str | None) -> int:
    """Hold a drill in the running line; return 0 if somebody of the team could be reached."""
    settings = load_settings(settings_file)
    try:
        return asyncio.run(_drill(settings.data, team, reason))
    except KeyboardInterrupt:
        typer.echo("\nThe drill is over: nobody is rung any more.", err=True)
        return 1


async def _drill(folder: Path, team: str, reason: str | None) -> int:
    request = {"ask": "drill", "team": team, "reason": reason}
    agents: set[str] = set()
    async with aclosing(asked(folder, request)) as answers:
        async for answer in answers:
            if "ringing" in answer:
                typer.echo(f"{_who(answer)}: ringing ... ", nl=False)
            elif "result" in answer:
                agents.add(answer["agent"])
                begun = answer["result"] != "in-call"
                typer.echo(_told(answer) if begun else f"{_who(answer)}: {_told(answer)}")
            else:
                return _verdict(answer["team"], answer["confirmed"], len(agents))
    return 1


def _who(answer: dict[str, Any]) -> str:
    return f"{safe(answer['name'])}, {safe(answer['phone'])}"


def _told(answer: dict[str, Any]) -> str:
    if answer["result"] == "in-call":
        return paint("skipped: in a call, or about to be", YELLOW)
    result = LegResult(answer["result"])
    words = _IN_WORDS.get(result, result.value)
    if answer["answered_after"] is not None:
        words += f", picked up after {answer['answered_after']:.1f} s"
    elif result not in {LegResult.SKIPPED, LegResult.FAILED}:
        words += f", after {answer['seconds']:.1f} s"
    if answer["sip_code"] is not None:
        words += f" (SIP {answer['sip_code']})"
    return paint(words, GREEN if result is LegResult.ACCEPTED else RED)


def _verdict(team: str, confirmed: int, agents: int) -> int:
    if not agents:
        typer.echo(paint(f"{safe(team)} rings nobody now: see `astreinte who {safe(team)}`.", RED))
        return 1
    many = f"{confirmed} of {agents} confirmed"
    if confirmed:
        typer.echo(paint(f"{safe(team)} can be reached: {many}.", GREEN))
        return 0
    typer.echo(paint(f"{safe(team)} could not be reached: {many}.", RED))
    return 1
