"""What people are told of somebody who was not reached, in the languages that come with the line."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from ..flow.flow import Flow
from ..records.callbacks import CallbackRecord
from ..roster.team import Team

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


def given_up(wish: CallbackRecord, result: str, team: Team, flow: Flow) -> tuple[str, str]:
    """Return title and body of the notice that somebody was promised a call and did not get it."""
    language = team.language or flow.languages[0]
    title, body = _TEXTS.get(language, _TEXTS["en"])
    words = {
        "team": team.id,
        "number": wish.number,
        "reason": flow.reason_in(language, wish.reason),
        "at": wish.asked_at.astimezone(ZoneInfo(team.timezone)),
        "zone": team.timezone,
        "tries": wish.tries,
        "result": result,
        "spoken": wish.language,
    }
    return title.format(**words), body.format(**words)
