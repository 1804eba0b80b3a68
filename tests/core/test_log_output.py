"""Where lines are written when the world is against it: full disks, rotated files, pipes nobody reads."""

from __future__ import annotations

import json
import os
import pty
import resource
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from ari_app.core.log_output import KEPT_BYTES, LogOutput

Pipe = tuple[int, int]


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    """A pipe's reading and writing ends."""
    ends = os.pipe()
    yield ends
    for end in ends:
        try:
            os.close(end)
        except OSError:
            continue  # the test closed it


def read_all(reading: int) -> bytes:
    """Read what is in a pipe now."""
    os.set_blocking(reading, False)
    taken = b""
    while True:
        try:
            piece = os.read(reading, 1 << 20)
        except BlockingIOError:
            return taken
        if not piece:
            return taken
        taken += piece


def lines_of(data: bytes) -> list[int]:
    return [int(line) for line in data.split()]


def numbered(number: int, length: int = 100) -> bytes:
    return b"%0*d\n" % (length - 1, number)


def test_a_renamed_file_is_opened_anew_under_its_name(tmp_path: Path) -> None:
    path = tmp_path / "log"
    output = LogOutput.to_file(path)
    output.write(b"1\n")
    path.rename(tmp_path / "log.1")
    output.write(b"2\n")
    path.unlink()
    output.write(b"3\n")
    os.truncate(path, 0)  # logrotate's copytruncate
    output.write(b"4\n")
    output.close()
    assert (tmp_path / "log.1").read_bytes() == b"1\n"
    assert path.read_bytes() == b"4\n"


def test_a_file_whose_folder_vanished_goes_on_and_comes_back_with_it(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    output = LogOutput.to_file(folder / "log")
    folder.rename(tmp_path / "moved")
    output.write(b"1\n")
    folder.mkdir()
    output.write(b"2\n")
    output.close()
    assert (tmp_path / "moved" / "log").read_bytes() == b"1\n"
    assert (folder / "log").read_bytes() == b"2\n"


def test_lines_wait_while_the_disk_is_full_and_are_written_in_order(tmp_path: Path) -> None:
    descriptor = os.open("/dev/full", os.O_WRONLY)
    output = LogOutput(descriptor)
    for number in range(100):
        output.write(numbered(number))
    assert output.waiting == 100
    space = os.open(tmp_path / "log", os.O_WRONLY | os.O_CREAT)
    os.dup2(space, descriptor)  # somebody made room
    output.write(numbered(100))
    assert output.waiting == 0
    assert output.lost == 0
    assert lines_of((tmp_path / "log").read_bytes()) == list(range(101))
    os.close(space)
    os.close(descriptor)


def test_a_line_that_the_disk_took_half_of_is_completed(tmp_path: Path) -> None:
    path = tmp_path / "log"
    output = LogOutput.to_file(path)
    _, hardest = limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (250, hardest))
    try:
        for number in range(5):
            output.write(numbered(number))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert path.stat().st_size == 250
    output.close()
    assert path.read_bytes() == b"".join(map(numbered, range(5)))


def test_lines_beyond_what_is_kept_are_counted(tmp_path: Path) -> None:
    descriptor = os.open("/dev/full", os.O_WRONLY)
    output = LogOutput(descriptor)
    kept = KEPT_BYTES // 1000
    for number in range(kept + 50):
        output.write(numbered(number, 1000))
    assert output.waiting == kept
    space = os.open(tmp_path / "log", os.O_WRONLY | os.O_CREAT)
    os.dup2(space, descriptor)
    output.flush()
    assert lines_of((tmp_path / "log").read_bytes()) == list(range(kept))
    assert output.take_lost() == 50
    assert output.take_lost() == 0
    os.close(space)
    os.close(descriptor)


def test_a_reader_that_does_not_read_never_holds_us_up_and_gets_whole_lines(pipe: Pipe) -> None:
    reading, writing = pipe
    output = LogOutput(writing)
    total = 3000  # 300 kB: a pipe holds 64
    for number in range(total):
        output.write(numbered(number))
    assert output.waiting > 0
    got = b""
    while output.waiting:
        got += read_all(reading)
        output.flush()
    got += read_all(reading)
    assert lines_of(got) == list(range(total))


def test_a_line_longer_than_a_pipe_takes_at_once_arrives_whole(pipe: Pipe) -> None:
    reading, writing = pipe
    output = LogOutput(writing)
    line = b"x" * 300_000 + b"\n"
    output.write(line)
    output.write(b"next\n")
    got = read_all(reading)
    while output.waiting:
        output.flush()
        got += read_all(reading)
    assert got == line + b"next\n"


def test_a_pipe_that_nobody_reads_any_more_is_no_error(pipe: Pipe) -> None:
    reading, writing = pipe
    output = LogOutput(writing)
    os.close(reading)
    for number in range(10):
        output.write(numbered(number))
    assert output.waiting == 0


def test_a_descriptor_that_was_closed_is_no_error(pipe: Pipe) -> None:
    _, writing = pipe
    output = LogOutput(writing)
    os.close(writing)
    output.write(b"1\n")
    output.flush()
    assert output.waiting == 1


def test_lines_of_several_threads_are_never_mixed(tmp_path: Path) -> None:
    path = tmp_path / "log"
    output = LogOutput.to_file(path)

    def write(letter: bytes) -> None:
        for _ in range(500):
            output.write(letter * 200 + b"\n")

    threads = [threading.Thread(target=write, args=(letter,)) for letter in (b"a", b"b", b"c", b"d")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    output.close()
    lines = path.read_bytes().splitlines()
    assert len(lines) == 2000
    assert {bytes(set(line)) for line in lines} == {b"a", b"b", b"c", b"d"}


def test_a_terminal_is_known_as_one(tmp_path: Path) -> None:
    controlling, terminal = pty.openpty()
    assert LogOutput(terminal).is_terminal
    assert not LogOutput.to_file(tmp_path / "log").is_terminal
    os.close(terminal)
    os.close(controlling)


PROGRAM = """
from ari_app.core.logs import configure, get_logger
configure("json")
for number in range(20000):
    get_logger("x").info("call.noted", number=number)
"""


def test_a_program_outlives_whoever_read_its_output() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(timeout=60) == 0
    assert process.stderr.read() == b""


LOSING = """
import os, sys
from ari_app.core.logs import configure, flush, get_logger
configure("json")
log = get_logger("x")
for number in range(30000):
    log.info("call.noted", text="x" * 50)
os.write(2, b"done")
sys.stdin.read()
log.info("line.ready")
flush(60)  # the second that the end of a program gives may be over before a busy reader has read all
"""


def test_what_a_slow_reader_missed_is_counted_once_it_reads() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", LOSING], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdin is not None
    assert process.stderr.read(4) == b"done"  # it was never held up, though nobody read a line
    collected = [process.stdout.readline()]
    reader = threading.Thread(target=lambda: collected.extend(process.stdout or ()))
    reader.start()
    process.stdin.close()
    assert process.wait(timeout=60) == 0
    reader.join()
    *noted, ready, lost = collected
    assert {json.loads(line)["event"] for line in noted} == {"call.noted"}
    missing = 30_000 - len(noted)
    assert missing > 0
    assert (json.loads(ready)["event"], json.loads(lost)["event"]) == ("line.ready", "log.lost")
    assert json.loads(lost)["lines"] == missing
    process.stderr.close()
