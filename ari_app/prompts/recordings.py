"""Prompts that a person recorded: `<language>/<name>.wav`, found and looked at."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from ..core.findings import Finding
from ..core.prompt import Prompt
from ..core.suggest import nearest
from .errors import SoundError
from .wav import EXPECTED, parse_wav

MAX_BYTES = 100_000_000


@dataclass(frozen=True, slots=True)
class Recording:
    """A recorded prompt that can be used; `digest` tells its content."""

    path: Path
    digest: str


def find_recordings(
    folder: Path | None, prompts: Iterable[Prompt]
) -> tuple[dict[Prompt, Recording], list[Finding]]:
    """Return the recordings of these prompts, and warnings about those that are of no use.

    One that cannot be used is a warning, because the engine speaks instead: a line that starts with a
    robot's voice beats one that does not start.
    """
    recordings: dict[Prompt, Recording] = {}
    findings: list[Finding] = []
    if folder is None or not folder.is_dir():
        return recordings, findings
    by_place: dict[tuple[str, str], list[Prompt]] = {}
    for prompt in prompts:
        by_place.setdefault((prompt.language, prompt.name), []).append(prompt)
    for path in sorted(folder.glob("*/*.wav")):
        said = by_place.get((path.parent.name, path.stem))
        if said is None:
            findings.append(_of_nothing(path, by_place))
            continue
        recording = _look_at(path)
        if isinstance(recording, Finding):
            findings.append(recording)
            continue
        recordings |= dict.fromkeys(said, recording)
        if len(said) > 1:
            findings.append(_of_several(path, said))
    return recordings, findings


def _look_at(path: Path) -> Recording | Finding:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise SoundError("larger than 100 MB", remedy="cut it")
        content = path.read_bytes()
        parse_wav(content)
    except OSError as error:
        return _useless(path, error.strerror or str(error), "let the user that runs Astreinte read it")
    except SoundError as error:
        return _useless(path, error.message, error.remedy)
    return Recording(path, sha256(content).hexdigest())


def _useless(path: Path, found: str, remedy: str) -> Finding:
    message = "the recording cannot be used, so the speech engine speaks instead"
    return Finding(path, 1, 1, message, found, EXPECTED, remedy, "warning")


def _of_nothing(path: Path, known: Iterable[tuple[str, str]]) -> Finding:
    place = f"{path.parent.name}/{path.stem}"
    near = nearest(place, [f"{language}/{name}" for language, name in known])
    return Finding(
        path,
        1,
        1,
        "no flow says this recording",
        f"`{place}`",
        "`<language>/<name>.wav`, with the name of a prompt",
        f"did you mean `{near}`?" if near else "rename or remove it",
        "warning",
    )


def _of_several(path: Path, prompts: list[Prompt]) -> Finding:
    return Finding(
        path,
        1,
        1,
        "the recording replaces different texts",
        " and ".join(f'"{prompt.text}"' for prompt in prompts[:3]),
        "one text for each prompt's name",
        "give the prompts different names in their flows",
        "warning",
    )
