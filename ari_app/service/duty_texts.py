"""What people are told of duties: in French, and in English where the team's language is another one."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from ..call.desk import Desk
from ..roster.duty_shifts import Handoff
from ..roster.team import Team
from .duty import Duty

_UNCONFIRMED = {
    "fr": (
        "Astreinte {team} : {agent} n'a pas confirmé",
        "{agent} est d'astreinte pour {team} du {start} au {end} et n'a pas confirmé être joignable.\n"
        "Appels : {tries}. Les suivants sont appelés avant, jusqu'à ce que {agent} confirme.\n\n"
        "Qui est appelé : astreinte who {team}\n"
        "Pour un remplacement : astreinte override add {team} --replace {id} --with …\n",
    ),
    "en": (
        "On call for {team}: {agent} has not confirmed",
        "{agent} is on call for {team} from {start} to {end} and has not said that they can be reached.\n"
        "Calls: {tries}. Others are rung first until {agent} confirms.\n\n"
        "Who is rung: astreinte who {team}\n"
        "To have somebody stand in: astreinte override add {team} --replace {id} --with …\n",
    ),
}
_CONFIRMED = {
    "fr": (
        "Astreinte {team} : {agent} est joignable",
        "{agent}, d'astreinte pour {team} du {start} au {end}, est maintenant joignable.\n",
    ),
    "en": (
        "On call for {team}: {agent} can be reached",
        "{agent}, on call for {team} from {start} to {end}, can be reached now.\n",
    ),
}
_HANDOFF = {
    "fr": (
        "Astreinte {team} : {agents} à partir du {start}",
        "Prochaine astreinte {team} : {agents}, du {start} au {end}.\n",
    ),
    "en": (
        "On call for {team}: {agents} from {start}",
        "Next on call for {team}: {agents}, from {start} to {end}.\n",
    ),
}
_DATE = {"fr": "%d/%m/%Y %H:%M", "en": "%Y-%m-%d %H:%M"}
_AND = {"fr": "{} et {}", "en": "{} and {}"}


def unconfirmed_text(desk: Desk, duty: Duty) -> tuple[str, str]:
    """Return title and body: an agent did not say that they can be reached."""
    return _about_duty(_UNCONFIRMED, desk, duty)


def confirmed_text(desk: Desk, duty: Duty) -> tuple[str, str]:
    """Return title and body: the agent did, after all."""
    return _about_duty(_CONFIRMED, desk, duty)


def handoff_text(team: Team, handoff: Handoff, first_language: str) -> tuple[str, str]:
    """Return title and body: who is on next. The language is the team's, else the first of the flows'."""
    language = _known(team.language or first_language)
    title, body = _HANDOFF[language]
    names = [team.agents[agent].name for agent in handoff.agents]
    listed = _AND[language].format(", ".join(names[:-1]), names[-1]) if names[1:] else names[0]
    zone = ZoneInfo(team.timezone)
    words = {
        "team": team.id,
        "agents": listed,
        "start": _date(handoff.start, zone, language),
        "end": _date(handoff.end, zone, language),
    }
    return title.format(**words), body.format(**words)


def spoken_time(at: datetime, zone: str, language: str) -> str:
    """Return a time of day as it is read out: `20 heures 30`."""
    local = at.astimezone(ZoneInfo(zone))
    if language == "fr":
        return f"{local.hour} heures {local.minute or ''}".strip()
    return f"{local:%H:%M}"


def _about_duty(texts: dict[str, tuple[str, str]], desk: Desk, duty: Duty) -> tuple[str, str]:
    shift = duty.shift
    team, agent = desk.rosters.teams.get(shift.team), desk.rosters.agents.get(shift.agent)
    language = _known((team.language if team else None) or desk.flows.languages[0])
    zone = ZoneInfo(team.timezone if team else "UTC")
    words = {
        "team": shift.team,
        "agent": agent.name if agent else shift.agent,
        "id": shift.agent,
        "start": _date(shift.start, zone, language),
        "end": _date(shift.end, zone, language),
        "tries": duty.tries,
    }
    title, body = texts[language]
    return title.format(**words), body.format(**words)


def _known(language: str) -> str:
    return language if language in _DATE else "en"


def _date(at: datetime, zone: ZoneInfo, language: str) -> str:
    return at.astimezone(zone).strftime(_DATE[language])
