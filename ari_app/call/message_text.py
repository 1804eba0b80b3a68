"""What people are told of a message, in the languages that come with the line; in English else."""

from __future__ import annotations

from datetime import datetime

from ..core.durations import format_duration
from ..core.settings import safe_number
from ..notify import plain

_TEXTS = {
    "fr": (
        "Message vocal pour {team} : {number}",
        "De : {who}\nMotif : {reason}\nReçu : le {at:%d/%m/%Y} à {at:%H:%M} ({zone})\n"
        "Attente avant le message : {waited}\nDurée du message : {length}\n"
        "Langue de l'appelant : {spoken}\n\n"
        "Le fichier, sur la machine de la ligne : astreinte messages path {id}\n",
        "numéro masqué",
    ),
    "en": (
        "Voice message for {team}: {number}",
        "From: {who}\nReason: {reason}\nReceived: {at:%Y-%m-%d} at {at:%H:%M} ({zone})\n"
        "Waited before the message: {waited}\nLength of the message: {length}\n"
        "The caller speaks: {spoken}\n\n"
        "Its file, on the machine of the line: astreinte messages path {id}\n",
        "number withheld",
    ),
}


def text_of(
    language: str,
    *,
    message: str,
    team: str,
    number: str,
    name: str,
    reason: str,
    at: datetime,
    zone: str,
    waited: float,
    seconds: float,
    spoken: str,
) -> tuple[str, str]:
    """Return title and body. `at` is in the time zone `zone`; number and name are what the network said."""
    title, body, withheld = _TEXTS.get(language, _TEXTS["en"])
    shown, called = safe_number(number) or withheld, plain(name)
    words = {
        "team": team,
        "number": shown,
        "who": f"{shown} ({called})" if called and called != shown else shown,
        "reason": reason or "-",
        "at": at,
        "zone": zone,
        "waited": format_duration(round(waited)),
        "length": format_duration(max(1, round(seconds))),
        "spoken": spoken,
        "id": message,
    }
    return title.format(**words), body.format(**words)
