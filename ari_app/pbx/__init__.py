"""Asterisk itself: find one or unpack one, write its configuration, start it, stop it.

The usual way:

    installation = find_asterisk(progress)              # blocking; seconds the first time, then at once
    config = LineConfig(run_dir=folder, phones={"alice": Phone()})
    render(Path("asterisk_conf"), installation, config)
    async with AsteriskServer(installation, config) as server:
        print(await server.cli("core show channels"), config.ari_url)
"""

from __future__ import annotations

from .config import AsteriskConfig, LineConfig, Phone
from .errors import AsteriskFailed, AsteriskUnavailable, InvalidTemplate, PortTaken
from .find import find_asterisk, find_sipp
from .installation import Installation
from .ports import choose_port, loopback_address
from .progress import OnProgress, Progress
from .render import render
from .server import AsteriskServer
from .version import MINIMUM, Version

__all__ = [
    "MINIMUM",
    "AsteriskConfig",
    "AsteriskFailed",
    "AsteriskServer",
    "AsteriskUnavailable",
    "Installation",
    "InvalidTemplate",
    "LineConfig",
    "OnProgress",
    "Phone",
    "PortTaken",
    "Progress",
    "Version",
    "choose_port",
    "find_asterisk",
    "find_sipp",
    "loopback_address",
    "render",
]
