"""Writes what was imported as YAML that an admin reads and goes on with."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime

import phonenumbers

from ..core.times import DAYS
from .model import YAML_WORDS, Imported, Layer, Person, Step, Team, Window

AGENTS_FILE = "agents.yaml"
_PLAIN = re.compile(r"[^\W\d_][\w .@+-]*[\w.]", re.UNICODE)


def yaml_files(imported: Imported) -> dict[str, str]:
    """Return the files by name: the agents, and a file for each team."""
    files = {AGENTS_FILE: "\n".join([*_agents(imported), ""])}
    for team in imported.teams:
        name = f"{team.id}.yaml" if f"{team.id}.yaml" != AGENTS_FILE else "team-agents.yaml"
        files[name] = "\n".join([*_team(imported.source, team), ""])
    return files


def _agents(imported: Imported) -> Iterator[str]:
    yield f'# The agents, from {imported.source}. Each needs a phone: `phones: [sip:NAME]` or `["tel:+…"]`.'
    people = imported.used_people()
    yield "agents:" if people else "agents: {}"
    for person in people:
        yield f"  {person.id}:"
        if person.note:
            yield f"    # {_comment(person.note)}"
        if person.name != person.id:
            yield f"    name: {_text(person.name)}"
        if person.mails:
            yield f"    calendar_names: [{', '.join(_text(mail) for mail in person.mails)}]"
        yield from _phones(person)


def numbers(person: Person) -> list[str]:
    """Return the telephone numbers of somebody that are any, in E.164."""
    return [number for each in person.phones if (number := _number(each)) is not None]


def _phones(person: Person) -> Iterator[str]:
    good = numbers(person)
    for bad in person.phones:
        if _number(bad) is None:
            yield f"    # not a telephone number: {_comment(bad)}"
    if good:
        yield f"    phones: [{', '.join(json.dumps(f'tel:{number}') for number in dict.fromkeys(good))}]"
    else:
        yield "    phones: []  # to be filled in"


def _number(text: str) -> str | None:
    try:
        number = phonenumbers.parse(text)
    except phonenumbers.NumberParseException:
        return None
    valid = phonenumbers.is_valid_number(number)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) if valid else None


def _team(source: str, team: Team) -> Iterator[str]:
    yield f"# From {source}: {_comment(team.note)}."
    yield f"team: {team.id}"
    yield f"timezone: {team.timezone}"
    if team.layers:
        yield "layers:"
        for layer in team.layers:
            yield from _layer(layer)
    if team.overrides:
        yield "overrides:"
        for each in team.overrides:
            span = f"from: {_time(each.start)}, to: {_time(each.end)}"
            yield f"  - {{id: {each.id}, {span}, replace: {each.replace}, with: {each.stand_in}}}"
    yield "escalation:"
    steps = [step for step in team.steps if team.layers or step.agents or step.team]
    for step in steps:
        yield f"  - {_step(step)}"
    if not any(step.agents for step in steps):
        yield "  - voicemail  # at times nobody is on call: name agents before it who can always be rung"
    if team.rounds > 1:
        yield f"rounds: {team.rounds}"
    yield "# What the team answers for, as flows name it:"
    yield "# reasons: [panne]"


def _layer(layer: Layer) -> Iterator[str]:
    if layer.note:
        yield f"  # {_comment(layer.note)}"
    yield f"  - id: {layer.id}"
    if layer.calendar:
        yield f"    calendar: {layer.calendar}"
        return
    if len(layer.windows) == 1:
        yield f"    window: {_window(layer.windows[0])}"
    elif layer.windows:
        yield "    window:"
        yield from (f"      - {_window(each)}" for each in layer.windows)
    members = ", ".join(f"[{', '.join(group)}]" for group in layer.members)
    if len(layer.members) > 1 and layer.anchor is not None and layer.every is not None:
        count, unit = layer.every
        yield "    rotation:"
        yield f"      anchor: {_time(layer.anchor)}"
        yield f"      every: {{{unit}: {count}}}"
        yield f"      members: [{members}]"
    else:
        yield f"    rotation: {{members: [{members}]}}"
    start = layer.start
    if start is None and len(layer.members) == 1:
        start = layer.anchor
    dates = ([f"from: {_time(start)}"] if start else []) + (
        [f"until: {_time(layer.end)}"] if layer.end else []
    )
    if dates:
        yield f"    effective: {{{', '.join(dates)}}}"


def _window(window: Window) -> str:
    days = "" if len(window.days) == 7 else f"days: [{', '.join(DAYS[day] for day in window.days)}], "
    return f'{{{days}from: "{_clock(window.start)}", to: "{_clock(window.end)}"}}'


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M}"


def _step(step: Step) -> str:
    if step.team:
        return f"{{team: {step.team}}}"
    if step.agents:
        together = ", strategy: simultaneous" if step.together else ""
        return f"{{ring: [{', '.join(step.agents)}]{together}}}"
    return f"{{ring: on-call, layer: {step.layer}}}" if step.layer else "{ring: on-call}"


def _text(text: str) -> str:
    """Return a text as YAML reads it back: quoted where it must be, 80 characters, printable."""
    line = _comment(text)[:80].strip() or "?"
    plain = _PLAIN.fullmatch(line) and line.casefold() not in YAML_WORDS
    return line if plain else json.dumps(line, ensure_ascii=False)


def _comment(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in " ".join(text.split()))[:200]
