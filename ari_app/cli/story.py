"""A fact of a call as a sentence, for whoever reads a story in the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SENTENCES = {
    "call.arrived": "a caller rings line {line} from {number}",
    "call.answered": "the line answers",
    "call.language": "the caller is spoken to in {language}",
    "call.reason": "they call because of: {reason}",
    "call.queued": "team {team} is responsible; the search for an agent begins",
    "leg.started": "{agent} is rung at {endpoint}",
    "leg.answered": "someone picks up, and hears why they are called",
    "leg.accepted": "a human takes the call",
    "leg.ended": "that phone is done: {result}",
    "call.bridged": "caller and agent talk",
    "call.unbridged": "the agent is gone, the caller is still there",
    "call.ended": "the call is over: {outcome}",
    "call.wrapped-up": "the agent says how it went: {result}",
    "talk.key": "the agent's keys ask for: {action}",
    "talk.joined": "{agent} joins them",
    "flow.node": "the flow is at {node}",
    "menu.key": "they press {key}",
    "menu.invalid": "they press {key}, which means nothing here",
    "menu.silence": "they press nothing",
    "collect.silence": "they type nothing",
    "collect.invalid": "they type a number that cannot be right",
    "call.number": "they type {variable}: {number}",
    "flow.priority": "the call has priority {priority}",
    "flow.vip": "the flow says whether they are a VIP: {vip}",
    "call.vip": "a VIP calls: {vip}",
    "call.announcement": "they hear the announcement to {to} for {seconds} s: {text}",
    "caller.answer": "by who calls, {node} goes on with: {answer}",
    "flow.loop": "the flow goes round in a circle at {node}: the line gives up",
    "hours.answer": "by the clock of {node} it is: {answer}",
    "webhook.answered": "the service of {node} answers",
    "webhook.failed": "the service of {node} gives no answer that can be used: {reason}",
    "survey.silence": "they are asked how it was, and do not say",
    "call.surveyed": "they say how it was: {score} of 5",
    "callback.asked": "they ask to be called back",
    "callback.refused": "they cannot be called back ({reason})",
    "callback.attempt": "the line calls back, attempt {attempt} ({callback})",
    "callback.not_reached": "whoever asked to be called back is not reached: {result}",
    "callback.declined": "whoever asked to be called back says that there is no need any more",
    "message.left": "they left the message {message}, for team {team}",
    "voicemail.nothing": "they say nothing after the beep",
    "voicemail.again": "they record their message again",
    "voicemail.failed": "their message cannot be stored, and they hear so",
    "recording.announced": "they hear that what is said is recorded",
    "recording.refused": "the caller objects: nothing is recorded",
    "recording.begun": "what they say is recorded ({recording}), for {keep_days} days",
    "recording.paused": "the agent pauses the recording",
    "recording.resumed": "the recording goes on",
    "recording.ended": "the recording ends",
    "recording.failed": "what they say cannot be recorded, or no longer",
    "leg.error": "Asterisk cannot ring that phone",
}


def told(name: str, data: Mapping[str, Any]) -> str:
    """Return what a fact of that name says; a name without a sentence is shown with its data."""
    sentence = SENTENCES.get(name)
    if sentence is None:
        return f"{name} {', '.join(f'{key}={value}' for key, value in data.items())}".rstrip()
    values = {key: "unknown" if value in (None, "") else value for key, value in data.items()}
    try:
        return sentence.format_map(values)
    except (KeyError, IndexError):
        return name
