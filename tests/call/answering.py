"""Callers who leave messages, and the messages that they left."""

from __future__ import annotations

import wave
from pathlib import Path

from ari_app.core.settings import Settings
from ari_app.network.hearing import RATE, Samples, read_wav, tone_seconds
from ari_app.records.messages import MessageReader, MessageRecord
from ari_app.records.reader import CallStory

from .exchange import OpenLine
from .people import Person
from .sounds import PART, parts_heard, write_hiss
from .troubles import until_told

BEEP_HERTZ = 700.0
"""That of the sound `beep` that comes with Asterisk."""
BREATH = 0.6
"""Seconds that a caller waits before they speak: the beep may not be over when they have heard it."""
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
  laissez-message: {fr: Laissez un message., en: Leave a message.}
  message-recu: {fr: Merci., en: Thank you.}
  personne-disponible: {fr: Personne., en: Nobody.}
"""


def answering(more: str = "confirm: false", *, route: str = "") -> str:
    """Return a flow that takes messages: at once, or after a `route`; `more` is of its node `voicemail`."""
    text = FLOW.replace("@start@", "appel" if route else "message").replace("@more@", more)
    return text.replace("@route@", f"  appel: {{route: {route}}}" if route else "")


class Words:
    """What a caller says: sounds that are no one else's, after a breath; `silence` seconds follow.

    A key that is pressed in the very instant of the last sound overtakes it, as no finger does.
    """

    def __init__(self, folder: Path, name: str, seconds: float = 2.0, silence: float = 0.4) -> None:
        self.path = folder / f"said-{name}.wav"
        write_hiss(self.path, seconds)
        self.samples = read_wav(self.path)
        with wave.open(str(self.path), "rb") as file:
            spoken = file.readframes(file.getnframes())
        with wave.open(str(self.path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            file.writeframes(bytes(2 * int(BREATH * RATE)) + spoken + bytes(2 * int(silence * RATE)))

    def share_in(self, sound: Samples) -> float:
        """Return how much of them is in a sound, from 0 to 1."""
        parts = [self.samples[at : at + PART] for at in range(0, len(self.samples) - PART + 1, PART)]
        return parts_heard(sound, parts) / len(parts)

    async def said_by(self, caller: Person) -> None:
        """Have them said, to the end."""
        await self.begun_by(caller)
        await caller.party.until_said()

    async def begun_by(self, caller: Person) -> None:
        """Have them said, without waiting for the end."""
        await caller.party.speak(self.path)


async def hears_the_beep(caller: Person, times: int = 1, seconds: float = 0.25) -> None:
    """Wait until the caller heard the beep, the last time for so long: it lasts 0.4 seconds."""

    async def heard() -> bool:
        return tone_seconds(await caller.party.heard(), BEEP_HERTZ) >= 0.4 * (times - 1) + seconds

    await until_told("the beep is heard", heard)


async def is_asked_for_a_message(line: OpenLine) -> Person:
    """Let somebody call, and wait until they are to speak."""
    caller = await line.takes_a_call()
    await hears_the_beep(caller)
    return caller


async def messages_of(settings: Settings) -> list[MessageRecord]:
    """Return the messages on record, oldest first."""
    async with MessageReader(settings.database_url) as reader:
        return (await reader.messages(limit=1000, deleted=True))[::-1]


async def message_of(line: OpenLine, record: CallStory) -> MessageRecord:
    """Return the only message of a call."""
    await line.line.recorder.flush()
    (message,) = [each for each in await messages_of(line.settings) if each.call_id == record.call.id]
    return message


def sound_of(settings: Settings, message: MessageRecord) -> Samples:
    """Return what can be heard in a message's file."""
    return read_wav(settings.data / "messages" / message.file)
