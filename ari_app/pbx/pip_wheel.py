"""`python -m ari_app.pbx.pip_wheel`: print a wheel of pip, for a machine whose Python came without it.

Debian and Ubuntu leave pip out of Python unless python3-venv is installed, which takes root. The package
python3-pip-whl holds the same wheel, and is unpacked without root. Uses the standard library alone.
"""

from __future__ import annotations

import sys
from pathlib import Path

from .errors import AsteriskUnavailable
from .private import PackageSet, unpack

_WHEELS = "usr/share/python-wheels"


def _problem(root: Path) -> str | None:
    return None if any(root.glob(f"{_WHEELS}/pip-*.whl")) else f"no pip-*.whl in {_WHEELS}"


PIP = PackageSet("pip", ("python3-pip-whl",), _problem)


def main() -> int:
    """Print the wheel's path; return 1 when it cannot be had."""
    here = sorted(Path("/", _WHEELS).glob("pip-*.whl"))
    try:
        found = here or sorted((unpack(PIP) / _WHEELS).glob("pip-*.whl"))
    except AsteriskUnavailable as error:
        sys.stderr.write(f"{error.message}\n")
        return 1
    sys.stdout.write(f"{found[-1]}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
