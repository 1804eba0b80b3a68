"""What people are told of somebody who was not reached, in the languages that come with the line."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from ..flow.flow import Flow
from ..records.callbacks import CallbackRecord
from ..records.facts import Outcome
from ..roster.team import Team

NO_AGENT, NOT_CALLED = "no-agent", "number"
"""Why somebody was not called back: no agent was ever free; the settings forbid the number meanwhile."""
_TEXTS = {
    "fr": (
        "Rappel non abouti pour {team} : {number}",
        "À rappeler : {number}\nMotif : {reason}\nDemandé : le {at:%d/%m/%Y} à {at:%H:%M} ({zone})\n"
        "Tentatives : {tries}\nDernier résultat : {result}\nLangue de l'appelant : {spoken}\n\n"
        "La ligne n'essaiera plus : astreinte callbacks --all\n",
    ),
    "en": (
        "Not reached for {team}: {number}",
        "To be called back: {number}\nReason: {reason}\nAsked: {at:%Y-%m-%d} at {at:%H:%M} ({zone})\n"
        "Attempts: {tries}\nLast result: {result}\nThe caller speaks: {spoken}\n\n"
        "The line does not try any more: astreinte callbacks --all\n",
    ),
}
_RESULTS: dict[str, dict[str, str]] = {
    "fr": {
        NO_AGENT: "aucun agent n'a été libre",
        NOT_CALLED: "les réglages n'autorisent plus ce numéro",
        Outcome.UNANSWERED: "aucun agent n'a pris l'appel",
        Outcome.NOT_REACHED: "un agent a pris l'appel, mais personne n'a répondu à ce numéro",
        Outcome.NOBODY_ON_CALL: "personne n'était d'astreinte",
    },
    "en": {
        NO_AGENT: "no agent was ever free",
        NOT_CALLED: "the settings do not allow this number any more",
        Outcome.UNANSWERED: "no agent took the call",
        Outcome.NOT_REACHED: "an agent took the call, and nobody answered at this number",
        Outcome.NOBODY_ON_CALL: "nobody was on call",
    },
}
"""The last result in words; any other as it is on record."""


def given_up(wish: CallbackRecord, result: str, team: Team, flow: Flow) -> tuple[str, str]:
    """Return title and body of the notice that somebody was promised a call and did not get it."""
    language = team.language or flow.languages[0]
    known = language if language in _TEXTS else "en"
    title, body = _TEXTS[known]
    words = {
        "team": team.id,
        "number": wish.number,
        "reason": flow.reason_in(language, wish.reason),
        "at": wish.asked_at.astimezone(ZoneInfo(team.timezone)),
        "zone": team.timezone,
        "tries": wish.tries,
        "result": _RESULTS[known].get(result, result),
        "spoken": wish.language,
    }
    return title.format(**words), body.format(**words)
