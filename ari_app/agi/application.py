"""From an accepted connection to an answered dialplan: panoramisk's `Application` made safe.

Replaced (panoramisk 1.4): `handler`, because a peer that leaves before the end of its head makes it
spin and freezes the event loop, the head has no limit in bytes or time, and an unknown path leaves the
dialplan without a status; `add_route`, because it wraps functions with `asyncio.coroutine`, which
Python 3.11 removed.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable

from panoramisk.fast_agi import Application

from ..core.logs import get_logger
from .answer import OnCallAnswer
from .errors import BadRequest, CommandFailed, NotAsterisk
from .query import Query, parse
from .session import Session, read_head

log = get_logger(__name__)

Endpoint = Callable[[Query], OnCallAnswer | Awaitable[OnCallAnswer]]


class SafeApplication(Application):  # type: ignore[misc]  # panoramisk ships no types
    """Gives each connection to the endpoint of its path, and each dialplan a status.

    A peer has `deadline` seconds to send its head, the endpoint as long to answer, and the peer as long
    again to take the answer.
    """

    _route: dict[str, Endpoint]

    def __init__(self, deadline: float) -> None:
        super().__init__(loop=asyncio.get_running_loop())
        self.deadline = deadline

    def add_route(self, path: str, endpoint: Endpoint) -> None:
        """Answer `path` with what `endpoint`, a function or a coroutine function, returns."""
        self._route[path] = endpoint

    async def handler(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection to its end."""
        try:
            async with asyncio.timeout(self.deadline):
                head = await read_head(reader)
            answer = await self._answer(head)
            async with asyncio.timeout(self.deadline):
                await Session(self, head, reader, writer).set_variables(answer.variables())
        except NotAsterisk as error:
            log.debug("agi.no_peer", problem=error.message)
        except CommandFailed as error:
            log.warning("agi.command_failed", problem=error.message, remedy=error.remedy)
        except TimeoutError:
            log.warning("agi.peer_too_slow", seconds=self.deadline)
        except Exception:  # a defect of ours is told, and the server goes on
            log.exception("agi.defect")
        finally:
            writer.transport.abort()

    async def _answer(self, head: dict[str, str]) -> OnCallAnswer:
        """Return what to tell the dialplan: whatever happens here, it gets a status."""
        try:
            query = parse(head.get("agi_network_script", ""))
            answer = await self._ask(query)
        except BadRequest as error:
            log.warning("agi.bad_request", problem=error.message, remedy=error.remedy)
        except TimeoutError:
            log.error("agi.handler_too_slow", seconds=self.deadline)
        except Exception:  # the endpoint is not ours; a dialplan waits for a status all the same
            log.exception("agi.handler_failed")
        else:
            asked = {"team": query.team, "reason": query.reason}
            log.info("agi.answered", **asked, status=answer.status, agent=answer.agent)
            return answer
        return OnCallAnswer(status="error")

    async def _ask(self, query: Query) -> OnCallAnswer:
        endpoint = self._route.get(query.path)
        if endpoint is None:
            raise BadRequest(f"unknown path {query.path[:50]!r}")
        answer = endpoint(query)
        if inspect.isawaitable(answer):
            async with asyncio.timeout(self.deadline):
                answer = await answer
        if not isinstance(answer, OnCallAnswer):
            raise TypeError(f"the handler returned {type(answer).__name__}, not an OnCallAnswer")
        return answer
