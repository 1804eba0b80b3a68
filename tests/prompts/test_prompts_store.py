"""Every prompt has its audio before a call needs it, made once, whatever goes wrong around it."""

from __future__ import annotations

import asyncio
import os
import sys
import time
import wave
from collections.abc import Callable
from pathlib import Path

import pytest

from ari_app.core.errors import AstreinteError
from ari_app.core.paths import cache_folder
from ari_app.core.prompt import Prompt
from ari_app.core.settings import PromptSettings
from ari_app.prompts import PromptStore
from ari_app.prompts.engines import EngineChoice
from ari_app.prompts.errors import PromptNotPreparedError, PromptsUnavailableError

BONJOUR = Prompt("bonjour", "fr", "Bonjour.")
HELLO = Prompt("bonjour", "en", "Hello.")
MERCI = Prompt("merci", "fr", "Merci, au revoir.")

SPEAKER = """
import io, math, os, signal, struct, sys, wave
text, language = sys.stdin.read(), sys.argv[1]
if "fails" in text:
    sys.exit("the model is missing")
if "crashes" in text:
    os.kill(os.getppid(), signal.SIGSEGV)
sound = io.BytesIO()
with wave.open(sound, "wb") as file:
    file.setnchannels(1); file.setsampwidth(2); file.setframerate(16000)
    hertz = 400 if language == "fr" else 800
    for n in range(3200):
        file.writeframes(struct.pack("<h", int(9000 * math.sin(2 * math.pi * hertz * n / 16000))))
sys.stdout.buffer.write(sound.getvalue())
"""
"""A voice of the kind that `engine: command` runs: it hums, French lower than English.

Killing the process that renders is the nearest to a crash inside espeak-ng."""


def store_of(folder: Path, engine: EngineChoice | None = None, recordings: Path | None = None) -> PromptStore:
    return PromptStore(folder, engine=engine or EngineChoice(), recordings=recordings)


def speaker(folder: Path) -> EngineChoice:
    program = folder / "speaker.py"
    if not program.exists():
        program.write_text(SPEAKER)
    return EngineChoice("command", [sys.executable, str(program), "{language}"])


def record(path: Path, *, hertz: int = 440, rate: int = 44_100) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        half = rate // hertz // 2
        file.writeframes((b"\x00\x20" * half + b"\x00\xe0" * half) * (hertz // 2))
    return path


def files_in(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}


def wait_until(happened: Callable[[], bool]) -> None:
    """Return as soon as something that another process does has happened."""
    for _ in range(1000):
        if happened():
            return
        time.sleep(0.01)
    raise AssertionError("it did not happen")


async def test_a_prompt_becomes_files_that_asterisk_plays(tmp_path: Path) -> None:
    store = store_of(tmp_path / "cache")
    await store.prepare([BONJOUR, HELLO])
    media = store.media(BONJOUR)
    assert media.startswith(f"sound:{tmp_path}/cache/fr-bonjour-")
    stem = Path(media.removeprefix("sound:"))
    assert stem.suffix == ""
    sizes = {path.suffix: path.stat().st_size for path in stem.parent.glob(f"{stem.name}.*")}
    assert sizes.keys() == {".wav", ".wav16"}
    assert sizes[".wav16"] > 1.9 * sizes[".wav"] > 10_000
    assert store.path(BONJOUR) == Path(f"{stem}.wav")
    assert store.media(HELLO) != media


async def test_audio_is_made_once(tmp_path: Path) -> None:
    await store_of(tmp_path).prepare([BONJOUR, MERCI])
    before = files_in(tmp_path)
    told: list[tuple[int, int]] = []
    await store_of(tmp_path).prepare([BONJOUR, MERCI], lambda done, total: told.append((done, total)))
    assert files_in(tmp_path) == before
    assert told == []


async def test_progress_is_told_prompt_by_prompt(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    prompts = [BONJOUR, HELLO, BONJOUR]
    await store_of(tmp_path).prepare(prompts, lambda done, total: told.append((done, total)))
    assert told == [(0, 2), (1, 2), (2, 2)]


async def test_other_words_or_another_voice_are_made_anew(tmp_path: Path) -> None:
    store = store_of(tmp_path / "cache")
    await store.prepare([BONJOUR])
    other_words = Prompt("bonjour", "fr", "Bonsoir.")
    await store.prepare([other_words])
    assert store.media(other_words) != store.media(BONJOUR)
    other_voice = store_of(tmp_path / "cache", speaker(tmp_path))
    await other_voice.prepare([BONJOUR])
    assert other_voice.media(BONJOUR) != store.media(BONJOUR)


async def test_a_file_that_was_lost_or_cut_short_is_made_again(tmp_path: Path) -> None:
    store = store_of(tmp_path)
    await store.prepare([BONJOUR])
    wide, narrow = store.path(BONJOUR).with_suffix(".wav16"), store.path(BONJOUR)
    content = narrow.read_bytes()
    wide.unlink()
    narrow.write_bytes(b"")
    await store_of(tmp_path).prepare([BONJOUR])
    assert narrow.read_bytes() == content
    assert wide.stat().st_size > len(content)


async def test_lines_that_start_together_share_the_folder(tmp_path: Path) -> None:
    stores = [store_of(tmp_path) for _ in range(3)]
    await asyncio.gather(*(store.prepare([BONJOUR, MERCI]) for store in stores))
    assert len({store.media(BONJOUR) for store in stores}) == 1
    assert len(files_in(tmp_path)) == 4  # two formats of each, and nothing half-made


async def test_a_prompt_that_nobody_prepared_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(PromptNotPreparedError, match="`bonjour`"):
        store_of(tmp_path).media(BONJOUR)


async def test_a_recording_beats_the_engine(tmp_path: Path) -> None:
    recordings = tmp_path / "prompts"
    record(recordings / "fr" / "bonjour.wav")
    spoken, recorded = store_of(tmp_path / "c"), store_of(tmp_path / "c", recordings=recordings)
    await spoken.prepare([BONJOUR, HELLO])
    assert await recorded.prepare([BONJOUR, HELLO]) == []
    assert recorded.media(BONJOUR) != spoken.media(BONJOUR)
    assert recorded.media(HELLO) == spoken.media(HELLO)


async def test_another_recording_is_heard_after_the_next_preparation(tmp_path: Path) -> None:
    path = record(tmp_path / "prompts" / "fr" / "bonjour.wav", hertz=440)
    store = store_of(tmp_path / "cache", recordings=tmp_path / "prompts")
    await store.prepare([BONJOUR])
    before = store.media(BONJOUR)
    record(path, hertz=880)
    await store.prepare([BONJOUR])
    assert store.media(BONJOUR) != before


async def test_a_bad_recording_is_told_and_the_engine_speaks_instead(tmp_path: Path) -> None:
    bad = tmp_path / "prompts" / "fr" / "bonjour.wav"
    bad.parent.mkdir(parents=True)
    bad.write_bytes(b"ID3 this is an MP3")
    store = store_of(tmp_path / "cache", recordings=tmp_path / "prompts")
    (finding,) = await store.prepare([BONJOUR])
    assert finding.file == bad
    assert finding.severity == "warning"
    assert "the speech engine speaks instead" in finding.message
    assert "not a WAV file" in finding.found
    assert "WAV" in finding.expected
    assert "PCM 16 bit" in finding.remedy
    assert store.path(BONJOUR).exists()
    assert store.check([BONJOUR]) == [finding]


async def test_a_recording_of_no_prompt_is_told_with_the_nearest_name(tmp_path: Path) -> None:
    record(tmp_path / "prompts" / "fr" / "bonjuor.wav")
    (finding,) = store_of(tmp_path / "cache", recordings=tmp_path / "prompts").check([BONJOUR])
    assert "no flow says this recording" in finding.message
    assert finding.remedy == "did you mean `fr/bonjour`?"


async def test_a_recording_of_two_texts_is_told(tmp_path: Path) -> None:
    record(tmp_path / "prompts" / "fr" / "bonjour.wav")
    prompts = [BONJOUR, Prompt("bonjour", "fr", "Bonsoir.")]
    (finding,) = store_of(tmp_path / "cache", recordings=tmp_path / "prompts").check(prompts)
    assert "different texts" in finding.message
    assert "Bonsoir." in finding.found


async def test_any_program_can_be_the_voice(tmp_path: Path) -> None:
    store = store_of(tmp_path / "cache", speaker(tmp_path))
    await store.prepare([BONJOUR, HELLO])
    assert store.path(BONJOUR).read_bytes() != store.path(HELLO).read_bytes()


async def test_a_program_that_was_replaced_speaks_anew(tmp_path: Path) -> None:
    store = store_of(tmp_path / "cache", speaker(tmp_path))
    await store.prepare([BONJOUR])
    before = store.media(BONJOUR)
    (tmp_path / "speaker.py").write_text(SPEAKER.replace("400", "500"))
    os.utime(tmp_path / "speaker.py", ns=(1, 1))
    await store.prepare([BONJOUR])
    assert store.media(BONJOUR) != before


async def test_one_prompt_that_fails_is_named_and_the_others_are_kept(tmp_path: Path) -> None:
    store = store_of(tmp_path / "cache", speaker(tmp_path))
    broken = Prompt("casse", "fr", "fails")
    with pytest.raises(PromptsUnavailableError) as failed:
        await store.prepare([BONJOUR, broken, HELLO])
    assert [failure.prompt for failure in failed.value.failures] == [broken]
    assert "`casse` (fr)" in failed.value.message
    assert "the model is missing" in failed.value.message
    assert "run it by hand" in failed.value.remedy
    assert len(files_in(tmp_path / "cache")) == 4


async def test_a_failed_preparation_leaves_the_last_one_in_force(tmp_path: Path) -> None:
    store = store_of(tmp_path / "cache", speaker(tmp_path))
    await store.prepare([BONJOUR])
    before = store.media(BONJOUR)
    with pytest.raises(PromptsUnavailableError):
        await store.prepare([BONJOUR, Prompt("casse", "fr", "fails")])
    assert store.media(BONJOUR) == before


async def test_a_voice_that_is_missing_is_told_with_the_ways_out(tmp_path: Path) -> None:
    with pytest.raises(PromptsUnavailableError) as failed:
        await store_of(tmp_path).prepare([Prompt("mots", "xx", "mots")])
    assert "no voice for `xx`" in failed.value.message
    assert "record the prompts" in failed.value.remedy


def silent(store: PromptStore, *prompts: Prompt) -> list[tuple[Prompt, str]]:
    return [(each.prompt, each.message) for each in store.without_audio(prompts)]


def test_texts_without_audio_are_known_before_anything_is_spoken(tmp_path: Path) -> None:
    klingon = [Prompt("bonjour", "tlh", "nuqneH"), Prompt("merci", "tlh", "qatlho'")]
    record(tmp_path / "prompts" / "tlh" / "merci.wav")
    store = store_of(tmp_path / "cache", recordings=tmp_path / "prompts")
    assert silent(store, BONJOUR, *klingon, HELLO) == [(klingon[0], "espeak-ng has no voice for `tlh`")]
    assert not (tmp_path / "cache").exists()


def test_a_voice_of_a_program_is_looked_for_in_each_language(tmp_path: Path) -> None:
    (tmp_path / "fr.onnx").touch()
    voices = f"{tmp_path}/{{language}}.onnx"
    program = EngineChoice("command", [sys.executable, "--model", voices])
    ((prompt, why),) = silent(store_of(tmp_path / "cache", program), BONJOUR, HELLO)
    assert (prompt, f"there is no {tmp_path}/en.onnx" in why) == (HELLO, True)
    gone = store_of(tmp_path / "cache", EngineChoice("command", ["/nonexistent/piper"]))
    assert silent(gone, BONJOUR) == [(BONJOUR, "the speech engine /nonexistent/piper cannot be found")]


async def test_a_program_that_is_not_there_is_told(tmp_path: Path) -> None:
    store = store_of(tmp_path, EngineChoice("command", ["/nonexistent/piper"]))
    with pytest.raises(PromptsUnavailableError, match="/nonexistent/piper cannot be run"):
        await store.prepare([BONJOUR])


async def test_recordings_alone_are_enough_without_an_engine(tmp_path: Path) -> None:
    record(tmp_path / "prompts" / "fr" / "bonjour.wav")
    store = store_of(tmp_path / "cache", EngineChoice("command"), tmp_path / "prompts")
    await store.prepare([BONJOUR])
    assert store.path(BONJOUR).exists()
    with pytest.raises(PromptsUnavailableError, match="has no command"):
        await store.prepare([BONJOUR, MERCI])


async def test_an_engine_that_crashes_takes_its_prompt_alone_with_it(tmp_path: Path) -> None:
    store = store_of(tmp_path / "cache", speaker(tmp_path))
    with pytest.raises(PromptsUnavailableError, match=r"crashed \(signal 11\)") as failed:
        await store.prepare([BONJOUR, Prompt("casse", "fr", "crashes"), HELLO])
    assert [failure.prompt.name for failure in failed.value.failures] == ["casse"]
    assert len(files_in(tmp_path / "cache")) == 4


async def test_a_full_or_closed_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(PromptsUnavailableError) as failed:
        await store_of(tmp_path / "file" / "cache").prepare([BONJOUR])
    assert "Not a directory" in failed.value.message
    assert "can be written to and has room" in failed.value.remedy


async def test_a_cancelled_preparation_leaves_no_process_and_no_half_file(tmp_path: Path) -> None:
    pids = tmp_path / "pid"
    program = tmp_path / "slow.py"
    program.write_text(f"import os, time\nopen({str(pids)!r}, 'w').write(str(os.getpid()))\ntime.sleep(60)\n")
    store = store_of(tmp_path / "cache", EngineChoice("command", [sys.executable, str(program)]))
    preparing = asyncio.create_task(store.prepare([BONJOUR]))
    await asyncio.to_thread(wait_until, lambda: pids.exists() and bool(pids.read_text()))
    preparing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await preparing
    await asyncio.to_thread(wait_until, lambda: not lives(int(pids.read_text())))
    assert not (tmp_path / "cache").exists()


def lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


async def test_no_name_leads_out_of_the_folder(tmp_path: Path) -> None:
    for name in ("../dehors", "a/b", "a.b", "a b", ""):
        with pytest.raises(ValueError, match="no prompt's name"):
            await store_of(tmp_path / "cache").prepare([Prompt(name, "fr", "mots")])


def test_a_folder_that_ari_cannot_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AstreinteError, match="separates sounds by commas"):
        store_of(tmp_path / "a,b")


async def test_a_data_folder_too_deep_for_espeak_is_reached_by_a_link(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import espeakng_loader

    deep = tmp_path / ("a" * 100) / ("b" * 100)
    deep.mkdir(parents=True)
    package = deep / "espeakng_loader"
    package.symlink_to(Path(espeakng_loader.__file__).parent)
    monkeypatch.setenv("PYTHONPATH", str(deep))
    await store_of(tmp_path / "cache").prepare([BONJOUR])


def test_settings_say_where_and_how(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASTREINTE_CACHE", str(tmp_path))
    assert PromptStore.from_settings(PromptSettings()).folder == tmp_path / "prompts"
    assert PromptStore.from_settings(PromptSettings(folder=tmp_path / "x")).folder == tmp_path / "x"


@pytest.mark.parametrize(
    ("environment", "folder"),
    [
        ({"ASTREINTE_CACHE": "/srv/cache"}, "/srv/cache"),
        ({"XDG_CACHE_HOME": "/srv/xdg"}, "/srv/xdg/astreinte"),
        ({"XDG_CACHE_HOME": "relative", "HOME": "/home/x"}, "/home/x/.cache/astreinte"),
        ({"HOME": "/home/x"}, "/home/x/.cache/astreinte"),
    ],
)
def test_the_cache_is_where_the_environment_says(
    environment: dict[str, str], folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ASTREINTE_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert cache_folder() == Path(folder)
