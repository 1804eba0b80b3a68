"""WAV files as programs and people make them: read into 16-bit samples, or refused with a reason."""

from __future__ import annotations

import io
import struct
import wave
from dataclasses import dataclass

from ..core.wav_chunks import CHUNK_HEADER, find_sound
from .errors import SoundError

FORMATS = {".wav": 8000, ".wav16": 16_000}
"""What is made of each prompt: signed linear, by suffix, in Hz. Asterisk itself opens the one that suits
the channel's codec (`ast_set_write_format_from_cap` in main/file.c): 8 kHz for G.711, 16 kHz for G.722
and Opus. Files in G.711 would save nothing: its encoding is a table look-up, too small to measure."""
BYTES_A_SAMPLE = 2
LOWEST_RATE, HIGHEST_RATE = 8000, 192_000
"""Hz. A slower recording is worse than the telephone."""
LONGEST_SECONDS = 90.0
EXPECTED = "WAV, PCM 16 bit, mono or stereo, 8 kHz or more"
_HOW = "save it as WAV, PCM 16 bit (Audacity: “WAV (Microsoft) signed 16-bit PCM”)"


@dataclass(frozen=True, slots=True)
class Sound:
    """Samples as they came: signed 16 bit, little-endian, channels interleaved. `rate` is in Hz."""

    rate: int
    channels: int
    frames: bytes

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return len(self.frames) / (BYTES_A_SAMPLE * self.channels * self.rate)


def parse_wav(content: bytes) -> Sound:
    """Return the sound of a WAV file. Raises `SoundError`.

    A program that writes to a pipe cannot know the length when it writes the header: the sound then
    goes on to the end of the data, whatever the header says.
    """
    try:
        with wave.open(io.BytesIO(_with_lengths(content))) as file:
            rate, channels, width = file.getframerate(), file.getnchannels(), file.getsampwidth()
            frames = file.readframes(len(content))
    except (wave.Error, EOFError, ValueError, RuntimeError) as error:
        raise SoundError(
            f"not a WAV file that can be read ({error or 'it ends too early'})", remedy=_HOW
        ) from None
    if width != BYTES_A_SAMPLE:
        raise SoundError(f"{8 * width} bits a sample instead of 16", remedy=_HOW)
    if channels > 2:
        raise SoundError(f"{channels} channels instead of one or two", remedy="mix it down to mono")
    if not LOWEST_RATE <= rate <= HIGHEST_RATE:
        raise SoundError(f"{rate} samples a second", remedy="save it with 48,000 samples a second")
    whole = BYTES_A_SAMPLE * channels
    sound = Sound(rate, channels, frames[: len(frames) // whole * whole])
    if not any(sound.frames):
        raise SoundError("there is no sound in it", remedy="record it again")
    if sound.seconds > LONGEST_SECONDS:
        raise SoundError(
            f"{sound.seconds:.0f} seconds long", remedy=f"cut it to {LONGEST_SECONDS:.0f} seconds at most"
        )
    return sound


def _with_lengths(content: bytes) -> bytes:
    """Return a WAV file with the lengths that it really has, where its header does not know them."""
    found = find_sound(content)
    if found is None:
        return content
    at, length = found
    rest = len(content) - at
    if 0 < length <= rest:
        return content
    whole = struct.pack("<I", len(content) - CHUNK_HEADER)
    return content[:4] + whole + content[8 : at - 4] + struct.pack("<I", rest) + content[at:]
