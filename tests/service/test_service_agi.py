"""A plain dialplan asks a running line who is on call: FastAGI from end to end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ari_app.ami import AmiClient
from ari_app.core.settings import DialSettings
from ari_app.pbx import LineConfig
from ari_app.service.line import open_line

from .conftest import House, until

VARIABLES = ("ONCALL_AGENT", "ONCALL_DIAL", "ONCALL_UNTIL", "ONCALL_STATUS")
ASKING = """
[service-agi]
exten => ask,1,Set(CHANNEL(hangup_handler_push)=service-agi,keep,1)
 same => n,AGI(agi://{agi}/oncall${{QUESTION}})
 same => n,Hangup()
exten => example,1,Set(CHANNEL(hangup_handler_push)=service-agi,keep,1)
 same => n,Goto(oncall-example,s,1)
exten => keep,1,NoOp()
""" + "".join(f" same => n,Set(DB(service-agi/{name})=${{{{{name}}}}})\n" for name in VARIABLES)

TEAM = """
team: {team}
timezone: Europe/Paris
agents: {{{agent}: {{phones: {phones}}}}}
layers: [{{id: always, rotation: {{members: [{agent}]}}{effective}}}]
escalation: [{{ring: on-call, for: 3s}}, voicemail]
reasons: [{reason}]
"""


class Dialplan:
    """A dialplan of its own beside the line's, in the session's Asterisk."""

    def __init__(self, house: House, ami: AmiClient) -> None:
        self.house = house
        self._ami = ami

    async def asks(self, question: str) -> dict[str, str]:
        """Return what the dialplan was told for a question such as `?team=support`."""
        await self.house.asterisk.cli(f'dialplan set global QUESTION "{question}"')
        return await self._goes_to("ask")

    async def goes_through_the_example(self) -> dict[str, str]:
        """Return what `oncall-example` of extensions.conf was told."""
        return await self._goes_to("example")

    async def _goes_to(self, extension: str) -> dict[str, str]:
        for name in VARIABLES:
            await self._ami.db_del("service-agi", name)
        await self.house.asterisk.cli(
            f"channel originate Local/{extension}@service-agi/n application Wait 60"
        )

        async def told() -> bool:
            return await self._ami.db_get("service-agi", VARIABLES[-1]) is not None

        await until(told)
        return {name: await self._ami.db_get("service-agi", name) or "" for name in VARIABLES}


@pytest.fixture
async def dialplan(house: House) -> AsyncIterator[Dialplan]:
    config = house.asterisk.config
    assert isinstance(config, LineConfig)
    etc = config.run_dir / "etc"
    (etc / "service_agi.conf").write_text(ASKING.format(agi=f"{config.agi_host}:{config.agi_port}"), "utf-8")
    extensions = etc / "extensions.conf"
    before = extensions.read_text("utf-8")
    extensions.write_text(before + "\n#include service_agi.conf\n", "utf-8")
    await house.asterisk.cli("dialplan reload")
    async with AmiClient(config.ami_host, config.ami_port, config.ami_user, config.ami_password) as ami:
        yield Dialplan(house, ami)
    extensions.write_text(before, "utf-8")
    await house.asterisk.cli("dialplan reload")


def team(folder: Path, name: str, reason: str, *, agent: str, phones: str = "", effective: str = "") -> None:
    """Write the roster of a team of one."""
    text = TEAM.format(
        team=name,
        agent=agent,
        phones=phones or f"[sip:{agent}]",
        reason=reason,
        effective=f", effective: {{{effective}}}" if effective else "",
    )
    (folder / f"{name}.yaml").write_text(text, "utf-8")


async def test_a_dialplan_is_told_whom_to_dial_for_a_team_or_a_reason(dialplan: Dialplan) -> None:
    rosters = dialplan.house.folder / "rosters"
    phones = '[sip:bruno, {tel: "+33199001202", after: 5s}]'
    team(rosters, "cartes", "carte-volee", agent="bruno", phones=phones, effective="until: 2099-01-01")
    async with open_line(dialplan.house.settings(dial=DialSettings(number_format="digits"))):
        bruno = {
            "ONCALL_AGENT": "bruno",
            "ONCALL_DIAL": "PJSIP/bruno&PJSIP/33199001202@trunk",
            "ONCALL_UNTIL": "2098-12-31T23:00:00Z",
            "ONCALL_STATUS": "found",
        }
        assert await dialplan.asks("?team=cartes") == bruno
        assert await dialplan.asks("?reason=carte-volee") == bruno
        assert await dialplan.asks("?team=cartes&reason=carte-volee") == bruno
        assert (await dialplan.asks("?team=support&reason="))["ONCALL_DIAL"] == "PJSIP/alice"


async def test_a_dialplan_is_told_when_there_is_no_such_team_or_reason(dialplan: Dialplan) -> None:
    nothing = dict.fromkeys(VARIABLES, "")
    async with open_line(dialplan.house.settings()):
        for question in ("?team=nowhere", "?reason=nothing", "?team=nowhere&reason=panne", ""):
            assert await dialplan.asks(question) == {**nothing, "ONCALL_STATUS": "unknown-reason"}


async def test_a_dialplan_is_told_when_nobody_is_on_call(dialplan: Dialplan) -> None:
    rosters = dialplan.house.folder / "rosters"
    team(rosters, "retours", "retour", agent="bruno", effective="from: 2099-01-01")
    async with open_line(dialplan.house.settings()):
        told = await dialplan.asks("?team=retours")
    assert (told["ONCALL_STATUS"], told["ONCALL_DIAL"]) == ("nobody", "")
    assert told["ONCALL_UNTIL"] == "2098-12-31T23:00:00Z"


async def test_the_example_of_the_dialplan_dials_who_is_on_call(dialplan: Dialplan) -> None:
    team(dialplan.house.folder / "rosters", "support-technique", "panne", agent="bruno")
    (dialplan.house.folder / "rosters/support.yaml").unlink()
    async with open_line(dialplan.house.settings()):
        told = await dialplan.goes_through_the_example()
    assert (told["ONCALL_AGENT"], told["ONCALL_DIAL"]) == ("bruno", "PJSIP/bruno")


async def test_a_dialplan_hears_of_a_reload_with_its_next_question(dialplan: Dialplan) -> None:
    async with open_line(dialplan.house.settings()) as line:
        assert (await dialplan.asks("?reason=panne"))["ONCALL_AGENT"] == "alice"
        dialplan.house.has_team("support", agent="bruno")
        assert await line.reload()
        assert (await dialplan.asks("?reason=panne"))["ONCALL_AGENT"] == "bruno"
