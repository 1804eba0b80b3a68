"""What commands about flows share: reading them, finding the one that was named."""

from __future__ import annotations

from ..core.errors import AstreinteError
from ..core.findings import InvalidConfiguration
from ..core.settings import Settings
from ..core.suggest import nearest, one_of
from ..flow.book import FlowBook, load_flows
from ..flow.flow import Flow
from .terminal import safe


class UnknownFlow(AstreinteError):
    """There is no flow of that name."""

    def __init__(self, name: str, flows: FlowBook) -> None:
        near = nearest(name, flows.flows)
        meant = f"did you mean `{near}`? " if near else ""
        super().__init__(
            f"there is no flow `{safe(name)}`", remedy=f"{meant}The flows: {one_of(sorted(flows.flows))}"
        )


def flow_named(settings: Settings, name: str) -> Flow:
    """Return a flow. Raises `UnknownFlow`, and `InvalidConfiguration` with every error of the flows."""
    flows, findings = load_flows(settings.flows)
    if flows is None:
        raise InvalidConfiguration([each for each in findings if each.severity == "error"])
    if name not in flows.flows:
        raise UnknownFlow(name, flows)
    return flows.flows[name]
