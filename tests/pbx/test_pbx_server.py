"""Asterisk is started, found ready, and ended."""

from __future__ import annotations

from ari_app.pbx import AsteriskServer


async def test_line_is_ready_with_no_calls(line_asterisk: AsteriskServer) -> None:
    assert await line_asterisk.channels() == []
    assert await line_asterisk.bridges() == []
    assert "0 active channels" in await line_asterisk.cli("core show channels count")
