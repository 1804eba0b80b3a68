"""Flows that record what is said, and what they recorded."""

from __future__ import annotations

import numpy as np

from ari_app.core.settings import Settings
from ari_app.network.hearing import BLOCK, RATE, Samples, read_wav, tone_levels
from ari_app.records.facts import CallBridged
from ari_app.records.reader import CallStory
from ari_app.records.recordings import RecordingReader, RecordingRecord

from .exchange import OpenLine
from .people import Person
from .troubles import until_told

FLOW = """
flow: menu
languages: [fr, en]
start: appel
fallback_reason: panne
reasons:
  panne: {fr: motif, en: reason}
  carte-volee: {fr: motif, en: reason}
  retour: {fr: motif, en: reason}
  commande: {fr: motif, en: reason}
nodes:
  appel:
    route:
      nobody: personne
      @then@
      record:
        announce: enregistrement
        keep_days: 30
        objection: "9"
        timeout: 1s
        @more@
  encore:
    menu: {prompt: merci, keys: {"1": {goto: appel}}, timeout: 1s, retries: 0, otherwise: personne}
  personne:
    goodbye: {prompt: personne-disponible}
prompts:
  enregistrement: {fr: Appel enregistré., en: Recorded.}
  merci: {fr: Merci., en: Thank you.}
  personne-disponible: {fr: Personne., en: Nobody.}
"""
ON_DEMAND = "start: on-demand"
RECORD = "*4"
"""The agent's keys."""
AUDIBLE = 0.12
"""Amplitude of a voice; they speak with twice that (`write_tone`)."""


def recording(more: str = "", *, then: str = "") -> str:
    """Return a flow that records who talks; `more` is of its `record`, `then` of its `route`."""
    return FLOW.replace("@more@", more).replace("@then@", then)


async def taken(line: OpenLine, phone: str = "alice") -> tuple[Person, Person]:
    """Let somebody call who hears that they are recorded, and an agent take the call; return both."""
    telephone = line.telephone(phone)
    caller = await line.takes_a_call()
    agent = await telephone.is_rung()
    await agent.takes_the_call()
    await line.told(CallBridged, caller)
    return caller, agent


async def recordings_of(settings: Settings, *, deleted: bool = True) -> list[RecordingRecord]:
    """Return the recordings on record, oldest first."""
    async with RecordingReader(settings.database_url) as reader:
        return (await reader.recordings(limit=1000, deleted=deleted))[::-1]


async def recordings_of_call(line: OpenLine, record: CallStory, *, number: int = 1) -> list[RecordingRecord]:
    """Wait until a call has so many recordings on record and Asterisk has none any more; return them."""
    found: list[RecordingRecord] = []

    async def stored() -> bool:
        found[:] = [each for each in await recordings_of(line.settings) if each.call_id == record.call.id]
        return len(found) >= number

    await until_told("the recording is on record", stored)
    await until_told("Asterisk has it no more", lambda: asterisk_has_none(line, record.call.id))
    return found


async def asterisk_has_none(line: OpenLine, call: str) -> bool:
    """Tell whether Asterisk has no recording of a call."""
    return not [each for each in await line.line.ari.recordings.list_stored() if f"/{call}." in each.name]


async def recording_of(line: OpenLine, record: CallStory) -> RecordingRecord:
    """Return the only recording of a call."""
    (found,) = await recordings_of_call(line, record)
    return found


def sound_of(settings: Settings, recording: RecordingRecord) -> Samples:
    """Return what can be heard in a recording."""
    return read_wav(settings.data / "recordings" / recording.file)


def between(sound: Samples, start: float, end: float) -> Samples:
    """Return a part of a sound, by seconds."""
    return sound[int(start * RATE) : int(end * RATE)]


def voice_seconds(sound: Samples, hertz: float) -> float:
    """Return for how many seconds a voice is in a sound, whoever else speaks meanwhile."""
    return float(np.count_nonzero(tone_levels(sound, hertz) > AUDIBLE)) * BLOCK / RATE
