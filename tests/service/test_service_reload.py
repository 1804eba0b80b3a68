"""New versions of the files in a line that takes calls: all of them or none, and no call notices."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from ari_app.ari.errors import AriError
from ari_app.core.settings import DialSettings, PromptSettings
from ari_app.network.hearing import write_tone
from ari_app.records.facts import CallAnswered, CallEnded, LegStarted
from ari_app.service.line import open_line
from ari_app.service.reloading import waiting_for_a_restart

from .conftest import Facts, House

SPEAKER = """#!/bin/sh
# Speaks anything but the impossible.
if grep -q impossible; then echo 'I cannot say that' >&2; exit 3; fi
cat {sound}
"""


async def test_new_files_are_in_force_for_the_next_call_and_for_the_fallback(house: House) -> None:
    facts = Facts()
    async with open_line(house.settings(), listener=facts) as line:
        await house.until_written({"default": "PJSIP/alice"})
        house.has_team("support", agent="bruno")
        house.has_flow("accueil", words="Bonjour, ici la version deux.")
        assert await line.reload()
        await house.is_called()
        assert (await facts.until(LegStarted)).agent == "bruno"
        await facts.until(CallEnded)
        await house.until_written({"default": "PJSIP/bruno"})


async def test_a_call_in_progress_keeps_the_files_that_it_began_with(house: House) -> None:
    facts = Facts()
    async with open_line(house.settings(), listener=facts) as line:
        await house.is_called()
        await facts.until(CallAnswered)
        house.has_team("support", agent="bruno")
        assert await line.reload()
        assert (await facts.until(LegStarted)).agent == "alice"
        await facts.until(CallEnded)


async def test_a_mistake_in_one_file_leaves_every_file_as_it_was(house: House) -> None:
    facts = Facts()
    async with open_line(house.settings(), listener=facts) as line:
        house.has_team("support", agent="bruno")
        broken = house.has_flow("accueil", reason="pane")
        with capture_logs() as logs:
            assert not await line.reload()
        (told,) = [each for each in logs if each["event"] == "config.rejected"]
        assert told["findings"][0].startswith(f"{broken}:5:18: no team answers for the reason `pane`")
        assert (line.version.reloaded, line.version.rejected) == (0, 1)
        await house.is_called()
        assert (await facts.until(LegStarted)).agent == "alice"
        await facts.until(CallEnded)
        assert await house.written() == {"default": "PJSIP/alice"}

        house.has_flow("accueil")
        assert await line.reload()
        assert (line.version.reloaded, line.version.findings) == (1, [])
        await house.until_written({"default": "PJSIP/bruno"})


async def test_words_that_cannot_be_spoken_are_not_taken_into_use(house: House, tmp_path: Path) -> None:
    speaker = tmp_path / "speaker"
    speaker.write_text(SPEAKER.format(sound=write_tone(tmp_path / "tone.wav", 440, 0.5)))
    speaker.chmod(0o755)
    prompts = PromptSettings(engine="command", command=(str(speaker),), folder=tmp_path / "made")
    async with open_line(house.settings(prompts=prompts)) as line:
        house.has_team("support", agent="bruno")
        house.has_flow("accueil", words="C'est impossible.")
        with capture_logs() as logs:
            assert not await line.reload()
        (told,) = [each for each in logs if each["event"] == "config.rejected"]
        assert "I cannot say that" in told["reason"]
        await house.until_written({"default": "PJSIP/alice"})


async def test_reloads_at_the_same_time_end_with_the_last_files(house: House) -> None:
    async with open_line(house.settings()) as line:
        house.has_team("support", agent="bruno")
        assert await asyncio.gather(*(line.reload() for _ in range(3))) == [True, True, True]
        await house.until_written({"default": "PJSIP/bruno"})


async def test_lines_of_the_settings_come_and_go_with_their_fallback(house: House) -> None:
    house.has_team("cartes", agent="bruno", reason="carte")
    house.has_flow("cartes", reason="carte")
    settings = house.settings(lines={"default": "accueil", "100": "cartes"})
    async with open_line(settings) as line:
        await house.until_written({"default": "PJSIP/alice", "100": "PJSIP/bruno"})
        fresh = house.settings(
            lines={"default": "accueil", "200": "cartes"}, dial=DialSettings(accept_seconds=3)
        )
        assert await line.reload(fresh)
        await house.until_written({"default": "PJSIP/alice", "200": "PJSIP/bruno"})
        assert line.settings.dial.accept_seconds == 3
        assert not await line.reload(house.settings(lines={"default": "nowhere"}))
        assert line.settings.flow_of("200") == "cartes"


def test_settings_that_need_a_restart_are_known(house: House) -> None:
    before = house.settings()
    after = house.settings(data=house.folder / "elsewhere", lines={"default": "cartes"})
    assert waiting_for_a_restart(before, after) == ["data"]
    assert waiting_for_a_restart(before, house.settings()) == []


@pytest.mark.parametrize("lost", ["rosters", "flows"])
async def test_a_folder_that_is_gone_changes_nothing(house: House, lost: str) -> None:
    async with open_line(house.settings()) as line:
        (house.folder / lost).rename(house.folder / "away")
        assert not await line.reload()
        assert line.version.findings[0].file == house.folder / lost
        with pytest.raises(AriError):  # the line is up and asks Asterisk as before
            await line.ari.channels.get("none")
