"""What a process listens on, from /proc: proc_pid_net(5)."""

from __future__ import annotations

import socket
from pathlib import Path

_LISTENING = {"tcp": "0A", "udp": "07"}  # TCP_LISTEN, and TCP_CLOSE for a datagram socket without a peer
_EPHEMERAL = 32768
"""From here on Linux gives ports to sockets that ask for none, a DNS client's say: they are left out."""


def listening(pid: int) -> set[tuple[str, str, int]]:
    """Return protocol, address and port of the sockets where a process waits for others."""
    links = [_link(path) for path in Path(f"/proc/{pid}/fd").iterdir()]
    inodes = {link[len("socket:[") : -1] for link in links if link.startswith("socket:[")}
    found = set()
    for protocol, state in _LISTENING.items():
        for table in (protocol, f"{protocol}6"):
            for row in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
                fields = row.split()
                address, port = fields[1].split(":")
                if fields[3] == state and fields[9] in inodes and int(port, 16) < _EPHEMERAL:
                    raw = bytes.fromhex(address)
                    ip = socket.inet_ntoa(raw[::-1]) if len(raw) == 4 else f"IPv6 {address}"
                    found.add((protocol, ip, int(port, 16)))
    return found


def _link(path: Path) -> str:
    try:
        return str(path.readlink())
    except FileNotFoundError:
        return ""  # closed since the folder was read
