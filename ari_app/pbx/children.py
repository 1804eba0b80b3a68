"""Processes of ours that must not outlive us."""

from __future__ import annotations

import shutil


def dies_with_us() -> list[str]:
    """Return words to put before a command, so that the kernel ends it when the thread that started it ends.

    They are empty on a machine without util-linux.
    """
    # setpriv asks the kernel (PR_SET_PDEATHSIG) after the fork; a Python function there could dead-lock.
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "KILL", "--"] if setpriv else []
