"""Flows that ask a service: a real one, on this machine, that answers well, badly, late or not at all."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from ari_app.core.prompt import Prompt
from ari_app.flow.interpreter import run
from ari_app.flow.phone import Caller, CallerGone

from .phones import ScriptedPhone, flow_of

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
ENDS = "".join(f"  {name}: {{goodbye: {{prompt: fin}}}}\n" for name in ("or", "suite", "panne"))


class Service:
    """An HTTP service that answers as a test says."""

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[tuple[web.Request, Any]] = []
        self.answers: Handler = self._nothing
        self.went_away = asyncio.Event()

    async def _nothing(self, _: web.Request) -> web.StreamResponse:
        return web.json_response({})

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append((request, json.loads(await request.text())))
        try:
            return await self.answers(request)
        except asyncio.CancelledError:
            self.went_away.set()
            raise

    def says(self, answer: object, **words: Any) -> None:
        async def answers(_: web.Request) -> web.StreamResponse:
            body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            return web.Response(body=body, **words)

        self.answers = answers

    def says_nothing(self) -> None:
        async def answers(_: web.Request) -> web.StreamResponse:
            await asyncio.Event().wait()
            raise AssertionError

        self.answers = answers


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    made = Service()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", made.handle)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/calls"
    yield made
    await runner.cleanup()


def nodes_of(url: str, more: str = "") -> str:
    return (
        "  debut: {set: {variables: {canal: web, essais: 2}, goto: client}}\n"
        f'  client: {{webhook: {{url: "{url}", timeout: 1s, take: {{niveau: client.niveau, nom: nom}}, '
        "branch_on: niveau, branches: {or: or, '3': or, 'true': or}, goto: suite, failed: panne, "
        f"{more}}}}}\n{ENDS}"
    )


async def asked(service: Service, folder: Path, more: str = "send: [canal]", **words: Any) -> ScriptedPhone:
    """Walk a caller through a flow that asks the service."""
    phone = ScriptedPhone(**words)
    phone.end = await run(flow_of(folder, nodes_of(service.url, more), ["fin", "attente"]), phone)
    return phone


async def test_the_service_is_told_of_the_call_and_of_the_variables_that_the_flow_names(
    service: Service, tmp_path: Path
) -> None:
    caller = Caller("call-1", "+33199000100", "+33199001234", vip=True)
    await asked(service, tmp_path, caller=caller)
    ((request, question),) = service.asked
    assert (request.method, request.path_qs, request.content_type) == ("POST", "/calls", "application/json")
    assert question == {
        "call": "call-1",
        "called": "+33199000100",
        "number": "+33199001234",
        "flow": "test",
        "node": "client",
        "language": "fr",
        "reason": None,
        "priority": 0,
        "vip": True,
        "variables": {"canal": "web"},
    }


async def test_what_a_caller_is_called_stays_in_the_body(service: Service, tmp_path: Path) -> None:
    nasty = 'x"\r\nX-Evil: 1\r\n\r\n/../${HOME}?a=b'
    await asked(service, tmp_path, caller=Caller("call-1", nasty, None))
    ((request, question),) = service.asked
    assert question["called"] == nasty
    assert (request.path_qs, "X-Evil" in request.headers) == ("/calls", False)


@pytest.mark.parametrize(
    ("answer", "node"),
    [
        ({"client": {"niveau": "or"}}, "or"),
        ({"client": {"niveau": 3}}, "or"),
        ({"client": {"niveau": True}}, "or"),
        ({"client": {"niveau": "argent"}}, "suite"),
        ({"client": {"niveau": None}}, "suite"),
        ({"client": {"niveau": {"or": "or"}}}, "suite"),
        ({"client": {"niveau": "x" * 201}}, "suite"),
        ({"client": "or"}, "suite"),
        ({}, "suite"),
    ],
)
async def test_the_answer_leads_on(answer: object, node: str, service: Service, tmp_path: Path) -> None:
    service.says(answer)
    assert (await asked(service, tmp_path)).end.node == node


BOMB = b'{"a":' * 5000 + b"1" + b"}" * 5000


@pytest.mark.parametrize(
    ("answer", "words", "why"),
    [
        ({"client": {"niveau": "or"}}, {"status": 500}, "HTTP 500"),
        ({"client": {"niveau": "or"}}, {"status": 404}, "HTTP 404"),
        (b"", {}, "no JSON"),
        (b"or", {}, "no JSON"),
        (b"\xff\xfe", {}, "no JSON"),
        (["or"], {}, "no JSON object"),
        (BOMB, {}, "no JSON"),
        (b'{"a":"' + b"x" * 70_000 + b'"}', {}, "more than 64 KiB"),
        ({}, {"status": 302, "headers": {"Location": "file:///etc/passwd"}}, "HTTP 302"),
        ({}, {"status": 307, "headers": {"Location": "/elsewhere"}}, "HTTP 307"),
    ],
    ids=lambda each: repr(each)[:30],
)
async def test_an_answer_that_cannot_be_used_leads_to_failed(
    answer: object, words: dict[str, Any], why: str, service: Service, tmp_path: Path
) -> None:
    service.says(answer, **words)
    phone = await asked(service, tmp_path)
    assert phone.end.node == "panne"
    (failed,) = phone.noted("webhook.failed")
    assert why in str(failed["reason"])
    assert len(service.asked) == 1


async def test_a_service_that_does_not_answer_in_time_leads_to_failed_and_is_let_go(
    service: Service, tmp_path: Path
) -> None:
    service.says_nothing()
    phone = await asked(service, tmp_path)
    assert (phone.end.node, phone.noted("webhook.failed")[0]["reason"]) == ("panne", "no answer within 1 s")
    await service.went_away.wait()


async def test_a_service_that_is_not_there_leads_to_failed(tmp_path: Path, unused_tcp_port: int) -> None:
    nodes = nodes_of(f"http://127.0.0.1:{unused_tcp_port}/")
    phone = ScriptedPhone()
    assert (await run(flow_of(tmp_path, nodes, ["fin"]), phone)).node == "panne"
    assert phone.noted("webhook.failed")[0]["reason"] == "Connection refused"


async def test_a_service_that_breaks_off_leads_to_failed(service: Service, tmp_path: Path) -> None:
    async def answers(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    service.answers = answers
    assert (await asked(service, tmp_path)).end.node == "panne"


async def test_secrets_come_from_the_environment_and_are_told_to_nobody_else(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_TOKEN", "hush-hush")
    service.says({}, status=401)
    phone = await asked(service, tmp_path, 'headers: {Authorization: "Bearer ${CRM_TOKEN}"}')
    ((request, _),) = service.asked
    assert request.headers["Authorization"] == "Bearer hush-hush"
    assert "hush-hush" not in str(phone.notes)


async def test_without_its_secret_nothing_is_asked(service: Service, tmp_path: Path) -> None:
    phone = await asked(service, tmp_path, 'headers: {Authorization: "Bearer ${CRM_TOKEN_NOT_SET}"}')
    assert phone.end.node == "panne"
    assert "CRM_TOKEN_NOT_SET is not set" in str(phone.noted("webhook.failed"))
    assert service.asked == []


async def test_a_secret_that_breaks_a_header_breaks_the_question_alone(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_TOKEN", "hush\r\nX-Evil: 1")
    phone = await asked(service, tmp_path, 'headers: {Authorization: "Bearer ${CRM_TOKEN}"}')
    assert "cannot be sent" in str(phone.noted("webhook.failed"))
    assert "hush" not in str(phone.notes)
    assert service.asked == []


class Listener(ScriptedPhone):
    """A caller to whom what is said takes time; `told` is set when something is said."""

    def __init__(self) -> None:
        super().__init__()
        self.told = asyncio.Event()

    async def play(self, prompts: Any, *, barge_in: bool) -> None:
        await super().play(prompts, barge_in=barge_in)
        self.told.set()
        if "fin" not in prompts[0].name:
            await asyncio.Event().wait()


@pytest.mark.parametrize(("more", "said"), [("", "caller-wait"), ("wait: attente, ", "attente")])
async def test_a_caller_who_waits_is_told_so_until_the_answer_comes(
    more: str, said: str, service: Service, tmp_path: Path
) -> None:
    phone = Listener()

    async def answers(_: web.Request) -> web.StreamResponse:
        await phone.told.wait()
        return web.json_response({"client": {"niveau": "or"}})

    service.answers = answers
    nodes = nodes_of(service.url, more).replace("timeout: 1s", "timeout: 20s")
    assert (await run(flow_of(tmp_path, nodes, ["fin", "attente"]), phone)).node == "or"
    assert phone.heard == [f"{said}/fr", "fin/fr"]
    assert phone.story.index("quiet") < phone.story.index("hears fin")


async def test_a_quick_answer_is_not_talked_over(service: Service, tmp_path: Path) -> None:
    service.says({"client": {"niveau": "or"}})
    assert (await asked(service, tmp_path)).heard == ["fin/fr"]


async def test_a_caller_who_hangs_up_while_waiting_is_waited_for_no_longer(
    service: Service, tmp_path: Path
) -> None:
    class Impatient(ScriptedPhone):
        async def play(self, prompts: Any, *, barge_in: bool) -> None:
            raise CallerGone

    service.says_nothing()
    nodes = nodes_of(service.url).replace("timeout: 1s", "timeout: 20s")
    end = await run(flow_of(tmp_path, nodes, ["fin"]), Impatient())
    assert (end.outcome, end.node) == ("abandoned", "client")
    await service.went_away.wait()


async def test_a_line_that_stops_waits_for_no_service(service: Service, tmp_path: Path) -> None:
    service.says_nothing()
    nodes = nodes_of(service.url).replace("timeout: 1s", "timeout: 20s")
    walking = asyncio.create_task(run(flow_of(tmp_path, nodes, ["fin"]), ScriptedPhone()))
    while not service.asked:  # noqa: ASYNC110 - the service tells nobody
        await asyncio.sleep(0.01)
    walking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await walking
    await service.went_away.wait()


def test_prompts_of_a_webhook_are_known_ahead(tmp_path: Path) -> None:
    flow = flow_of(tmp_path, nodes_of("https://crm.example.com"), ["fin"])
    assert Prompt("caller-wait", "fr", "Un instant, s'il vous plaît.") in flow.every_prompt()
