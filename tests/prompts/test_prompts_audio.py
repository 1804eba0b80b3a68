"""What callers hear, measured: level, silence, band, length, whatever the sound was before."""

from __future__ import annotations

import io
import itertools
import wave
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from ari_app.prompts import audio, espeak
from ari_app.prompts.errors import EngineUnavailableError, SoundError
from ari_app.prompts.wav import FORMATS, Sound, parse_wav

Samples = npt.NDArray[np.float32]
WORDS = {
    "fr": "Bonjour, vous êtes en relation avec notre service d'astreinte.",
    "en": "Welcome to our on-call service.",
}


def tone(
    hertz: float, seconds: float, rate: int, *, level: float = 0.2, channels: int = 1, silence: float = 0.0
) -> Sound:
    """A sine with silence on both sides; `level` is its amplitude, of 1."""
    times = np.arange(int(rate * seconds)) / rate
    quiet = np.zeros(int(rate * silence))
    samples = np.concatenate([quiet, level * np.sin(2 * np.pi * hertz * times), quiet])
    interleaved = np.repeat((samples * 32767).astype("<i2"), channels)
    return Sound(rate, channels, interleaved.tobytes())


def as_floats(samples: npt.NDArray[np.int16]) -> Samples:
    return samples.astype(np.float32) / np.float32(32768)


def energy_between(samples: Samples, rate: int, low: float, high: float) -> float:
    """Return the share of a sound's energy between two frequencies in Hz."""
    power = np.square(np.abs(np.fft.rfft(samples)))
    hertz = np.fft.rfftfreq(len(samples), 1 / rate)
    return float(power[(hertz >= low) & (hertz <= high)].sum() / power.sum())


@pytest.mark.parametrize("language", WORDS)
def test_speech_is_as_loud_as_asterisks_own_prompts_and_never_clips(language: str) -> None:
    for suffix, samples in audio.for_telephone(espeak.speak(WORDS[language], language)).items():
        level = audio.active_level(as_floats(samples), FORMATS[suffix])
        assert -21 < level < -17
        assert np.abs(samples.astype(int)).max() <= 32767 * 10 ** (audio.HIGHEST_PEAK / 20) + 1


@pytest.mark.parametrize("language", WORDS)
def test_speech_is_at_a_pace_that_can_be_followed(language: str) -> None:
    seconds = espeak.speak(WORDS[language], language).seconds
    words_a_minute = 60 * len(WORDS[language].split()) / seconds
    assert 110 < words_a_minute < 190


def test_speech_lies_where_a_telephone_carries_it() -> None:
    samples = audio.for_telephone(espeak.speak(WORDS["fr"], "fr"))[".wav"]
    assert energy_between(as_floats(samples), 8000, 300, 3400) > 0.7


def test_other_words_sound_otherwise() -> None:
    sounds = {espeak.speak(text, "fr").frames for text in ("un", "deux", "trois")}
    assert len(sounds) == 3


def test_the_language_is_heard() -> None:
    assert espeak.speak("six", "fr").frames != espeak.speak("six", "en").frames


def test_a_language_without_a_voice_is_told() -> None:
    with pytest.raises(EngineUnavailableError, match="no voice for `xx`"):
        espeak.speak("mots", "xx")


@pytest.mark.parametrize(("rate", "channels"), [*itertools.product([8000, 22_050, 44_100, 48_000], [1, 2])])
def test_a_recording_of_any_rate_keeps_its_pitch_and_its_length(rate: int, channels: int) -> None:
    sounds = audio.for_telephone(tone(1000, 1.0, rate, channels=channels))
    for suffix, samples in sounds.items():
        floats = as_floats(samples)
        assert energy_between(floats, FORMATS[suffix], 980, 1020) > 0.99
        added = audio.LEAD_SECONDS + audio.TAIL_SECONDS
        assert len(floats) / FORMATS[suffix] == pytest.approx(1.0 + added, abs=0.03)


def test_what_a_telephone_cannot_carry_does_not_come_back_as_another_tone() -> None:
    """Without the filter, 5 kHz sampled at 8 kHz would be heard as 3 kHz."""
    low, high = tone(1000, 1.0, 48_000), tone(5000, 1.0, 48_000)
    both = np.frombuffer(low.frames, "<i2") // 2 + np.frombuffer(high.frames, "<i2") // 2
    sounds = audio.for_telephone(Sound(48_000, 1, both.astype("<i2").tobytes()))
    assert energy_between(as_floats(sounds[".wav"]), 8000, 2900, 3100) < 1e-5
    assert energy_between(as_floats(sounds[".wav16"]), 16_000, 4900, 5100) > 0.4


@pytest.mark.parametrize("level", [0.02, 0.2, 0.99])
def test_quiet_and_loud_recordings_come_out_at_one_level(level: float) -> None:
    samples = audio.for_telephone(tone(440, 1.0, 16_000, level=level))[".wav"]
    assert audio.active_level(as_floats(samples), 8000) == pytest.approx(audio.ACTIVE_LEVEL, abs=0.3)


def test_a_hiss_is_not_made_into_a_roar() -> None:
    samples = audio.for_telephone(tone(440, 1.0, 16_000, level=0.001))[".wav"]
    assert audio.active_level(as_floats(samples), 8000) < audio.ACTIVE_LEVEL - 5


def test_silence_at_the_ends_is_cut() -> None:
    samples = audio.for_telephone(tone(440, 1.0, 16_000, silence=2.0))[".wav"]
    assert len(samples) / 8000 == pytest.approx(1.0 + audio.LEAD_SECONDS + audio.TAIL_SECONDS, abs=0.05)


def test_a_recording_that_is_off_centre_is_centred() -> None:
    shifted = np.frombuffer(tone(440, 1.0, 16_000).frames, "<i2") + np.int16(5000)
    samples = audio.for_telephone(Sound(16_000, 1, shifted.tobytes()))[".wav"]
    assert abs(as_floats(samples).mean()) < 1e-3


def test_nothing_but_silence_is_refused() -> None:
    with pytest.raises(SoundError, match="no sound in it"):
        audio.for_telephone(Sound(8000, 1, b"\1\0" * 8000))


def test_files_are_what_asterisk_reads_and_any_user_may_read_them(tmp_path: Path) -> None:
    stem = tmp_path / "deep" / "fr-mots-0123"
    audio.write(stem, audio.for_telephone(tone(440, 0.5, 16_000)))
    assert sorted(path.name for path in stem.parent.iterdir()) == ["fr-mots-0123.wav", "fr-mots-0123.wav16"]
    for suffix, rate in FORMATS.items():
        path = Path(f"{stem}{suffix}")
        assert path.stat().st_mode & 0o777 == 0o644
        with wave.open(str(path)) as file:
            assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (rate, 1, 2)
            assert file.getcomptype() == "NONE"


def wav_of(sound: Sound, *, width: int = 2) -> bytes:
    content = io.BytesIO()
    with wave.open(content, "wb") as file:
        file.setnchannels(sound.channels)
        file.setsampwidth(width)
        file.setframerate(sound.rate)
        file.writeframes(sound.frames)
    return content.getvalue()


def test_a_wav_file_is_read_as_it_was_written() -> None:
    sound = tone(440, 0.5, 22_050, channels=2)
    assert parse_wav(wav_of(sound)) == sound


@pytest.mark.parametrize("length", [b"\0\0\0\0", b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f"])
def test_a_wav_file_from_a_pipe_is_read_to_its_end(length: bytes) -> None:
    """Its writer did not know the length when it wrote the header."""
    sound = tone(440, 0.5, 16_000)
    content = wav_of(sound)
    at = content.index(b"data")
    assert parse_wav(content[:4] + length + content[8 : at + 4] + length + content[at + 8 :]) == sound


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a WAV file"),
        (b"ID3\4 this is an MP3", "not a WAV file"),
        (wav_of(tone(440, 0.1, 8000))[:20], "not a WAV file"),
        (wav_of(tone(440, 0.1, 8000), width=1), "8 bits a sample"),
        (wav_of(tone(440, 0.1, 8000, channels=3)), "3 channels"),
        (wav_of(tone(440, 0.1, 4000)), "4000 samples a second"),
        (wav_of(Sound(8000, 1, b"")), "no sound in it"),
        (wav_of(Sound(8000, 1, bytes(16_000))), "no sound in it"),
        (wav_of(tone(440, 91, 8000)), "91 seconds long"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(content: bytes, message: str) -> None:
    with pytest.raises(SoundError, match=message) as refused:
        parse_wav(content)
    assert refused.value.remedy
