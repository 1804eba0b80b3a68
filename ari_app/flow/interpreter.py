"""The walk through a flow, from its start to an outcome.

It notes what it does, under names that stay: `flow.started` (flow), `flow.language` (language),
`flow.node` (node), `menu.key` (node, key), `menu.invalid` (node, key), `menu.silence` (node),
`collect.invalid` (node), `collect.silence` (node), `call.number` (node, variable, number), `flow.reason`
(reason), `flow.priority` (priority), `flow.vip` (vip), `hours.answer` (node, answer), `caller.answer`
(node, answer), `webhook.answered` (node, branch), `webhook.failed` (node, reason), `recording.announced`
(node), `recording.refused` (node), `voicemail.nothing` (node), `voicemail.again` (node), `voicemail.failed`
(node), `survey.answer` (node, score), `survey.silence` (node), `callback.asked` (node), `callback.refused`
(node, reason), `flow.connected` (result), `flow.loop` (node), `flow.ended` (node, outcome).
"""

from __future__ import annotations

from dataclasses import dataclass

from .flow import Flow
from .phone import CallerGone, Phone
from .walk import Outcome, Walk
from .words import Word

__all__ = ["FlowEnd", "Outcome", "run"]

ROUNDS_WITHOUT_A_KEY = 3
"""How often a node may come again while the caller presses nothing, before the line gives up."""


@dataclass(frozen=True, slots=True)
class FlowEnd:
    """How a walk ended, and where."""

    outcome: Outcome
    node: str
    language: str
    reason: str | None
    """None when no reason was chosen and none was needed."""


async def run(flow: Flow, phone: Phone, *, language: str | None = None) -> FlowEnd:
    """Walk a caller through a flow and return how it ended. The caller is still there to be hung up.

    They begin in `language`, or in the one that the flow has for who calls, and whom. Whatever the phone
    raises, but `CallerGone`, ends the walk and is raised.
    """
    return await _walked(Walk(flow, phone, language or flow.language_for(phone.caller)))


async def go_on(flow: Flow, phone: Phone, node: str, *, language: str, reason: str, priority: int) -> FlowEnd:
    """Walk a caller on from a node, who was called back and has talked with an agent: as `run` else."""
    walk = Walk(flow, phone, language if language in flow.languages else flow.languages[0])
    walk.node, walk.reason, walk.priority = node, reason, priority
    walk.outcome = Outcome.TALKED
    return await _walked(walk)


async def _walked(walk: Walk) -> FlowEnd:
    try:
        await _to_the_end(walk)
    except CallerGone:
        walk.outcome = Outcome.ABANDONED
    walk.note("flow.ended", node=walk.node, outcome=walk.outcome)
    return FlowEnd(walk.outcome, walk.node, walk.language, walk.reason)


async def _to_the_end(walk: Walk) -> None:
    walk.note("flow.started", flow=walk.flow.name)
    walk.note("flow.language", language=walk.language)
    node: str | None = walk.node
    while node is not None:
        if walk.enter(node) > ROUNDS_WITHOUT_A_KEY:
            walk.note("flow.loop", node=node)
            await walk.say_words(Word.CALLER_ERROR, barge_in=False)
            return
        walk.note("flow.node", node=node)
        node = await walk.flow.nodes[node].visit(walk)
