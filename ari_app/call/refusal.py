"""A call that is not let in: why, and what its caller is told."""

from __future__ import annotations

from dataclasses import dataclass

from ..ari.errors import ChannelGone, NotInStasis
from ..callers.book import CallerKnown, Limit
from ..callers.schema import Answer
from ..core.logs import get_logger
from ..core.settings import safe_number
from ..flow.phone import Caller
from ..flow.words import Word
from ..records.facts import Outcome
from .channel import CallChannel
from .desk import Call

log = get_logger(__name__)

CONGESTION = "34"
"""Q.850: no circuit available; Asterisk sends 503."""
_CAUSES: dict[Answer, str] = {"busy": "17", "decline": "21", "say": "17"}
"""Q.850: user busy, Asterisk sends 486; call rejected, 403."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a call is not let in, and how its caller learns of it: by words, or by a hangup cause (Q.850)."""

    outcome: Outcome
    word: Word
    cause: str
    in_words: bool

    @classmethod
    def of(cls, outcome: Outcome, word: Word, answer: Answer) -> Refusal:
        """Return what an admin's answer comes to."""
        return cls(outcome, word, _CAUSES[answer], answer == "say")


def overload() -> Refusal:
    """Return the refusal of a caller for whom there is no room."""
    return Refusal(Outcome.REFUSED, Word.CALLER_BUSY, CONGESTION, in_words=True)


def not_welcome(caller: CallerKnown) -> Refusal | None:
    """Return the refusal of a caller whom the line does not let in; None for anybody else."""
    if caller.blocked is None:
        return None
    if caller.number is None:
        return Refusal.of(Outcome.ANONYMOUS, Word.CALLER_ANONYMOUS, caller.blocked)
    return Refusal.of(Outcome.BLOCKED, Word.CALLER_BLOCKED, caller.blocked)


def too_often(limit: Limit) -> Refusal:
    """Return the refusal of a caller who has called more often than they may."""
    return Refusal.of(Outcome.TOO_OFTEN, Word.CALLER_TOO_OFTEN, limit.answer)


async def refuse(call: Call, refusal: Refusal, *, in_words: bool) -> None:
    """Do not let a caller in; where `in_words` is false, by signalling alone."""
    ari = call.desk.ari
    caller = CallChannel(ari, call.channel_id, next_playback_id=call.next_playback_id)
    in_words = in_words and refusal.in_words
    async with ari.watch(call.channel_id, on_event=caller.on_event):
        try:
            if in_words:
                await ari.channels.answer(call.channel_id)
                await caller.play([_media(call, refusal.word)], barge_in=False)
        except (ChannelGone, NotInStasis):
            log.debug("call.hung_up_while_refused", channel=call.channel_id)
        finally:
            ended_by = "caller" if caller.gone else "line"
            if not caller.gone:
                code = None if in_words else refusal.cause
                caller.send(ari.channels.hangup(call.channel_id, reason_code=code))
            await caller.settle()
            call.story.ended(refusal.outcome, cause=caller.cause, ended_by=ended_by, ago=caller.gone_for)


def _media(call: Call, word: Word) -> str:
    """Return the words in the language that the caller would be spoken to in."""
    desk = call.desk
    flow = desk.flows.flows[desk.settings.flow_of(call.line)]
    language = flow.language_for(Caller(call.id, call.line, safe_number(call.caller_number)))
    return desk.prompts.media(desk.flows.line_prompt(word, language))
