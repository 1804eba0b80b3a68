"""The asterisk resource: the server itself."""

from __future__ import annotations

from collections.abc import Sequence

from .errors import Conflict
from .models import AsteriskInfo, AsteriskPing, Module, Variable
from .operations import Lane, command, returning
from .resource import Resource

GET_INFO = returning(AsteriskInfo, "GET", "/asterisk/info", lane=Lane.HTTP)
PING = returning(AsteriskPing, "GET", "/asterisk/ping")
LIST_MODULES = returning(list[Module], "GET", "/asterisk/modules", lane=Lane.HTTP)
GET_MODULE = returning(Module, "GET", "/asterisk/modules/{moduleName}", lane=Lane.HTTP)
RELOAD_MODULE = command("PUT", "/asterisk/modules/{moduleName}", lane=Lane.HTTP, meanings={409: Conflict})
GET_GLOBAL_VARIABLE = returning(Variable, "GET", "/asterisk/variable", lane=Lane.HTTP)
SET_GLOBAL_VARIABLE = command("POST", "/asterisk/variable", lane=Lane.HTTP)


class AsteriskServer(Resource):
    """This Asterisk."""

    __slots__ = ()

    async def info(self, *, only: Sequence[str] | None = None, deadline: float | None = None) -> AsteriskInfo:
        """Return what it says of itself; `only` some of build, system, config, status."""
        return await self._send(GET_INFO, (), {"only": only}, None, deadline)

    async def ping(self, *, deadline: float | None = None) -> AsteriskPing:
        """Return its answer: the cheapest request there is, over the WebSocket."""
        return await self._send(PING, deadline=deadline)

    async def list_modules(self, *, deadline: float | None = None) -> Sequence[Module]:
        """Return every loaded module."""
        return await self._send(LIST_MODULES, deadline=deadline)

    async def get_module(self, module_name: str, *, deadline: float | None = None) -> Module:
        """Return a module. Raises NotFound, Conflict."""
        return await self._send(GET_MODULE, (module_name,), deadline=deadline)

    async def reload_module(self, module_name: str, *, deadline: float | None = None) -> None:
        """Reload a module. Raises NotFound, Conflict."""
        await self._send(RELOAD_MODULE, (module_name,), deadline=deadline)

    async def get_global_variable(self, *, variable: str, deadline: float | None = None) -> Variable:
        """Return a global variable; an unknown one is empty."""
        return await self._send(GET_GLOBAL_VARIABLE, (), {"variable": variable}, None, deadline)

    async def set_global_variable(self, *, variable: str, value: str, deadline: float | None = None) -> None:
        """Set a global variable."""
        await self._send(SET_GLOBAL_VARIABLE, (), {"variable": variable, "value": value}, None, deadline)
