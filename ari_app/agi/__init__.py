"""FastAGI: any dialplan asks who is on call, without Stasis.

    async def oncall(team, reason): return OnCallAnswer(status="found", agent="alice", dial=("PJSIP/alice",))
    server = FastAgiServer(handler=oncall)
    await server.start()

`AGI(agi://127.0.0.1:4573/oncall?team=...&reason=...)` then sets `ONCALL_STATUS`, `ONCALL_AGENT`,
`ONCALL_DIAL`, `ONCALL_UNTIL` and `ONCALL_UNTIL_EPOCH`: see docs/dialplan.md. This room knows nothing
of rosters; the handler does.
"""

from .answer import OnCallAnswer
from .server import FastAgiServer

__all__ = ["FastAgiServer", "OnCallAnswer"]
