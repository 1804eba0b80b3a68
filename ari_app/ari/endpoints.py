"""The endpoints resource: what can be called."""

from __future__ import annotations

from collections.abc import Sequence

from .models import Endpoint
from .operations import Lane, returning
from .resource import Resource

LIST = returning(list[Endpoint], "GET", "/endpoints", lane=Lane.HTTP)
LIST_BY_TECH = returning(list[Endpoint], "GET", "/endpoints/{tech}", lane=Lane.HTTP)
GET = returning(Endpoint, "GET", "/endpoints/{tech}/{resource}")


class Endpoints(Resource):
    """Endpoints, such as `PJSIP/alice`."""

    __slots__ = ()

    async def list(self, *, deadline: float | None = None) -> Sequence[Endpoint]:
        """Return every endpoint."""
        return await self._send(LIST, deadline=deadline)

    async def list_by_tech(self, tech: str, *, deadline: float | None = None) -> Sequence[Endpoint]:
        """Return every endpoint of a technology. Raises NotFound."""
        return await self._send(LIST_BY_TECH, (tech,), deadline=deadline)

    async def get(self, tech: str, resource: str, *, deadline: float | None = None) -> Endpoint:
        """Return an endpoint. Raises NotFound."""
        return await self._send(GET, (tech, resource), deadline=deadline)
