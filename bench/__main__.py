"""`python -m bench`: measure, print a table."""

from __future__ import annotations

import asyncio
import shutil
import signal
import tempfile
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console
from rich.markup import escape

from ari_app.cli.progress import SetupProgress
from ari_app.core.errors import AstreinteError

from .adoption import adoption_round, figures_of_adoption
from .figures import Turns, figures_at_the_end, figures_of_hold, figures_of_rate
from .mouthpiece import KEY_SECONDS
from .organisation import Organisation
from .processes import ProcessFailed
from .report import Section, machine, table, write_json
from .rig import DIALPLAN, LINE, Programs, Rig, open_rig
from .roster_figures import figures_of_edits, figures_of_loads, figures_of_reloads, heading
from .roster_rounds import edits, load_rounds, reload_round, shipped_edits
from .rounds import Leftovers, bare_round, dialplan_round, hold, line_round, warm_up
from .sipp import Load
from .whole import figures_of_whole, whole_rounds
from .whole import load as whole_load
from .work import figures_of_work, work_round

TALK_SECONDS = 2.0
COUNTED_CALLS = 30
HOLD_RAMP = 20
"""Calls a second until all are there."""
LEFT_SECONDS = 5.0
"""How long hang-ups that are under way may take at the end."""

LARGE, SMALL = Organisation(), Organisation(teams=50, busy=5)
Tell = Callable[[str], None]
T = TypeVar("T")


class Part(StrEnum):
    """What can be measured by itself."""

    CALLS = "calls"
    WHOLE = "whole"
    ADOPTION = "adoption"
    ROSTERS = "rosters"
    WORK = "work"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be measured."""

    rates: tuple[int, ...] = (20, 40)
    rounds: int = 3
    seconds: float = 15.0
    hold_calls: int = 400
    hold_seconds: float = 60.0
    talk_seconds: float = TALK_SECONDS
    whole_rate: int = 10
    adopted: int = 200
    organisation: Organisation | None = LARGE
    counted: int = 0
    """Calls whose work is counted; none unless that is asked for."""

    def load(self, rate: int) -> Load:
        """Return the load of one round."""
        return Load(round(rate * self.seconds), rate, KEY_SECONDS + self.talk_seconds)

    def only(self, part: Part) -> Plan:
        """Return the plan with one part alone."""
        return replace(
            self,
            rates=self.rates if part is Part.CALLS else (),
            whole_rate=self.whole_rate if part is Part.WHOLE else 0,
            adopted=self.adopted if part is Part.ADOPTION else 0,
            organisation=self.organisation if part is Part.ROSTERS else None,
            counted=COUNTED_CALLS if part is Part.WORK else 0,
        )


QUICK = Plan(
    (5,),
    rounds=1,
    seconds=2,
    hold_calls=10,
    hold_seconds=4,
    talk_seconds=1,
    whole_rate=5,
    adopted=10,
    organisation=SMALL,
)


async def measure(plan: Plan, programs: Programs, folder: Path, tell: Tell) -> list[Section]:
    """Measure all of a plan with files in `folder`; return the figures."""
    sections: list[Section] = []
    async with open_rig(programs, folder) as rig:
        if plan.rates:
            sections += await _calls(rig, plan, tell)
        if plan.whole_rate:
            sections.append(await _whole(rig, plan, tell))
        if plan.adopted:
            sections.append(await _adoption(rig, plan.adopted, tell))
        if plan.organisation is not None:
            sections.append(await _rosters(rig, plan.organisation, tell))
        if plan.counted:
            sections.append(await _work(rig, plan, tell))
    return sections


async def _calls(rig: Rig, plan: Plan, tell: Tell) -> list[Section]:
    lost = await _prepare(rig, tell)
    sections: list[Section] = [
        (f"{rate} calls/s", figures_of_rate(await _rate(rig, plan, rate, tell))) for rate in plan.rates
    ]
    if plan.hold_calls:
        tell(f"{plan.hold_calls} calls at once")
        held = await hold(rig, plan.hold_calls, HOLD_RAMP, plan.hold_seconds)
        sections.append((f"{plan.hold_calls} calls at once", figures_of_hold(held)))
    sections.append(("At the end", figures_at_the_end(await _left(rig))))
    if lost:
        raise ProcessFailed(f"{lost} of the first calls failed; see {rig.folder}")
    return sections


async def _whole(rig: Rig, plan: Plan, tell: Tell) -> Section:
    if not rig.played:
        await _prepare(rig, tell)
    rounds = await whole_rounds(rig, whole_load(plan.whole_rate, plan.seconds), plan.rounds, tell)
    return f"Music, whisper, accept, survey; {plan.whole_rate} calls/s", figures_of_whole(rounds)


async def _adoption(rig: Rig, calls: int, tell: Tell) -> Section:
    tell(f"{calls} calls, and the line is killed")
    return f"{calls} calls in talk, kill -9, start", figures_of_adoption(await adoption_round(rig, calls))


async def _rosters(rig: Rig, organisation: Organisation, tell: Tell) -> Section:
    tell("rosters: load, ask, expand")
    figures = figures_of_loads(await load_rounds(rig.folder, organisation))
    tell("rosters: reload")
    figures += figures_of_reloads(await reload_round(rig))
    tell("rosters: edit")
    figures += figures_of_edits(await edits(rig), await shipped_edits(rig))
    return heading(organisation), figures


async def _work(rig: Rig, plan: Plan, tell: Tell) -> Section:
    if not rig.played:
        await _prepare(rig, tell)
    tell(f"{plan.counted} calls under valgrind")
    work = await work_round(rig, plan.counted, KEY_SECONDS + plan.talk_seconds)
    return "A short call, counted", figures_of_work(work)


async def _prepare(rig: Rig, tell: Tell) -> int:
    """Run the line and the dialplan once, so that all that is done only once is done; return failed calls."""
    tell("first calls")
    async with rig.line.running():
        lost = await warm_up(rig)
        await rig.add_dialplan()
    return lost + await warm_up(rig, DIALPLAN)


async def _rate(rig: Rig, plan: Plan, rate: int, tell: Tell) -> Turns:
    turns, load = Turns(), plan.load(rate)
    for number in range(1, plan.rounds + 1):
        for way, measured, rounds in (
            ("line", line_round, turns.line),
            ("dialplan", dialplan_round, turns.dialplan),
            ("bare ARI", bare_round, turns.bare),
        ):
            tell(f"{rate} calls/s, round {number} of {plan.rounds}: {way}")
            rounds.append(await measured(rig, load))
    return turns


async def _left(rig: Rig) -> Leftovers:
    with suppress(TimeoutError):
        async with asyncio.timeout(LEFT_SECONDS):
            while await rig.server.channels() or await rig.server.bridges():  # noqa: ASYNC110 - over HTTP
                await asyncio.sleep(0.1)
    outcomes = rig.line.outcomes()
    return Leftovers(
        channels=len(await rig.server.channels()),
        bridges=len(await rig.server.bridges()),
        calls=rig.played[LINE],
        records=outcomes.total(),
        bridged=outcomes["bridged"],
    )


def main(  # noqa: PLR0917 - typer's options, each by its name
    rates: Annotated[str, typer.Option(help="Calls a second, one or more, with commas.")] = "20,40",
    seconds: Annotated[float, typer.Option(help="How long each round places calls.", min=1)] = 15.0,
    rounds: Annotated[int, typer.Option(help="Rounds of each rate, each through every way.", min=1)] = 3,
    held: Annotated[int, typer.Option("--hold", help="Calls at once, in the end; 0: none.", min=0)] = 400,
    only: Annotated[Part | None, typer.Option(help="One part alone. Default: all.")] = None,
    quick: Annotated[bool, typer.Option(help="Seconds of small loads: does it work, not how fast.")] = False,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the figures here too.")] = None,
    keep: Annotated[
        bool, typer.Option(help="Keep the folder with all logs; kept anyway on failure.")
    ] = False,
) -> None:
    """Measure what a call costs through Astreinte and through plain dialplan, in turn, on one Asterisk;
    and a large organisation's rosters.

    Exits with 1 when calls failed or something was left behind. A figure that a busy machine misses is
    marked, no more.
    """
    plan = QUICK if quick else Plan(_numbers(rates), rounds, seconds, hold_calls=held)
    plan = plan.only(only) if only else plan
    console, on = Console(), machine()
    folder = Path(tempfile.mkdtemp(prefix="astreinte-bench-"))
    done = False
    try:
        sections = _measured(plan, folder, console)
        console.print(table(sections), on, sep="\n")
        if json_file is not None:
            write_json(json_file, on, sections)
        done = not any(each.must and each.ok is False for _, figures in sections for each in figures)
    except (AstreinteError, ProcessFailed) as error:
        console.print(f"[red]bench: {escape(str(error))}")
    except (KeyboardInterrupt, asyncio.CancelledError):
        console.print("bench: stopped")
    if keep or not done:
        console.print(f"Logs of everything: {folder}")
    else:
        shutil.rmtree(folder)
    raise typer.Exit(0 if done else 1)


def _measured(plan: Plan, folder: Path, console: Console) -> list[Section]:
    with SetupProgress() as progress:
        programs = Programs.found(progress.asterisk)
    with console.status("starting") as status:

        def tell(what: str) -> None:
            if console.is_terminal:
                status.update(what)
            else:
                console.print(what)

        return asyncio.run(_until_terminated(measure(plan, programs, folder, tell)))


async def _until_terminated(work: Coroutine[Any, Any, T]) -> T:
    """Await `work`; SIGTERM ends it as Ctrl-C does, with all processes."""
    task = asyncio.ensure_future(work)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await task


def _numbers(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(word) for word in text.split(","))
    except ValueError:
        raise typer.BadParameter("whole numbers with commas, such as 20,40", param_hint="--rates") from None


if __name__ == "__main__":
    typer.run(main)
