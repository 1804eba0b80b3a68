"""Who did not say that they can be reached is rung behind their backup."""

from __future__ import annotations

import pytest

from ari_app.roster.plan import Agent, OnCallAgent, Phone, Step
from ari_app.roster.reachable import confirmed_first


def step(index: int, who: str) -> Step:
    agents = tuple(
        OnCallAgent(Agent(name, name, (), (Phone(f"sip:{name}"),)), "layer nuit") for name in who.split()
    )
    return Step(index, "on-call", agents, seconds=20)


def written(steps: tuple[Step, ...]) -> str:
    return ", ".join(
        "voicemail" if each.kind == "voicemail" else " ".join(one.agent.id for one in each.agents)
        for each in steps
    )


@pytest.mark.parametrize(
    ("steps", "unconfirmed", "rung"),
    [
        (["alice", "bruno"], "", "alice, bruno"),
        (["alice", "bruno"], "chloe", "alice, bruno"),
        (["alice", "bruno"], "alice", "bruno, alice"),
        (["alice", "bruno", "chloe"], "alice", "bruno, alice, chloe"),
        (["alice", "bruno", "chloe"], "alice bruno", "chloe, alice, bruno"),
        (["alice", "bruno"], "alice bruno", "alice, bruno"),
        (["alice bruno", "chloe"], "alice", "bruno alice, chloe"),
        (["alice", "alice bruno"], "alice", "bruno alice, alice"),
        (["alice"], "alice", "alice"),
        (["alice", "voicemail"], "alice", "alice, voicemail"),
        (["alice", "bruno", "voicemail"], "alice", "bruno, alice, voicemail"),
        (["alice", "bruno", "voicemail"], "bruno", "alice, bruno, voicemail"),
    ],
)
def test_the_backup_is_rung_before_the_unconfirmed(steps: list[str], unconfirmed: str, rung: str) -> None:
    plan = tuple(
        Step(index, "voicemail", kind="voicemail") if who == "voicemail" else step(index, who)
        for index, who in enumerate(steps)
    )
    ordered = confirmed_first(plan, unconfirmed.split())
    assert written(ordered) == rung
    assert sorted(each.index for each in ordered) == list(range(len(steps)))


def test_the_plan_says_who_is_unconfirmed() -> None:
    (only,) = confirmed_first((step(0, "alice bruno"),), {"alice"})
    assert ["unconfirmed" in one.why for one in only.agents] == [False, True]
