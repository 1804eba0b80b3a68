"""Is Asterisk well? It has booted fully, and ARI answers to the line's password. Exits with 0, or 1 and why.

The command line alone would not do: it answers while the web server that ARI lives in is stuck. Standard
library only, for it runs every few seconds.
"""

from __future__ import annotations

import base64
import http.client
import os
import subprocess
import sys
from pathlib import Path

SECONDS = 4.0


def main() -> str | None:
    """Return what is wrong, None when nothing is."""
    command = ["/usr/sbin/asterisk", "-rx", "core waitfullybooted"]
    try:
        subprocess.run(command, check=True, timeout=SECONDS, stdout=subprocess.DEVNULL)  # noqa: S603 - fixed words
        password = Path(os.environ["ASTREINTE_SECRETS"], "ASTREINTE_ARI__PASSWORD").read_text("utf-8").strip()
        bound = os.environ.get("ASTERISK_CONTROL_BIND") or "127.0.0.1"
        host = "127.0.0.1" if bound == "0.0.0.0" else bound  # noqa: S104 - compared, not bound
        port = int(os.environ.get("ASTERISK_HTTP_PORT") or "8088")
        credentials = base64.b64encode(f"astreinte:{password}".encode()).decode()
        connection = http.client.HTTPConnection(host, port, timeout=SECONDS)
        connection.request("GET", "/ari/asterisk/ping", headers={"Authorization": f"Basic {credentials}"})
        status = connection.getresponse().status
    except (OSError, subprocess.SubprocessError, http.client.HTTPException) as error:
        return f"{type(error).__name__}: {error}"
    return None if status == http.client.OK else f"ARI answered {status}"


if __name__ == "__main__":
    sys.exit(main())
