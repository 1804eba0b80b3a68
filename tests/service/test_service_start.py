"""A line that starts while something around it is missing: what is served, and what is told."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from ari_app.agi.errors import AgiAddressUnusable
from ari_app.ari.errors import AriUnavailable, AuthenticationFailed
from ari_app.core.findings import InvalidConfiguration
from ari_app.core.settings import Settings
from ari_app.records.facts import CallEnded, Outcome
from ari_app.records.reader import Reader
from ari_app.service.instance import AlreadyRunning, holder_of, only_instance
from ari_app.service.line import open_line

from .conftest import Facts, House, until


def with_wrong(section: str, settings: Settings, **fields: object) -> Settings:
    """Return settings with some fields of a section replaced."""
    changed = getattr(settings, section).model_copy(update=fields)
    return settings.model_copy(update={section: changed})


@pytest.mark.parametrize("fields", [{"port": 1}, {"password": SecretStr("wrong")}])
async def test_calls_are_served_without_ami_and_the_log_says_why(
    house: House, fields: dict[str, object]
) -> None:
    facts = Facts()
    with capture_logs() as logs:
        async with open_line(with_wrong("ami", house.settings(), **fields), listener=facts) as line:
            assert line.ami.trouble is not None
            await house.is_called()
            assert (await facts.until(CallEnded)).outcome == Outcome.UNANSWERED
    (told,) = [each for each in logs if each["event"] == "ami.unavailable"]
    assert told["remedy"]


async def test_a_wrong_ari_password_is_named_at_once(house: House) -> None:
    settings = with_wrong("ari", house.settings(), password=SecretStr("wrong"))
    with pytest.raises(AuthenticationFailed, match=r"user 'astreinte'") as caught:
        async with open_line(settings, wait=None):
            pytest.fail("the line came up")
    assert "ari.conf" in caught.value.remedy


async def test_an_asterisk_that_is_away_is_named_with_its_address(house: House) -> None:
    settings = with_wrong("ari", house.settings(), url="http://127.0.0.1:1/ari")
    with pytest.raises(AriUnavailable, match=r"http://127\.0\.0\.1:1/ari"):
        async with open_line(settings):
            pytest.fail("the line came up")


async def test_two_lines_do_not_share_an_agi_port(house: House) -> None:
    async with open_line(house.settings()):
        with pytest.raises(AgiAddressUnusable, match="in use"):
            async with open_line(house.settings(data=house.folder / "elsewhere")):
                pytest.fail("the line came up")


async def test_every_mistake_is_told_before_anything_starts(house: House) -> None:
    (house.folder / "rosters/support.yaml").write_text("team: support\ntimezone: Mars\n")
    house.has_flow("two").write_text("flow: two\nnodes: [a]\n")
    with pytest.raises(InvalidConfiguration) as caught:
        async with open_line(house.settings(lines={"default": "none"})):
            pytest.fail("the line came up")
    assert {finding.file.name for finding in caught.value.findings} == {"support.yaml", "two.yaml"}


async def test_a_locked_database_at_start_delays_no_call_and_loses_no_record(house: House) -> None:
    settings = house.settings()
    async with open_line(settings):
        pass  # so that there is a database
    facts = Facts()
    with closing(sqlite3.connect(settings.data / "astreinte.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        async with open_line(settings, listener=facts) as line:
            await house.is_called()
            ended = await facts.until(CallEnded)

            async def told() -> bool:
                return line.recorder.trouble is not None

            await until(told)
            other.execute("ROLLBACK")
            await line.recorder.flush()
            async with Reader(settings.database_url) as reader:
                story = await reader.call(ended.call)
    assert story.call.outcome == Outcome.UNANSWERED


async def test_a_folder_that_cannot_be_made_does_not_keep_calls_out(house: House, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    facts = Facts()
    settings = house.settings(data=tmp_path / "file/below")
    with capture_logs() as logs, only_instance(settings.data):
        async with open_line(settings, listener=facts):
            await house.is_called()
            await facts.until(CallEnded)
    told = {each["event"]: each for each in logs}
    assert told["data.not_writable"]["remedy"]
    assert told["records.stuck"]["remedy"]
    assert told["records.unsaved"]["fact"]  # what nothing could be written to is in the log


def test_a_folder_belongs_to_one_line_and_to_nobody_after_its_end(tmp_path: Path) -> None:
    with only_instance(tmp_path):
        pid = holder_of(tmp_path)
        with pytest.raises(AlreadyRunning, match=f"process {pid}"), only_instance(tmp_path):
            pytest.fail("a second line took the folder")
    assert holder_of(tmp_path) is None
    with only_instance(tmp_path):
        assert holder_of(tmp_path) == pid
