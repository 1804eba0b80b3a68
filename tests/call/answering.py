"""Callers who leave messages, and the messages that they left."""

from __future__ import annotations

import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from ari_app.core.settings import Settings
from ari_app.network.hearing import RATE, Samples, read_wav
from ari_app.records.messages import MessageReader, MessageRecord

from .exchange import OpenLine
from .people import Person
from .sounds import PART, parts_heard, write_hiss

BEEP_HERTZ = 700.0
"""That of the sound `beep` that comes with Asterisk."""
PROMPTS = """\
  laissez-message: {fr: Laissez un message., en: Leave a message.}
  message-recu: {fr: Merci., en: Thank you.}
  personne-disponible: {fr: Personne., en: Nobody.}
"""
FLOW = """
flow: menu
languages: [fr, en]
start: @start@
fallback_reason: panne
reasons:
  panne: {fr: motif, en: reason}
  carte-volee: {fr: motif, en: reason}
  retour: {fr: motif, en: reason}
  commande: {fr: motif, en: reason}
nodes:
@route@
  message:
    voicemail:
      prompt: laissez-message
      longest: 10s
      silence: 2s
      timeout: 1s
      retries: 0
      goto: merci
      otherwise: personne
      @more@
  merci:
    goodbye: {prompt: message-recu}
  personne:
    goodbye: {prompt: personne-disponible}
prompts:
"""


def answering(more: str = "", *, route: str = "") -> str:
    """Return a flow that takes messages: at once, or after a `route`."""
    start = "appel" if route else "message"
    text = FLOW.replace("@start@", start).replace("@more@", more or "confirm: false")
    return text.replace("@route@", f"  appel: {{route: {route}}}" if route else "") + PROMPTS


class Words:
    """What a caller says, in sounds that are no one else's; `silence` seconds of it follow."""

    def __init__(self, folder: Path, name: str, seconds: float = 2.0, silence: float = 0.0) -> None:
        self.path = folder / f"said-{name}.wav"
        write_hiss(self.path, seconds)
        self.samples = read_wav(self.path)
        if silence:
            with wave.open(str(self.path), "rb") as file:
                spoken = file.readframes(file.getnframes())
            with wave.open(str(self.path), "wb") as file:
                file.setnchannels(1)
                file.setsampwidth(2)
                file.setframerate(RATE)
                file.writeframes(spoken + bytes(2 * int(silence * RATE)))

    def parts(self) -> list[Samples]:
        """Return them cut into parts of a fifth of a second."""
        return [self.samples[at : at + PART] for at in range(0, len(self.samples) - PART + 1, PART)]

    def heard_in(self, sound: Samples) -> float:
        """Return how much of them is in a sound, from 0 to 1."""
        parts = self.parts()
        return parts_heard(sound, parts) / len(parts)

    async def said_by(self, caller: Person) -> None:
        """Have them said, without waiting for the end."""
        await caller.party.speak(self.path)


async def hears_the_beep(caller: Person) -> None:
    """Wait until the caller heard the beep, to its end."""
    from ari_app.network.hearing import tone_seconds

    async def heard() -> bool:
        return tone_seconds(await caller.party.heard(), BEEP_HERTZ) >= 0.1

    await caller._until(heard, "the beep", 10)


@asynccontextmanager
async def records(settings: Settings) -> AsyncIterator[MessageReader]:
    """Read the records of a line."""
    async with MessageReader(settings.database_url) as reader:
        yield reader


async def messages_of(line: OpenLine) -> list[MessageRecord]:
    """Return the messages on record, oldest first."""
    await line.line.recorder.flush()
    async with records(line.settings) as reader:
        return (await reader.messages(limit=1000, deleted=True))[::-1]


def sound_of(settings: Settings, message: MessageRecord) -> Samples:
    """Return what can be heard in a message's file."""
    return read_wav(settings.data / "messages" / message.file)
