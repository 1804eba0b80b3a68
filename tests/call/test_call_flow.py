"""Callers and what a flow asks of them and of others: numbers, the clock, services, other telephones."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from aiohttp import web

from ari_app.core import logs
from ari_app.records.facts import CallBridged

from .exchange import tried
from .files import MENU

if TYPE_CHECKING:
    from .conftest import OpenALine

HEAD, TAIL = MENU.split("nodes:\n")[0], "prompts:" + MENU.split("prompts:")[1]
SAID = """\
  saisir-contrat: {fr: Tapez le numéro., en: Enter the number.}
  ferie: {fr: Férié., en: Holiday.}
"""
COMMON = """\
  appel:
    route: {nobody: personne, off_duty: personne}
  personne:
    goodbye: {prompt: personne-disponible}
"""
NUMBER = "42718365"


def flow_of(nodes: str, start: str, prompts: str, more: str = "") -> str:
    """Return the flow `menu` with other nodes, and those of the tests' prompts that it says."""
    wanted = set(prompts.split()) | {"personne-disponible"}
    said = [
        each
        for each in (TAIL.removeprefix("prompts:\n") + SAID).splitlines()
        if each.split(":")[0].strip() in wanted
    ]
    head = HEAD.replace("start: langue", f"start: {start}\n{more}")
    return f"{head}nodes:\n{nodes}{COMMON}prompts:\n" + "\n".join(said) + "\n"


class Service:
    """An HTTP service of the company, which answers when the test says so."""

    def __init__(self) -> None:
        self.url = ""
        self.asked: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.let_go = asyncio.Event()
        self._answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()

    def answers(self, answer: dict[str, Any]) -> None:
        """Answer whoever asked or asks."""
        self._answer.set_result(answer)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Take a question."""
        self.asked.put_nowait(json.loads(await request.text()))
        try:
            return web.json_response(await asyncio.shield(self._answer))
        except asyncio.CancelledError:
            self.let_go.set()
            raise


@asynccontextmanager
async def service() -> AsyncIterator[Service]:
    """Run a service on this machine."""
    made = Service()
    app = web.Application()
    app.router.add_post("/calls", made.handle)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/calls"
    try:
        yield made
    finally:
        await runner.cleanup()


def asking(url: str) -> str:
    """Return a flow that asks for a number, asks a service about it, and transfers the best customers."""
    return flow_of(
        f"""\
  contrat:
    collect:
      {{prompt: saisir-contrat, store: contrat, length: 8, timeout: 2s, goto: client, otherwise: appel}}
  client:
    webhook:
      url: {url}
      send: [contrat]
      timeout: 9s
      take: {{niveau: client.niveau}}
      branch_on: niveau
      branches: {{or: direct}}
      goto: appel
      failed: appel
  direct:
    transfer: {{number: "+33199001201", nobody: appel}}
""",
        "contrat",
        "saisir-contrat",
    )


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Path]:
    """Where everything that the line logs during the test goes, unmasked."""
    path = tmp_path / "line.jsonl"
    logs.configure("json", "debug", path, mask_numbers=False)
    yield path
    logs.configure()


async def test_a_number_is_read_back_told_to_a_service_and_leads_to_a_telephone(
    open_a_line: OpenALine, log: Path
) -> None:
    async with service() as crm, open_a_line(menu=asking(crm.url)) as line:
        emma = line.telephone("+33199001201")
        caller = await line.takes_a_call()
        await caller.hears("saisir-contrat")
        await caller.presses(NUMBER)
        for prompt in ("digits-heard", *(f"digit-{digit}" for digit in NUMBER), "digits-confirm"):
            await caller.hears(prompt)
        await caller.presses("1")
        question = await crm.asked.get()
        await caller.hears("caller-wait")
        crm.answers({"client": {"niveau": "or"}})
        agent = await emma.is_rung()
        await agent.picks_up()
        await line.told(CallBridged, caller)
        await caller.hears_voice_of(agent)
        await agent.hears_voice_of(caller)
        await caller.hangs_up()
        record = await line.record_of(caller)
    assert (question["number"], question["variables"]) == (caller.number, {"contrat": NUMBER})
    assert (record.call.outcome, record.call.id) == ("bridged", question["call"])
    assert tried(record) == [("+33199001201", "accepted")]
    kept = [event.data["number"] for event in record.events if event.name == "call.number"]
    assert kept == ["42•••••65"]
    assert NUMBER not in str(record.events)
    assert NUMBER not in log.read_text("utf-8")


async def test_a_caller_who_types_no_number_still_reaches_an_agent(open_a_line: OpenALine) -> None:
    async with open_a_line(menu=asking("http://127.0.0.1:9/")) as line:
        alice = line.telephone("alice")

        async def silent() -> None:
            caller = await line.takes_a_call()
            await alice.is_rung(within=20)
            await caller.hangs_up()
            record = await line.record_of(caller)
            assert [event.name for event in record.events].count("collect.silence") == 3

        await silent()
        caller = await line.takes_a_call()
        await caller.presses("12#")
        await caller.hears("digits-wrong")
        await caller.presses(f"{NUMBER}1")  # and nobody listens at that port
        await alice.is_rung()
        await caller.hangs_up()
        record = await line.record_of(caller)
    (failed,) = [event.data for event in record.events if event.name == "webhook.failed"]
    assert failed["reason"] == "Connection refused"


async def test_a_caller_who_hangs_up_while_a_service_is_asked_leaves_nothing_behind(
    open_a_line: OpenALine,
) -> None:
    async with service() as crm, open_a_line(menu=asking(crm.url)) as line:
        caller = await line.takes_a_call()
        await caller.presses(f"{NUMBER}1")
        await crm.asked.get()
        await caller.hears("caller-wait")
        await caller.hangs_up()
        record = await line.record_of(caller)
        await crm.let_go.wait()
    assert (record.call.outcome, record.legs) == ("abandoned", [])


async def test_words_for_who_waits_stop_when_the_answer_is_there(open_a_line: OpenALine) -> None:
    async with service() as crm, open_a_line(menu=asking(crm.url)) as line:
        alice = line.telephone("alice")
        caller = await line.takes_a_call()
        await caller.presses(f"{NUMBER}1")
        await caller.hears("caller-wait")
        crm.answers({})
        await alice.is_rung()
        await caller.hears_ringing()
        await caller.hangs_up()
        record = await line.record_of(caller)
    assert [event.data for event in record.events if event.name == "webhook.answered"]


MENUS = flow_of(
    """\
  langue:
    menu:
      prompt: [bienvenue, choix-langue]
      keys: {"1": {language: fr, goto: motif}, "2": {language: en, goto: motif}}
      otherwise: motif
  motif:
    menu: {prompt: choix-motif, keys: {"1": {reason: retour, goto: appel}}, otherwise: appel}
""",
    "langue",
    "bienvenue choix-langue choix-motif",
    'human: {goto: appel, reason: commande}\nlanguage_of: {caller: {"+331990999": en}}',
)


async def test_star_goes_back_hash_asks_again_and_zero_reaches_a_human(open_a_line: OpenALine) -> None:
    async with open_a_line(menu=MENUS) as line:
        emma = line.telephone("+33199001201")
        caller = await line.takes_a_call()
        await caller.presses("1")
        await caller.hears("choix-motif", "fr")
        await caller.presses("*")
        await caller.hears("choix-langue", "fr")
        await caller.presses("2")
        await caller.hears("choix-motif", "en")
        await caller.presses("#")
        await caller.presses("0")
        await emma.is_rung()
        await caller.hangs_up()
        record = await line.record_of(caller)
    assert (record.call.language, record.call.reason) == ("en", "commande")
    nodes = [event.data["node"] for event in record.events if event.name == "flow.node"]
    assert nodes == ["langue", "motif", "langue", "motif", "motif", "appel"]


async def test_a_caller_from_another_country_is_greeted_in_its_language(open_a_line: OpenALine) -> None:
    async with open_a_line(menu=MENUS) as line:
        caller = await line.takes_a_call(number="+33199099912")
        await caller.hears("bienvenue", "en")
        await caller.hangs_up()
        assert not await caller.has_heard("bienvenue", "fr")


async def test_on_a_holiday_callers_hear_so_and_another_team_is_rung(open_a_line: OpenALine) -> None:
    today = f"{datetime.now(ZoneInfo('Europe/Paris')):%Y-%m-%d}"
    menu = flow_of(
        f"""\
  heures:
    hours:
      timezone: Europe/Paris
      window: {{from: "00:00", to: "00:00"}}
      holidays: [{today}]
      open: appel
      closed: appel
      holiday: ferie
  ferie:
    say: {{prompt: ferie, goto: autres}}
  autres:
    transfer: {{team: retour, nobody: personne}}
""",
        "heures",
        "ferie",
    )
    async with open_a_line(menu=menu) as line:
        chloe = line.telephone("chloe")
        caller = await line.takes_a_call()
        await caller.hears("ferie")
        agent = await chloe.is_rung()
        await agent.refuses(486)
        await caller.hears("personne-disponible")
        await caller.is_hung_up()
        record = await line.record_of(caller)
    assert (record.call.outcome, record.call.team) == ("unanswered", "retour")
    assert tried(record) == [("chloe", "busy")]


async def test_a_transfer_that_nobody_takes_goes_on_at_once(open_a_line: OpenALine) -> None:
    menu = flow_of('  direct: {transfer: {number: "+33199001201", nobody: appel}}\n', "direct", "")
    async with open_a_line(menu=menu) as line:
        alice, emma = line.telephone("alice"), line.telephone("+33199001201")
        caller = await line.takes_a_call()
        await (await emma.is_rung()).refuses(603)
        agent = await alice.is_rung()
        await agent.takes_the_call()
        await line.told(CallBridged, caller)
        await caller.hangs_up()
        record = await line.record_of(caller)
    assert tried(record) == [("+33199001201", "declined"), ("alice", "accepted")]
    assert record.call.outcome == "bridged"
