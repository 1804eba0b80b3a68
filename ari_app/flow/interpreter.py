"""The walk through a flow, from its start to an outcome.

It notes what it does, under names that stay: `flow.started` (flow), `flow.language` (language),
`flow.node` (node), `menu.key` (node, key), `menu.invalid` (node, key), `menu.silence` (node),
`flow.reason` (reason), `flow.connected` (result), `flow.loop` (node), `flow.ended` (node, outcome).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

from .flow import Flow
from .phone import CallerGone, Connection, Phone
from .schema import Goodbye, Menu, Route, Say, Spoken

ROUNDS_WITHOUT_A_KEY = 3
"""How often a node may come again while the caller presses nothing, before the line gives up."""


class Outcome(StrEnum):
    """How a walk ended."""

    TALKED = "talked"
    NOBODY = "nobody"
    NOT_ON_DUTY = "not-on-duty"
    GOODBYE = "goodbye"
    """The flow said goodbye without having looked for an agent."""
    ABANDONED = "abandoned"
    """The caller hung up first."""


@dataclass(frozen=True, slots=True)
class FlowEnd:
    """How a walk ended, and where."""

    outcome: Outcome
    node: str
    language: str
    reason: str | None
    """None when no reason was chosen and none was needed."""


async def run(flow: Flow, phone: Phone) -> FlowEnd:
    """Walk a caller through a flow and return how it ended. The caller is still there to be hung up.

    Whatever the phone raises, but `CallerGone`, ends the walk and is raised.
    """
    walk = _Walk(flow, phone)
    try:
        await walk.to_the_end()
    except CallerGone:
        walk.outcome = Outcome.ABANDONED
    phone.note("flow.ended", node=walk.node, outcome=walk.outcome)
    return FlowEnd(walk.outcome, walk.node, walk.language, walk.reason)


class _Walk:
    """Where a caller is, and what is known of them."""

    def __init__(self, flow: Flow, phone: Phone) -> None:
        self.node = flow.start
        self.language = flow.languages[0]
        self.reason: str | None = None
        self.outcome = Outcome.GOODBYE
        self._flow = flow
        self._phone = phone
        self._visits = Counter[str]()  # of each node, since the last key

    async def to_the_end(self) -> None:
        self._phone.note("flow.started", flow=self._flow.name)
        self._phone.note("flow.language", language=self.language)
        goto: str | None = self.node
        while goto is not None:
            self.node = goto
            self._visits[goto] += 1
            if self._visits[goto] > ROUNDS_WITHOUT_A_KEY:
                self._phone.note("flow.loop", node=goto)
                await self._phone.play([self._flow.apology[self.language]], barge_in=False)
                return
            self._phone.note("flow.node", node=goto)
            goto = await self._visit(goto)

    async def _visit(self, name: str) -> str | None:
        """Do what a node says and return the next one, None at the end."""
        match self._flow.nodes[name]:
            case Menu() as menu:
                return await self._ask(menu)
            case Route() as route:
                return await self._route(route)
            case Say() as say:
                await self._say(say, barge_in=True)
                return say.goto
            case Goodbye() as goodbye:
                await self._say(goodbye, barge_in=False)
                return None

    async def _say(self, spoken: Spoken, *, barge_in: bool) -> None:
        languages = spoken.languages or (self.language,)
        await self._phone.play(self._flow.prompts(spoken.prompt, languages), barge_in=barge_in)

    async def _ask(self, menu: Menu) -> str:
        for tries_left in range(menu.retries, -1, -1):
            await self._say(menu, barge_in=menu.barge_in)
            key = await self._phone.key(menu.timeout)
            if key is None:
                self._phone.note("menu.silence", node=self.node)
                answer = menu.silence
            else:
                self._visits.clear()
                if choice := menu.keys.get(key):
                    self._phone.note("menu.key", node=self.node, key=key)
                    self._choose(choice.language, choice.reason)
                    return choice.goto
                self._phone.note("menu.invalid", node=self.node, key=key)
                answer = menu.invalid
            if answer and tries_left:
                languages = menu.languages or (self.language,)
                await self._phone.play(self._flow.prompts(answer, languages), barge_in=menu.barge_in)
        return menu.otherwise

    def _choose(self, language: str | None, reason: str | None) -> None:
        if language:
            self.language = language
            self._phone.note("flow.language", language=language)
        if reason:
            self.reason = reason
            self._phone.note("flow.reason", reason=reason)

    async def _route(self, route: Route) -> str | None:
        if self.reason is None:
            self._choose(None, self._flow.fallback_reason)
        assert self.reason is not None  # noqa: S101 - chosen by now
        connection = await self._phone.connect(self.reason, self.language)
        self._phone.note("flow.connected", result=connection)
        self.outcome = Outcome(connection.value)
        match connection:
            case Connection.TALKED:
                return None
            case Connection.NOBODY:
                return route.nobody
            case Connection.NOT_ON_DUTY:
                return route.off_duty or route.nobody
