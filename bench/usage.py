"""What a process has used: CPU and memory, as the kernel counts them."""

from __future__ import annotations

import re
import time
from pathlib import Path

_PSS = re.compile(r"^Pss:\s+(\d+) kB", re.MULTILINE)
_RSS = re.compile(r"^VmRSS:\s+(\d+) kB", re.MULTILINE)
_CPUCLOCK_SCHED = 2


def cpu_seconds(pid: int) -> float:
    """Return the CPU time of a process, all its threads, also ended ones, to the nanosecond.

    /proc/PID/stat has the same sum, rounded to hundredths of a second. This is what clock_getcpuclockid(3)
    does; Python has only the one for threads.
    """
    return time.clock_gettime_ns((~pid << 3) | _CPUCLOCK_SCHED) / 1e9


def memory_kb(pid: int) -> int:
    """Return the process' share of memory (PSS): its own pages, and its part of those it shares, in kB."""
    found = _PSS.search(Path(f"/proc/{pid}/smaps_rollup").read_text("ascii"))
    assert found is not None  # every Linux since 4.14 writes it
    return int(found[1])


def resident_kb() -> int:
    """Return the resident set (RSS) of this process, in kB."""
    found = _RSS.search(Path("/proc/self/status").read_text("ascii"))
    assert found is not None  # every Linux writes it
    return int(found[1])
