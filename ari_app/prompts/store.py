"""The audio of every prompt: made once, kept by content, found at once when a call needs it."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Iterable
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Self

from ..core.errors import AstreinteError
from ..core.findings import Finding
from ..core.paths import cache_folder
from ..core.prompt import Prompt
from .engines import EngineChoice
from .errors import EngineUnavailableError, Failure, PromptNotPreparedError, PromptsUnavailableError
from .recordings import Recording, find_recordings
from .rendering import Job, render
from .wav import FORMATS

if TYPE_CHECKING:  # the process that renders has no use for settings, and starts sooner without
    from ..core.settings import PromptSettings

PROCESSING = 1
"""Raise it when `audio.py` makes another sound of the same samples."""

_SAFE = re.compile("[a-z]{2,3}/[a-z0-9-]{1,90}")
OnProgress = Callable[[int, int], None]


def _silent(_done: int, _total: int) -> None:
    """Say nothing."""


class PromptStore:
    """Prepares prompts, and tells where the audio of each is.

    Asterisk must be able to read `folder`. Several lines may share it, and start at the same instant.
    """

    def __init__(self, folder: Path, *, engine: EngineChoice, recordings: Path | None = None) -> None:
        self.folder = folder.absolute()
        if not str(self.folder).isprintable() or "," in str(self.folder):
            raise AstreinteError(
                f"prompts cannot be kept in {str(self.folder)!r}: ARI separates sounds by commas",
                remedy="set `prompts: {folder: ...}` to a path without a comma",
            )
        self._engine = engine
        self._recordings = recordings
        self._media: dict[Prompt, str] = {}
        self._preparing = asyncio.Lock()

    @classmethod
    def from_settings(cls, settings: PromptSettings) -> Self:
        """Return the store that the settings describe."""
        return cls(
            settings.folder or cache_folder() / "prompts",
            engine=EngineChoice(settings.engine, settings.command),
            recordings=settings.recordings,
        )

    def check(self, prompts: Iterable[Prompt]) -> list[Finding]:
        """Return what is wrong with the recordings. Reads them all: not for the event loop."""
        return find_recordings(self._recordings, prompts)[1]

    def without_audio(self, prompts: Iterable[Prompt]) -> list[Failure]:
        """Return the prompts that neither a recording nor the engine's voices speak, with what to do.

        Nothing is spoken to find out. Reads all recordings: not for the event loop.
        """
        prompts = list(dict.fromkeys(prompts))
        recordings, _ = find_recordings(self._recordings, prompts)
        failures: list[Failure] = []
        voiceless: dict[str, EngineUnavailableError | None] = {}
        for prompt in prompts:
            if prompt in recordings:
                continue
            if prompt.language not in voiceless:
                voiceless[prompt.language] = self._why_voiceless(prompt.language)
            if error := voiceless[prompt.language]:
                failures.append(Failure(prompt, error.message, error.remedy))
        return failures

    def _why_voiceless(self, language: str) -> EngineUnavailableError | None:
        try:
            self._engine.look_for_voice(language)
        except EngineUnavailableError as error:
            return error
        return None

    async def prepare(self, prompts: Iterable[Prompt], progress: OnProgress = _silent) -> list[Finding]:
        """Make the audio that is not there yet, so that `media` knows all of these prompts.

        `progress` is told how many of how many are made. Returns warnings about recordings. Raises
        `PromptsUnavailableError` when a prompt has neither a recording nor an engine that speaks it;
        what was prepared before stays so.
        """
        wanted = list(dict.fromkeys(prompts))
        async with self._preparing:
            recordings, findings = await asyncio.to_thread(find_recordings, self._recordings, wanted)
            jobs, failures = await asyncio.to_thread(self._jobs, wanted, recordings)
            missing = {job.stem: job for job in jobs.values() if not _is_complete(job.stem)}
            if missing:
                faults = await render(list(missing.values()), self._engine, progress)
                failures += [
                    Failure(prompt, fault.message, fault.remedy)
                    for prompt, job in jobs.items()
                    if (fault := faults.get(job.stem))
                ]
            if failures:
                raise PromptsUnavailableError(failures)
            self._media |= {prompt: f"sound:{job.stem}" for prompt, job in jobs.items()}
        return findings

    def media(self, prompt: Prompt) -> str:
        """Return the ARI media URI of a prepared prompt, such as `sound:/…/fr-bienvenue-3f9c…`."""
        try:
            return self._media[prompt]
        except KeyError:
            raise PromptNotPreparedError(prompt) from None

    def knows(self, prompt: Prompt) -> bool:
        """Tell whether a prompt was prepared."""
        return prompt in self._media

    def path(self, prompt: Prompt) -> Path:
        """Return the 8 kHz WAV file of a prepared prompt, for whoever wants to listen to it."""
        return Path(self.media(prompt).removeprefix("sound:") + ".wav")

    def _jobs(
        self, prompts: list[Prompt], recordings: dict[Prompt, Recording]
    ) -> tuple[dict[Prompt, Job], list[Failure]]:
        jobs: dict[Prompt, Job] = {}
        failures: list[Failure] = []
        fingerprint: str | EngineUnavailableError
        try:
            fingerprint = self._engine.fingerprint()
        except EngineUnavailableError as error:
            fingerprint = error
        for prompt in prompts:
            recording = recordings.get(prompt)
            if recording is not None:
                stem = self._stem(prompt, ["recording", recording.digest])
                jobs[prompt] = Job(str(stem), prompt.language, recording=str(recording.path))
            elif isinstance(fingerprint, str):
                stem = self._stem(prompt, ["text", fingerprint, prompt.language, prompt.text])
                jobs[prompt] = Job(str(stem), prompt.language, text=prompt.text)
            else:
                failures.append(Failure(prompt, fingerprint.message, fingerprint.remedy))
        return jobs, failures

    def _stem(self, prompt: Prompt, content: list[str]) -> Path:
        """Return the path, without its suffix, of a prompt's audio."""
        if not _SAFE.fullmatch(f"{prompt.language}/{prompt.name}"):
            raise ValueError(f"{prompt.name!r} is no prompt's name")  # `flow.fields` lets none through
        key = sha256(json.dumps([PROCESSING, *content]).encode()).hexdigest()[:20]
        return self.folder / f"{prompt.language}-{prompt.name}-{key}"


def _is_complete(stem: str) -> bool:
    """Tell whether every file of a prompt is there; they are moved into place when whole."""
    try:
        return all(Path(stem + suffix).stat().st_size > 0 for suffix in FORMATS)
    except OSError:
        return False
