"""Duty calls: the line rings whoever is about to be on call, until they say that they can be reached."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

from ..call.confirming import Question, ask, is_in_call, language_of
from ..call.desk import Desk
from ..core.errors import AstreinteError
from ..core.ids import new_id
from ..core.logs import get_logger
from ..core.prompt import Prompt
from ..core.tasks import ended
from ..flow.words import Word
from ..notify import Notice
from ..records.database import RecordsUnavailable
from ..records.duties import DutyReader
from ..records.facts import Fact, LegAccepted, LegEnded, LegResult, LegStarted
from ..records.recorder import Recorder
from ..roster.duty_shifts import beginning, is_on_duty
from ..roster.plan import Agent
from .drills import recorded
from .duty import Duty, Key
from .duty_texts import confirmed_text, spoken_time, unconfirmed_text

log = get_logger(__name__)

AHEAD = timedelta(seconds=60)
"""How far ahead it is looked for duties; a clock that is set, or a sleep, is noticed as soon."""
BUSY_AGAIN = timedelta(seconds=2)
"""After how long it is looked again whether an agent is off the phone."""
RECORDS_RETRY = 2.0
"""Seconds between two looks whether the records can be read."""
ON_RECORD_WITHIN = 5.0
"""Seconds that a try waits to be on record first, so that no restart repeats it; then it is made anyhow."""
MADE_WAY = frozenset({LegResult.CANCELLED, LegResult.INTERRUPTED})
"""Results after which a try has asked nobody anything."""


class DutyCalls:
    """Rings agents when their rosters say so, and knows who is unconfirmed; hears every fact about a leg.

    `unconfirmed` is what plans are asked with; `changed` is called when it has changed. `now` is the clock.
    """

    def __init__(
        self,
        desk: Callable[[], Desk],
        recorder: Recorder,
        send: Callable[[Notice], None],
        *,
        database_url: str,
        unconfirmed: set[str],
        changed: Callable[[], None],
        now: Callable[[], datetime],
    ) -> None:
        self._desk = desk
        self._recorder = recorder
        self._send = send
        self._database_url = database_url
        self._unconfirmed = unconfirmed
        self._changed = changed
        self._now = now
        self._duties: dict[Key, Duty] = {}
        self._calling: dict[Key, asyncio.Task[None]] = {}
        self._legs: dict[str, str] = {}
        """The agent of each leg that has not ended."""
        self._news = asyncio.Event()
        self._recalled = asyncio.Event()
        """Set when it is known how far an earlier process was."""

    async def run(self) -> None:
        """Ring who is due, until cancelled."""
        await self._recall()
        self._recalled.set()
        try:
            while True:
                self._news.clear()
                until = self._now() + AHEAD
                try:
                    until = await self.look(self._now())
                except Exception:  # the next duty is another one's
                    log.exception("duty.defect")
                with suppress(TimeoutError):
                    async with asyncio.timeout((until - self._now()).total_seconds()):
                        await self._news.wait()
        finally:
            await ended(*self._calling.values())

    def wake(self) -> None:
        """Look at the rosters now."""
        self._news.set()

    def put(self, fact: Fact) -> None:
        """Hear of a fact: who takes a call can be reached."""
        if isinstance(fact, LegStarted):
            self._legs[fact.leg] = fact.agent
        elif isinstance(fact, LegAccepted) and fact.leg in self._legs:
            self.confirm(self._legs[fact.leg], "call")
        elif isinstance(fact, LegEnded):
            self._legs.pop(fact.leg, None)

    def confirm(self, agent: str, by: str) -> None:
        """Note that an agent can be reached, for every duty that they were to confirm."""
        now = self._now()
        waited_for = [
            duty for duty in self._duties.values() if duty.shift.agent == agent and duty.confirmed_at is None
        ]
        if not waited_for:
            return  # as at most calls
        for duty in waited_for:
            duty.confirmed_at, duty.confirmed_by = now, by
            self._note(duty)
            log.info("duty.confirmed", team=duty.shift.team, agent=agent, by=by)
            if duty.unconfirmed_at is not None:
                self._tell(duty, confirmed_text)
        self._mark()
        self.wake()

    async def look(self, now: datetime) -> datetime:
        """Do what is due at an instant; return when there may be more to do."""
        await self._recalled.wait()
        desk, until = self._desk(), now + AHEAD
        for name, rules in desk.rosters.duty_calls.items():
            team = desk.rosters.teams[name]
            before, within = timedelta(seconds=rules.before), timedelta(seconds=rules.within)
            for shift in beginning(team, now + before - within, until + before):
                duty = Duty(shift, rules)
                if duty.first > now:
                    until = min(until, duty.first)
                elif duty.key not in self._duties:
                    self._duties[duty.key] = duty
                    self._note(duty)
            await asyncio.sleep(0)  # calls come first
        for duty in [*self._duties.values()]:
            if now >= duty.shift.end:
                del self._duties[duty.key]
            else:
                until = min(until, self._see_to(desk, duty, now))
        self._mark()
        return until

    def _see_to(self, desk: Desk, duty: Duty, now: datetime) -> datetime:
        """Do what is due for a duty; return when there is more to do."""
        if duty.confirmed_at is not None:
            return duty.shift.end
        calling = duty.key in self._calling
        if now >= duty.deadline and duty.unconfirmed_at is None and not calling:
            self._give_up(desk, duty, now)
        if calling or not duty.is_due(now):
            return duty.next_change(now)
        agent = self._agent(desk, duty, now)
        if agent is None:
            return duty.next_change(now)
        if is_in_call(desk, agent):
            if duty.again_at is None:
                log.info("duty.postponed", team=duty.shift.team, agent=agent.id)
            duty.again_at = now + BUSY_AGAIN
            return duty.next_change(now)
        duty.again_at = None
        duty.tries = max(duty.due(now), duty.tries + 1)
        self._note(duty)
        task = asyncio.create_task(self._call(desk, duty, agent), name=f"duty call {agent.id}")
        self._calling[duty.key] = task
        task.add_done_callback(lambda _: self._called(duty))
        return duty.next_change(now)

    def _called(self, duty: Duty) -> None:
        del self._calling[duty.key]
        self.wake()

    def _agent(self, desk: Desk, duty: Duty, now: datetime) -> Agent | None:
        """Return whose duty it is; None if it is theirs no more by the rosters in force."""
        team = desk.rosters.teams.get(duty.shift.team)
        if team is None or not is_on_duty(team, duty.shift.agent, max(now, duty.shift.start)):
            return None
        return team.agents.get(duty.shift.agent)

    async def _call(self, desk: Desk, duty: Duty, agent: Agent) -> None:
        """Ring an agent once."""
        team, run = duty.shift.team, new_id()
        try:
            await desk.ari.until_ready()
            said = await self._prompt(desk, duty, agent)
            with suppress(TimeoutError):
                async with asyncio.timeout(ON_RECORD_WITHIN):
                    await self._recorder.flush()
            log.info("duty.called", team=team, agent=agent.id, tries=duty.tries)
            attempts = await ask(desk, agent, Question(team, desk.flows, said), duty.rules.ring)
        except Exception:
            log.exception("duty.defect")
            return
        for attempt in attempts:
            self._recorder.put_entry(recorded(attempt, run, "duty-call", team))
        if any(attempt.confirmed for attempt in attempts):
            self.confirm(agent.id, "duty-call")
        elif any(attempt.result in MADE_WAY for attempt in attempts):
            duty.again_at = self._now() + BUSY_AGAIN

    async def _prompt(self, desk: Desk, duty: Duty, agent: Agent) -> Prompt | Word:
        """Return what the agent hears: which duty it is, or, if that cannot be said now, less."""
        zone = agent.timezone or desk.rosters.teams[duty.shift.team].timezone
        language = language_of(agent, desk.flows)
        time = spoken_time(duty.shift.start, zone, language)
        prompt = desk.flows.duty_call(duty.shift.team, time, language)
        try:
            await desk.prompts.prepare([prompt])
        except AstreinteError as error:
            log.warning("duty.not_said", team=duty.shift.team, reason=error.message, remedy=error.remedy)
            return Word.DUTY_KEYS
        return prompt

    def _give_up(self, desk: Desk, duty: Duty, now: datetime) -> None:
        """The time is over: tell people, and have others rung first."""
        if self._agent(desk, duty, now) is None:
            return
        duty.unconfirmed_at = now
        self._note(duty)
        log.warning(
            "duty.unconfirmed",
            team=duty.shift.team,
            agent=duty.shift.agent,
            tries=duty.tries,
            remedy="reach them, or let somebody stand in (`astreinte override add`)",
        )
        self._tell(duty, unconfirmed_text)

    def _tell(self, duty: Duty, text: Callable[[Desk, Duty], tuple[str, str]]) -> None:
        if duty.rules.alert:
            title, body = text(self._desk(), duty)
            self._send(Notice(to=duty.rules.alert, title=title, body=body, about=duty.about))

    def _note(self, duty: Duty) -> None:
        self._recorder.put_entry(duty.noted(self._now()))

    def _mark(self) -> None:
        """Let plans know who is unconfirmed."""
        now = self._now()
        marked = {
            each.shift.agent for each in self._duties.values() if each.is_unconfirmed and now < each.shift.end
        }
        if marked != self._unconfirmed:
            self._unconfirmed.clear()
            self._unconfirmed.update(marked)
            self._changed()

    async def _recall(self) -> None:
        """Go on where an earlier process ended, as soon as the records can be read."""
        told = False
        while True:
            try:
                async with DutyReader(self._database_url) as reader:
                    for record in await reader.duties(self._now()):
                        team = self._desk().rosters.teams.get(record.team)
                        if team is not None and team.duty_call is not None:
                            duty = Duty.recalled(record, team.duty_call)
                            if await self._was_cut_short(reader, duty):
                                duty.again_at = self._now()
                            self._duties.setdefault(duty.key, duty)
            except RecordsUnavailable as error:
                if error.problem == "no-records":  # the very first start
                    return
                if not told:
                    log.warning("duty.waits", reason=error.message, remedy=error.remedy)
                told = True
            else:
                return
            await asyncio.sleep(RECORDS_RETRY)

    async def _was_cut_short(self, reader: DutyReader, duty: Duty) -> bool:
        """Tell whether a try is to be made again, because an earlier process died in it; but only once."""
        asked = 0 < duty.tries <= duty.rules.tries and self._now() < duty.deadline
        if not asked or duty.confirmed_at or duty.unconfirmed_at:
            return False
        return await reader.times_rung(duty.shift.team, duty.shift.agent, duty.first) < duty.tries
