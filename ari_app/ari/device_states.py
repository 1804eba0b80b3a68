"""The deviceStates resource: states that this client controls, and those that Asterisk knows."""

from __future__ import annotations

from collections.abc import Sequence

from .models import DeviceState
from .operations import Lane, command, returning
from .resource import Resource

LIST = returning(list[DeviceState], "GET", "/deviceStates", lane=Lane.HTTP)
GET = returning(DeviceState, "GET", "/deviceStates/{deviceName}")
UPDATE = command("PUT", "/deviceStates/{deviceName}")
DELETE = command("DELETE", "/deviceStates/{deviceName}")


class DeviceStates(Resource):
    """Device states; only `Stasis:<name>` devices can be set."""

    __slots__ = ()

    async def list(self, *, deadline: float | None = None) -> Sequence[DeviceState]:
        """Return the devices that ARI controls."""
        return await self._send(LIST, deadline=deadline)

    async def get(self, device_name: str, *, deadline: float | None = None) -> DeviceState:
        """Return the state of any device; an unknown one is UNKNOWN or INVALID."""
        return await self._send(GET, (device_name,), deadline=deadline)

    async def update(self, device_name: str, *, device_state: str, deadline: float | None = None) -> None:
        """Set the state of `Stasis:<name>`. Raises Conflict (not a Stasis device)."""
        await self._send(UPDATE, (device_name,), {"deviceState": device_state}, None, deadline)

    async def delete(self, device_name: str, *, deadline: float | None = None) -> None:
        """Forget the state of `Stasis:<name>`. Raises Conflict (not a Stasis device)."""
        await self._send(DELETE, (device_name,), deadline=deadline)
