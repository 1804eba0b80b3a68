"""The command line itself: it starts at once, explains itself, and never shows a traceback."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest

from .conftest import COMMAND, Desk, Said

HEAVY = {
    "sqlalchemy",
    "alembic",
    "aiohttp",
    "panoramisk",
    "numpy",
    "soxr",
    "phonenumbers",
    "rich",
    "pydantic",
}
COMMANDS = (
    *("run", "demo", "check", "who", "schedule", "diff", "schema", "doctor", "swap", "import"),
    *("override add", "override list", "override remove", "calls", "calls show", "versions", "versions show"),
    *("flow try", "flow graph"),
)


def test_nothing_heavy_is_imported_before_a_command_is_known() -> None:
    code = f"import sys, ari_app.cli.main; print(sorted({HEAVY!r} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_explains_itself(astreinte: Callable[..., Said], command: str) -> None:
    said = astreinte(*command.split(), "--help")
    assert said.code == 0
    assert f"Usage: astreinte {command}" in said.out
    assert "..." not in said.out.replace("[ARGS]...", "")  # no sentence is cut


def test_a_newcomer_is_told_where_to_begin_and_what_exit_codes_mean(astreinte: Callable[..., Said]) -> None:
    said = astreinte("--help")
    for command in COMMANDS:
        assert f"  {command.split()[0]} " in said.out
    for word in ("First time here?", "astreinte demo", "Exit codes"):
        assert word in said.out


@pytest.mark.parametrize(
    "words", [["frobnicate"], ["calls", "-n", "many"], ["calls", "-n", "0"], ["who", "a", "b"]]
)
def test_a_command_that_is_not_understood_ends_with_2(
    astreinte: Callable[..., Said], words: list[str]
) -> None:
    said = astreinte(*words)
    assert (said.code, said.out) == (2, "")
    assert said.err


@pytest.mark.parametrize("command", ["check", "--help"])
def test_a_reader_who_leaves_gets_no_traceback(desk: Desk, command: str) -> None:
    with subprocess.Popen(
        [*COMMAND, command],
        cwd=desk.folder,
        env=desk.environ(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1


@pytest.mark.parametrize("command", ["who", "schedule", "schedule --view calendar", "override list", "check"])
def test_colours_are_for_people_who_want_them(desk: Desk, command: str) -> None:
    assert "\x1b" not in desk.types(*command.split(), FORCE_COLOR="1").out  # a pipe
    assert "\x1b" not in desk.types_on_terminal(*command.split(), NO_COLOR="1").out


@pytest.mark.parametrize("command", ["who", "schedule", "override list"])
def test_a_row_in_a_pipe_ends_with_its_last_word(desk: Desk, command: str) -> None:
    assert not [line for line in desk.types(*command.split()).out.split("\n") if line.endswith(" ")]


@pytest.mark.parametrize("command", ["who", "check", "schedule --view calendar", "--help"])
def test_an_output_that_is_closed_gets_no_traceback(desk: Desk, command: str) -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", 'exec "$@" >&-', "sh", *COMMAND, *command.split()],
        cwd=desk.folder,
        env=desk.environ(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr
    assert done.returncode in (0, 1)
