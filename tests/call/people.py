"""The people of these tests: callers and agents, and what they do and hear on a real telephone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from itertools import count
from pathlib import Path

from ari_app.network.hearing import (
    ALIKE,
    RATE,
    Samples,
    likeness,
    loudest,
    loudness,
    read_wav,
    tone_seconds,
    write_tone,
)
from ari_app.network.network import Behaviour, TelephoneNetwork
from ari_app.network.party import Party

from .sounds import Recordings, parts_heard

PATIENCE = 10.0
"""Seconds after which what a test waits for has not happened."""
LOOK_EVERY = 0.1
"""Seconds between two looks at what was heard so far."""
RINGING_HERTZ = 440.0
"""The ringing tone in France (`indications.conf`)."""
VOICE_SECONDS = 0.8
SAID_AGAIN_AFTER = 2.0
"""Seconds after which people say again what was not heard."""
LATELY = RATE // 2
"""Samples that are what is heard just now."""
LOUD = -50.0
"""dB relative to full scale."""
HEARD_FOR = 0.4
"""Seconds of a voice that must arrive for it to be heard."""

_voices = (500.0 + 100.0 * (number % 27) for number in count())


async def until(happened: Callable[[], bool]) -> None:
    """Wait until something is so that nobody tells of."""
    async with asyncio.timeout(PATIENCE):
        while not happened():  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(LOOK_EVERY)


class Person:
    """Someone in a call: a caller, or an agent whose phone rings."""

    def __init__(self, party: Party, recordings: Recordings, folder: Path) -> None:
        self.party = party
        self.hertz = next(_voices)
        """Their voice."""
        self._recordings = recordings
        self._folder = folder

    @property
    def number(self) -> str:
        """The number that they call from, or are called at."""
        return self.party.number

    # What they do

    async def picks_up(self) -> None:
        """Answer the phone that rings."""
        await self.party.answer()

    async def refuses(self, sip_code: int) -> None:
        """Refuse the call with a SIP status code."""
        await self.party.refuse(sip_code)

    async def presses(self, keys: str) -> None:
        """Press keys (RFC 4733)."""
        await self.party.press(keys)

    async def speaks(self) -> None:
        """Say something, in a voice of their own."""
        wav = self._folder / f"{self.hertz:.0f}.wav"
        if not wav.exists():
            write_tone(wav, self.hertz, VOICE_SECONDS)
        await self.party.speak(wav)

    async def takes_the_call(self) -> None:
        """Pick up, and press 1 once the line has said why it calls."""
        await self.picks_up()
        await self.presses("1")

    async def reaches(self, telephone: Telephone, keys: str) -> Person:
        """Press keys for a colleague, who takes the call; return the colleague."""
        await self.presses(keys)
        colleague = await telephone.is_rung()
        await colleague.takes_the_call()
        return colleague

    async def hangs_up(self) -> None:
        """Put the phone down."""
        await self.party.hang_up()

    # What they notice

    async def is_answered(self, within: float = PATIENCE) -> None:
        """Wait until the line answers, and listen from then on."""
        await self.party.answered(within)
        await self.party.listen()

    async def is_hung_up(self, within: float = PATIENCE) -> None:
        """Wait until the call is over for them, whoever ended it."""
        await self.party.ended(within)

    async def hears(self, prompt: str, language: str = "fr", within: float = PATIENCE) -> None:
        """Wait until the beginning of a prompt was heard."""
        beginning = self._recordings.parts(prompt, language)[:3]
        await self._hears_any_of(beginning, f"the beginning of « {prompt} » ({language})", within)

    async def hears_all_of(self, prompt: str, language: str = "fr", within: float = PATIENCE) -> None:
        """Wait until the end of a prompt was heard."""
        end = self._recordings.parts(prompt, language)[-2:]
        await self._hears_any_of(end, f"the end of « {prompt} » ({language})", within)

    async def hears_keys(self, keys: str, within: float = PATIENCE) -> None:
        """Wait until keys were heard that the other side pressed."""

        async def heard() -> bool:
            return self.party.keys.endswith(keys)

        await self._until(heard, f"the keys {keys}", within)

    async def hears_sound(self, wav: Path, within: float = PATIENCE) -> None:
        """Wait until the loudest second of a sound file was heard."""
        await self._hears_any_of([loudest(read_wav(wav))], f"the sound of {wav.name}", within)

    async def has_heard_sound(self, wav: Path) -> bool:
        """Tell whether the loudest second of a sound file was heard so far."""
        return likeness(await self.party.heard(), read_wav(wav)) > ALIKE

    async def hears_voice_of(self, other: Person, within: float = PATIENCE) -> None:
        """Let another person say something, again if need be, and wait until that was heard."""
        before = len(await self.party.heard())
        said = -SAID_AGAIN_AFTER

        async def heard() -> bool:
            nonlocal said
            if (now := asyncio.get_running_loop().time()) >= said + SAID_AGAIN_AFTER:
                said = now
                await other.speaks()
            return tone_seconds((await self.party.heard())[before:], other.hertz) >= HEARD_FOR

        await self._until(heard, f"the voice of {other.number}", within)

    async def hears_ringing(self, within: float = PATIENCE) -> None:
        """Wait until the ringing tone is heard."""
        before = len(await self.party.heard())

        async def heard() -> bool:
            return tone_seconds((await self.party.heard())[before:], RINGING_HERTZ) >= HEARD_FOR

        await self._until(heard, "ringing", within)

    async def hears_music(self, within: float = PATIENCE) -> None:
        """Wait until something other than voices, ringing and silence is heard."""
        before = len(await self.party.heard())

        async def heard() -> bool:
            return loudness((await self.party.heard())[before:][-LATELY:]) > LOUD

        await self._until(heard, "music", within)

    async def has_heard(self, prompt: str, language: str = "fr") -> bool:
        """Tell whether any of a prompt was heard so far."""
        return parts_heard(await self.party.heard(), self._recordings.parts(prompt, language)) > 0

    async def has_heard_the_end_of(self, prompt: str, language: str = "fr") -> bool:
        """Tell whether any of the last two fifths of a second of a prompt was heard."""
        return parts_heard(await self.party.heard(), self._recordings.parts(prompt, language)[-2:]) > 0

    async def has_heard_voice_of(self, other: Person) -> bool:
        """Tell whether another's voice was heard so far, however shortly."""
        return tone_seconds(await self.party.heard(), other.hertz) > 0.1

    async def _hears_any_of(self, sounds: Sequence[Samples], what: str, within: float) -> None:
        """Wait until any of some sounds was heard; what was looked at is not looked at again."""
        overlap = max(len(sound) for sound in sounds) - 1
        looked = 0

        async def heard() -> bool:
            nonlocal looked
            everything = await self.party.heard()
            fresh = everything[max(0, looked - overlap) :]
            looked = len(everything)
            return any(likeness(fresh, sound, seconds=len(sound) / RATE) > ALIKE for sound in sounds)

        await self._until(heard, what, within)

    async def _until(self, happened: Callable[[], Awaitable[bool]], what: str, within: float) -> None:
        deadline = asyncio.get_running_loop().time() + within
        while not await happened():
            if asyncio.get_running_loop().time() > deadline:
                raise AssertionError(f"{self.number} did not hear {what} within {within:g} s")
            await asyncio.sleep(LOOK_EVERY)


class Telephone:
    """A telephone that lies there; unless told otherwise it rings until the test does something."""

    def __init__(self, network: TelephoneNetwork, number: str, recordings: Recordings, folder: Path) -> None:
        self.number = number
        self.rung = 0
        """How often it has rung."""
        self._network = network
        self._recordings = recordings
        self._folder = folder
        self._ringing: asyncio.Queue[Person] = asyncio.Queue()
        self.does(self._rings)

    def does(self, behaviour: Behaviour) -> None:
        """Say what its owner does by themselves from now on when it rings."""

        async def counted(party: Party) -> None:
            self.rung += 1
            await behaviour(party)

        self._network.when_rung(self.number, counted)

    async def is_rung(self, within: float = PATIENCE) -> Person:
        """Wait until it rings, and return who is about to pick it up."""
        try:
            async with asyncio.timeout(within):
                return await self._ringing.get()
        except TimeoutError:
            raise AssertionError(f"{self.number} was not rung within {within:g} s") from None

    async def _rings(self, party: Party) -> None:
        await party.ring()
        self._ringing.put_nowait(Person(party, self._recordings, self._folder))
