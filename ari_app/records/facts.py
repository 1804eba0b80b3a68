"""What a call tells the records: one small immutable fact for each thing that happened.

Facts are the only way in. Each is kept as a row of `call_events`; the rows of `calls` and
`call_legs` are computed from them (`ledger`), so that every duration can be traced to the facts
that bound it. A fact's name in the database is its class's tag, such as `leg.answered`.

Leave `at` out for what happens now. Give it (aware) for what is learnt later, such as the end of a
call that Asterisk's own records tell. Durations are measured with the monotonic clock between facts
stamped "now", so a step of the wall clock never shows in them.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

import msgspec


class Outcome(StrEnum):
    """How a call ended, for its caller."""

    BRIDGED = "bridged"  # talked with an agent
    VOICEMAIL = "voicemail"  # left a message: was told so, or hung up
    ABANDONED = "abandoned"  # hung up before any agent was there
    UNANSWERED = "unanswered"  # everybody was rung, nobody took it: heard a reason and a goodbye
    NOBODY_ON_CALL = "nobody-on-call"  # nobody to ring at that instant: heard a reason and a goodbye
    GOODBYE = "goodbye"  # the flow itself ended the call
    CALLBACK = "callback"  # asked to be called back: was told so, or hung up
    NOT_REACHED = "not-reached"  # we called back, and nobody said that they want to talk
    CALLED_OFF = "called-off"  # we were about to call back, or did: there is no need any more, or not now
    REFUSED = "refused"  # not let in (overload): heard an apology or congestion
    BLOCKED = "blocked"  # not let in: the number is on a list
    ANONYMOUS = "anonymous"  # not let in: the number is withheld
    TOO_OFTEN = "too-often"  # not let in: the number has called as often as it may
    FALLBACK = "fallback"  # handed back to the dialplan, which rings an agent by itself
    INTERRUPTED = "interrupted"  # we died during the call and could not follow it to its end


class LegResult(StrEnum):
    """How one attempt to reach an agent ended."""

    ACCEPTED = "accepted"  # a human took the call
    NO_ANSWER = "no-answer"  # rang for its whole time
    BUSY = "busy"  # 486, 600
    DECLINED = "declined"  # 403, 603
    PASSED = "passed"  # pressed 2, on this phone or another of theirs: somebody else, please
    UNREACHABLE = "unreachable"  # no contact, 480, 503, 404, network down
    NOT_ACCEPTED = "not-accepted"  # answered, but nobody said that they take it (a voicemail box)
    TAKEN_ELSEWHERE = "taken-elsewhere"  # another leg took the call first
    LOST = "lost"  # a human took the call, and was gone before anything could be said
    CANCELLED = "cancelled"  # the caller hung up first
    SKIPPED = "skipped"  # not rung: the phone was known to be in use or unreachable
    FAILED = "failed"  # Asterisk could not place it
    INTERRUPTED = "interrupted"  # we died while it was up


class WrapUp(StrEnum):
    """What the agent said of the call when it was over."""

    SOLVED = "solved"
    FOLLOW_UP = "follow-up"  # there is something left to do
    WRONG_TEAM = "wrong-team"


class Fact(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="name"):
    """One thing that happened in the call `call` (its id, see `core.ids.new_call_id`).

    It happens as it is put, or `ago` seconds before, or some time before: `at` then.
    """

    call: str
    at: datetime | None = None
    ago: float = 0.0


class CallArrived(Fact, frozen=True, kw_only=True, tag="call.arrived"):
    """A caller's channel entered the application. Always the first fact of a call.

    `number` (E.164 where known) and `caller_name` are what the caller's network said of them; both are
    text from a stranger.
    """

    line: str
    channel_id: str
    number: str = ""
    caller_name: str = ""


class CallAnswered(Fact, frozen=True, kw_only=True, tag="call.answered"):
    """We answered the caller's channel."""


class CallLanguage(Fact, frozen=True, kw_only=True, tag="call.language"):
    """The language spoken with the caller from here on (ISO 639-1)."""

    language: str


class CallReason(Fact, frozen=True, kw_only=True, tag="call.reason"):
    """Why they call, as the flow found out."""

    reason: str


class CallQueued(Fact, frozen=True, kw_only=True, tag="call.queued"):
    """The search for an agent of a team starts: waiting is counted from here until `CallBridged`."""

    team: str


class LegStarted(Fact, frozen=True, kw_only=True, tag="leg.started"):
    """An attempt to reach an agent: `leg` is its channel's id, `endpoint` the dial string's target."""

    leg: str
    agent: str
    endpoint: str
    step: int = 0


class LegAnswered(Fact, frozen=True, kw_only=True, tag="leg.answered"):
    """The far end picked up: a human, or a voicemail box."""

    leg: str


class LegAccepted(Fact, frozen=True, kw_only=True, tag="leg.accepted"):
    """A human on that leg said that they take the call."""

    leg: str


class LegEnded(Fact, frozen=True, kw_only=True, tag="leg.ended"):
    """The attempt, or the agent's side of the talk, is over.

    `cause` is Asterisk's hangup cause (Q.850), `tech_cause` the SIP status, `dialstatus` what the `Dial`
    event said; each as far as known. Write it for legs that were bridged as well. `unseen`: see `CallEnded`.
    """

    leg: str
    result: LegResult
    cause: int | None = None
    tech_cause: int | None = None
    dialstatus: str = ""
    unseen: bool | None = None


class CallBridged(Fact, frozen=True, kw_only=True, tag="call.bridged"):
    """Caller and agent hear each other: waiting ends, talking starts."""

    leg: str


class CallUnbridged(Fact, frozen=True, kw_only=True, tag="call.unbridged"):
    """They do not hear each other any more, and the call goes on (transfer, survey).

    `unseen`: see `CallEnded`.
    """

    leg: str
    unseen: bool | None = None


class CallWrappedUp(Fact, frozen=True, kw_only=True, tag="call.wrapped-up"):
    """The agent of that leg said how the call went; it comes after its end."""

    leg: str
    result: WrapUp


class CallSurveyed(Fact, frozen=True, kw_only=True, tag="call.surveyed"):
    """The caller said how it was, when the agent had hung up: from 1 to 5."""

    score: int


class CallEnded(Fact, frozen=True, kw_only=True, tag="call.ended"):
    """The caller's channel is gone. Closes waiting and talking. `cause`: its hangup cause (Q.850).

    `unseen`: it is known that it ended, and not when. What lasted until then has no duration.
    """

    outcome: Outcome
    cause: int | None = None
    unseen: bool | None = None


class CallEvent(Fact, frozen=True, kw_only=True, tag="call.event"):
    """Anything else worth keeping: a digit, a prompt, a decision. It is kept under its own `event` name.

    `data` holds JSON's own types. No secrets, and no card numbers: it is stored as it is.
    """

    event: str
    data: dict[str, Any] = {}  # msgspec copies an empty mutable default for each instance


class FactSink(Protocol):
    """Takes facts; `recorder.Recorder` is one, and a list's `append` is enough for a test."""

    def put(self, fact: Fact) -> None:
        """Take a fact; never waits, never raises for the disk's sake."""


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="name"):
    """Something to keep, at `at` (aware), that is no part of a call's story: each kind has its table.

    `entries` writes them, after any delay and more than once: what is there already stays.
    """

    at: datetime


class RostersPublished(Entry, frozen=True, kw_only=True, tag="rosters.published"):
    """A version of the rosters came into force at `at`, and who is on call by it until `until` is public.

    `hash` is that of what its files say. `schedule` is JSON, compressed (zlib): team → shifts, each with its
    `start` and `end` (UTC), `layer`, `kind`, `agents` and `overrides`; empty if it could not be computed.
    """

    hash: str
    until: datetime
    teams: int
    shifts: int
    schedule: bytes


class MessageLeft(Entry, frozen=True, kw_only=True, tag="message.left"):
    """A caller left a message for a team. `file` is its sound's name in the folder of messages."""

    id: str
    call: str
    team: str
    language: str
    file: str
    seconds: float


class MessageDeleted(Entry, frozen=True, kw_only=True, tag="message.deleted"):
    """The sound of a message is no more: its time was over, or somebody deleted it."""

    id: str


class TalkRecorded(Entry, frozen=True, kw_only=True, tag="recording.stored"):
    """What was said in a call is stored, since `at`. `file` is its name in the folder of recordings.

    It was begun at `begun_at`, lasts `seconds`, and has silence in the `pauses`: each its start and its end,
    in seconds. It is to be deleted at `delete_at`. No bytes (`size`): there was nothing that could be kept.
    """

    id: str
    call: str
    file: str
    begun_at: datetime
    seconds: float
    pauses: tuple[tuple[float, float], ...]
    size: int
    delete_at: datetime


class Deleted(StrEnum):
    """Why a recording is no more."""

    RETENTION = "retention"  # its time was over
    COMMAND = "command"  # somebody deleted it


class RecordingDeleted(Entry, frozen=True, kw_only=True, tag="recording.deleted"):
    """A recording of a talk is no more."""

    id: str
    why: Deleted


class NoticeQueued(Entry, frozen=True, kw_only=True, tag="notice.queued"):
    """A notice is to be sent to the `position`th address (from 1) of a recipient.

    `about` is the id of what it tells of, such as a message's; `attachments` are paths.
    """

    id: str
    recipient: str
    position: int
    title: str
    body: str
    about: str = ""
    attachments: tuple[str, ...] = ()


class NoticeState(StrEnum):
    """What has become of a notice to one address."""

    WAITING = "waiting"  # not sent yet: it will be tried, or tried again
    SENT = "sent"  # the service took it
    GIVEN_UP = "given-up"  # tried for a day, or nobody is named so any more


class NoticeTried(Entry, frozen=True, kw_only=True, tag="notice.tried"):
    """A notice was tried for the `tries`th time; `reason` says why it could not be sent."""

    id: str
    recipient: str
    position: int
    tries: int
    state: NoticeState
    reason: str = ""


class DutyNoted(Entry, frozen=True, kw_only=True, tag="duty.noted"):
    """How far the line is with asking an agent whether they can be reached in a duty that begins at
    `starts_at`.

    They were rung `tries` times and have until `deadline`. `confirmed_by` is `duty-call`, `drill` or `call`.
    Each entry has all that is known; one never takes back what an earlier one said.
    """

    team: str
    agent: str
    starts_at: datetime
    ends_at: datetime
    deadline: datetime
    tries: int = 0
    confirmed_at: datetime | None = None
    confirmed_by: str = ""
    unconfirmed_at: datetime | None = None


class PhoneTried(Entry, frozen=True, kw_only=True, tag="phone.tried"):
    """A phone was rung (from `at` on) that no caller waited for: `purpose` is `duty-call` or `drill`.

    `run` is one for all phones that were rung together, or in one drill; `id` that of the leg's channel.
    """

    id: str
    run: str
    purpose: str
    team: str
    agent: str
    endpoint: str
    answered_seconds: float | None
    seconds: float
    result: LegResult
    cause: int | None = None
    tech_cause: int | None = None


class CallbackAsked(Entry, frozen=True, kw_only=True, tag="callback.asked"):
    """A caller was promised to be called back; a number that waits already waits as was asked last.

    `delays` (seconds) and `attempts` are how it is tried `until` it is given up; `then` is the node of `flow`
    at which it goes on when the agent hung up first, "" for none.
    """

    id: str
    call: str
    line: str
    number: str
    language: str
    reason: str
    priority: int
    until: datetime
    attempts: int
    delays: tuple[float, ...]
    ring_seconds: float
    flow: str
    then: str = ""


class CallbackState(StrEnum):
    """What has become of a wish to be called back."""

    WAITING = "waiting"  # until `next_at`, then until an agent is free
    CALLING = "calling"  # telephones ring, or they talk
    TALKED = "talked"  # the caller has talked with an agent
    GIVEN_UP = "given-up"  # tried as often, or for as long, as the flow says
    CANCELLED = "cancelled"  # by an admin


class CallbackTried(Entry, frozen=True, kw_only=True, tag="callback.tried"):
    """An attempt begins, the `tries`th: it is the call `call`."""

    id: str
    tries: int
    call: str


class CallbackPostponed(Entry, frozen=True, kw_only=True, tag="callback.postponed"):
    """The `tries`th attempt did not let the two talk; `counted` of all attempts were in vain so far.

    `result` is the outcome of its call.
    """

    id: str
    tries: int
    counted: int
    result: str
    next_at: datetime


class CallbackEnded(Entry, frozen=True, kw_only=True, tag="callback.ended"):
    """It is not tried any more; `result` says why, where `state` does not say all."""

    id: str
    state: CallbackState
    result: str = ""
