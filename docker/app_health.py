"""Is the line well? Its event loop turns, and Asterisk has its WebSocket. Exits with 0, or 1 and why.

Not `astreinte doctor`, which looks at everything: a mistake in a settings file is for a person to mend, and
must not make a platform restart a line that works, for it would not start again. Asterisk is asked, because
it knows best whether callers would reach us. Standard library only, for it runs every few seconds.
"""

from __future__ import annotations

import base64
import http.client
import os
import socket
import sys
from pathlib import Path
from urllib.parse import urlsplit

SECONDS = 4.0


def main() -> str | None:
    """Return what is wrong, None when nothing is."""
    try:
        return not_turning() or not_connected()
    except (OSError, http.client.HTTPException, ValueError) as error:
        return f"{type(error).__name__}: {error}"


def not_turning() -> str | None:
    """The AGI server hangs up on whoever is not Asterisk: at once, if the event loop turns."""
    address = (setting("AGI__HOST", "127.0.0.1"), int(setting("AGI__PORT", "4573")))
    with socket.create_connection(address, SECONDS) as probe:
        probe.sendall(b"health\n\n")
        try:
            probe.recv(1)
        except ConnectionResetError:
            return None
        except TimeoutError:
            return f"nothing moved for {SECONDS:g} s"
    return None


def not_connected() -> str | None:
    """Asterisk knows a Stasis application for as long as it has a WebSocket."""
    url = urlsplit(setting("ARI__URL", "http://127.0.0.1:8088/ari"))
    kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
    connection = kind(url.hostname or "", url.port, timeout=SECONDS)
    login = f"{setting('ARI__USERNAME', 'astreinte')}:{setting('ARI__PASSWORD', '')}"
    headers = {"Authorization": f"Basic {base64.b64encode(login.encode()).decode()}"}
    connection.request("GET", f"{url.path}/applications/{setting('ARI__APP', 'astreinte')}", headers=headers)
    status = connection.getresponse().status
    if status == http.client.NOT_FOUND:
        return "the line is not connected to Asterisk"
    return None if status == http.client.OK else f"ARI answered {status}"


def setting(name: str, default: str) -> str:
    """Return a setting as `ari_app.core.settings` would, from the environment or a secret's file."""
    variable = f"ASTREINTE_{name}"
    if variable in os.environ:
        return os.environ[variable]
    path = Path(os.environ.get("ASTREINTE_SECRETS", "/nowhere"), variable)
    return path.read_text("utf-8").strip() if path.is_file() else default


if __name__ == "__main__":
    sys.exit(main())
