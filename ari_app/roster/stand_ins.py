"""Warns of overrides that do not what they seem to do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from ..core.findings import Finding
from ..core.suggest import one_of
from .duty import Duties
from .outlook import Outlook, Prospect, rings_on_call, told
from .schedule import expand
from .team import Override


def overrides_without_effect(outlook: Outlook) -> Iterator[Finding]:
    """Warn of overrides of the next weeks whose absent agent is not on call then.

    Of two that replace the same agent at the same time another rule warns.
    """
    for prospect in outlook.prospects:
        overrides = prospect.team.overrides
        ahead = [each for each in overrides if outlook.start <= each.start and each.end <= outlook.end]
        if not ahead:
            continue
        used = _used(outlook, prospect, max(each.end for each in ahead))
        for index, override in enumerate(overrides):
            if override in ahead and override.id not in used and not _overlapped(override, overrides):
                yield _without_effect(prospect, index, override)


def _used(outlook: Outlook, prospect: Prospect, end: datetime) -> set[str]:
    """Return the ids of the overrides that change, until `end`, who is rung in some step."""
    layers = {ring.layer for ring in prospect.team.escalation if rings_on_call(ring)}
    duties, used, at = Duties(prospect.team, outlook.start), set[str](), outlook.start
    while at < end:
        duties.move_to(at)
        for layer in layers:
            duty = duties.serving() if layer is None else duties.of(layer)
            used.update(each.id for _, chain in (duty.agents if duty is not None else ()) for each in chain)
        at = duties.until
    return used


def _overlapped(override: Override, overrides: tuple[Override, ...]) -> bool:
    return any(
        other.absent == override.absent and other.start < override.end and override.start < other.end
        for other in overrides
        if other is not override
    )


def _without_effect(prospect: Prospect, index: int, override: Override) -> Finding:
    there = {name for shift in expand(prospect.team, override.start, override.end) for name in shift.agents}
    return prospect.source.document.finding(
        ("overrides", index, "replace"),
        f"the override `{override.id}` changes nothing",
        found=f"`{override.absent}` is not on call {told((override.start, override.end), prospect.zone)}",
        expected=f"somebody who is on call then: {one_of(sorted(there)) or 'there is nobody'}",
        remedy="name the one who is to be replaced, correct the times, or remove the override",
        severity="warning",
    )
