"""The telephone network that plays callers and agents."""

from __future__ import annotations

import asyncio

import pytest

from ari_app.network.network import TelephoneNetwork, answers
from ari_app.pbx import AsteriskServer

from .people import PATIENCE


async def test_whoever_is_rung_while_everybody_hangs_up_hangs_up_too(
    line_asterisk: AsteriskServer, network: TelephoneNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def rung(phone: str) -> None:
        network.when_rung(phone, answers(press=""))
        await line_asterisk.cli(f"channel originate PJSIP/{phone} application Wait 30")
        while not any(party.number == phone and party.up for party in network.parties):  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    await line_asterisk.cli("module load res_clioriginate.so")
    async with asyncio.timeout(PATIENCE):
        await rung("alice")
        (first,) = network.parties
        release = first.release

        async def release_slowly() -> None:
            await rung("bruno")
            await release()

        monkeypatch.setattr(first, "release", release_slowly)
        await network.quiet()
        await network.quiet()
        assert not network.parties
        while await line_asterisk.channels():  # noqa: ASYNC110
            await asyncio.sleep(0.02)
