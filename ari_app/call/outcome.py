"""How an attempt to reach an agent ended, told from what Asterisk and the far end said of it."""

from __future__ import annotations

from ..records.facts import LegResult

NORMAL_CLEARING = 16
"""Q.850: somebody hung up. Who had picked up just before may be gone before Asterisk tells that they had."""
_BY_SIP_CODE = {
    301: LegResult.DECLINED,  # call another number: not one of the roster's, so it is not called
    302: LegResult.DECLINED,
    305: LegResult.DECLINED,
    403: LegResult.DECLINED,
    404: LegResult.UNREACHABLE,
    408: LegResult.UNREACHABLE,
    410: LegResult.UNREACHABLE,
    480: LegResult.UNREACHABLE,
    486: LegResult.BUSY,
    487: LegResult.NO_ANSWER,
    502: LegResult.UNREACHABLE,
    503: LegResult.UNREACHABLE,
    600: LegResult.BUSY,
    603: LegResult.DECLINED,
    604: LegResult.UNREACHABLE,
}
_BY_DIALSTATUS = {
    "BUSY": LegResult.BUSY,
    "CHANUNAVAIL": LegResult.UNREACHABLE,
}
_BY_CAUSE = {
    1: LegResult.UNREACHABLE,  # unallocated number
    3: LegResult.UNREACHABLE,  # no route to destination
    17: LegResult.BUSY,
    18: LegResult.UNREACHABLE,  # no user responding
    19: LegResult.NO_ANSWER,
    20: LegResult.UNREACHABLE,  # subscriber absent
    21: LegResult.DECLINED,
}


def leg_result(dialstatus: str | None, cause: int | None, sip_code: int | None) -> LegResult:
    """Tell how an attempt that nobody answered ended.

    The SIP code says most (RFC 3261, section 21), then the dial status, then the cause (Q.850), which
    Asterisk leaves at 0 for some local refusals.
    """
    told = (
        _BY_SIP_CODE.get(sip_code or 0) or _BY_DIALSTATUS.get(dialstatus or "") or _BY_CAUSE.get(cause or 0)
    )
    if told is not None:
        return told
    if dialstatus in ("NOANSWER", "CANCEL"):
        return LegResult.NO_ANSWER
    return LegResult.NOT_ACCEPTED if cause == NORMAL_CLEARING else LegResult.FAILED
