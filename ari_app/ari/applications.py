"""The applications resource: what an application hears."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .errors import ApplicationUnknown
from .models import Application
from .operations import Lane, returning
from .resource import Resource

_UNKNOWN = {404: ApplicationUnknown}

LIST = returning(list[Application], "GET", "/applications", lane=Lane.HTTP)
GET = returning(Application, "GET", "/applications/{applicationName}", meanings=_UNKNOWN)
STATE = returning(  # as GET, for when there is no WebSocket
    Application, "GET", "/applications/{applicationName}", lane=Lane.HTTP, meanings=_UNKNOWN
)
SUBSCRIBE = returning(Application, "POST", "/applications/{applicationName}/subscription", meanings=_UNKNOWN)
UNSUBSCRIBE = returning(
    Application, "DELETE", "/applications/{applicationName}/subscription", meanings=_UNKNOWN
)
FILTER = returning(Application, "PUT", "/applications/{applicationName}/eventFilter", meanings=_UNKNOWN)


class Applications(Resource):
    """Stasis applications and their subscriptions."""

    __slots__ = ()

    async def list(self, *, deadline: float | None = None) -> Sequence[Application]:
        """Return every application that is registered."""
        return await self._send(LIST, deadline=deadline)

    async def get(self, application_name: str, *, deadline: float | None = None) -> Application:
        """Return one. Raises ApplicationUnknown."""
        return await self._send(GET, (application_name,), deadline=deadline)

    async def subscribe(
        self, application_name: str, *, event_source: Sequence[str], deadline: float | None = None
    ) -> Application:
        """Hear of `channel:<id>`, `bridge:<id>`, `endpoint:<tech>/<resource>`, `deviceState:<name>`.

        Raises ApplicationUnknown, Unprocessable (no such source).
        """
        return await self._send(
            SUBSCRIBE,
            (application_name,),
            {"eventSource": [event_source] if isinstance(event_source, str) else event_source},
            None,
            deadline,
        )

    async def unsubscribe(
        self, application_name: str, *, event_source: Sequence[str], deadline: float | None = None
    ) -> Application:
        """Hear of these sources no longer. Raises ApplicationUnknown, Conflict, Unprocessable."""
        return await self._send(
            UNSUBSCRIBE,
            (application_name,),
            {"eventSource": [event_source] if isinstance(event_source, str) else event_source},
            None,
            deadline,
        )

    async def filter(
        self,
        application_name: str,
        *,
        allowed: Iterable[str] | None = None,
        disallowed: Iterable[str] | None = None,
        deadline: float | None = None,
    ) -> Application:
        """Send only the event types in `allowed` (empty: all) and none of those in `disallowed`.

        The client does it on every connect. A filter without RESTResponse makes a WebSocket deaf to replies.
        Raises ApplicationUnknown.
        """
        filters = {"allowed": allowed, "disallowed": disallowed}
        return await self._send(
            FILTER,
            (application_name,),
            None,
            {
                kind: [{"type": name} for name in types]
                for kind, types in filters.items()
                if types is not None
            },
            deadline,
        )
