"""What is measured of calls with all that they can have: music, a whisper, a key to accept, a survey."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .figures import Figure, none_of, ratio, spread
from .line import WHOLE_LINE
from .mouthpiece import KEY_SECONDS
from .rig import WHOLE_DIALPLAN, Rig
from .rounds import Round, dialplan_round, line_round, warm_up, warming
from .sipp import WHOLE, Load

CPU_RATIO = 1.6
AGENT_SECONDS = 1.0 + 1.5 + 2.0
"""How long the agent rings, listens and talks, as in accepting-agent.xml."""
THANKS_SECONDS = 1.0
"""How long "Merci." is at most."""


@dataclass(frozen=True, slots=True)
class Whole:
    """Rounds through the line and through the dialplan, in turn."""

    line: list[Round]
    dialplan: list[Round]
    calls: int
    """All that were placed to the line, those of its warming up too."""
    surveyed: int
    """Records that have an answer to the survey."""


def load(rate: int, seconds: float) -> Load:
    """Return the load of one round."""
    return Load(round(rate * seconds), rate, 2 * KEY_SECONDS + AGENT_SECONDS + THANKS_SECONDS, WHOLE)


async def whole_rounds(rig: Rig, each: Load, rounds: int, tell: Callable[[str], None]) -> Whole:
    """Measure a load, through the line and then through the dialplan, some times."""
    line, dialplan = [], []
    await warm_up(rig, WHOLE_DIALPLAN, warming(each))
    for number in range(1, rounds + 1):
        tell(f"whole calls, round {number} of {rounds}: line")
        line.append(await line_round(rig, each, WHOLE_LINE))
        tell(f"whole calls, round {number} of {rounds}: dialplan")
        dialplan.append(await dialplan_round(rig, each, WHOLE_DIALPLAN))
    return Whole(line, dialplan, rig.played[WHOLE_LINE], rig.line.surveyed())


def figures_of_whole(whole: Whole) -> list[Figure]:
    """Compare the rounds: the nth of the line with the nth of the dialplan, which followed it."""
    line, dialplan = whole.line, whole.dialplan
    return [
        spread("CPU a call, dialplan", dialplan, lambda each: each.cpu_ms, "ms"),
        spread("CPU a call, line with app", line, lambda each: each.cpu_ms, "ms"),
        ratio(line, dialplan, target=CPU_RATIO),
        spread("  the app alone", line, lambda each: each.app_ms, "ms"),
        none_of("Failed calls, dialplan", sum(each.failed for each in dialplan)),
        none_of("Failed calls, line", sum(each.failed for each in line)),
        Figure("Answers to the survey", whole.surveyed, target=whole.calls, exactly=True, must=True),
    ]
