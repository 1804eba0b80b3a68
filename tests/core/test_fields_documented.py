"""The tables of the docs name exactly the fields that an admin may write, file by file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel

from ari_app.callers.schema import BlockedEntry, CallersFile, LimitEntry, RulesEntry, VipEntry
from ari_app.flow.recording import Record
from ari_app.flow.schema import FlowFile, Node
from ari_app.flow.while_waiting import WhileWaiting
from ari_app.roster.calendar_schema import CalendarEntry
from ari_app.roster.duty_schema import DutyCallEntry, HandoffNoticeEntry
from ari_app.roster.layer_schema import ClosuresEntry, EffectiveEntry, LayerEntry, RotationEntry, WindowEntry
from ari_app.roster.schema import AgentEntry, OverrideEntry, PhoneEntry, TeamFile
from ari_app.roster.step_schema import RingEntry, TeamStepEntry, WhenEntry

DOCS = Path(__file__).parents[2] / "docs"


def fields(model: type[BaseModel], below: str = "") -> set[str]:
    """Return the names of a model's fields as an admin writes them, `below` a field of another one."""
    return {f"{below}{field.alias or name}" for name, field in model.model_fields.items()}


LAYER = (fields(LayerEntry) - {"rotation", "calendar", "effective", "closures"}) | {"calendar"}
LAYER |= fields(WindowEntry, "window.") | fields(RotationEntry, "rotation.")
LAYER |= fields(EffectiveEntry, "effective.") | fields(ClosuresEntry, "closures.")
CALLERS = (fields(CallersFile) - fields(RulesEntry)) | {"anonymous"}
CALLERS |= fields(BlockedEntry, "blocked.") | fields(VipEntry, "vip.") | fields(LimitEntry, "limit.")

TABLES = {
    # The page and the heading: the fields that the tables below it name.
    ("rosters.md", "A team's file"): fields(TeamFile),
    ("rosters.md", "Agents"): fields(AgentEntry) | fields(PhoneEntry),
    ("rosters.md", "Layers"): LAYER,
    ("rosters.md", "Calendars"): fields(CalendarEntry, "calendar.") | {"calendar_names"},
    ("rosters.md", "Overrides"): fields(OverrideEntry),
    ("rosters.md", "Escalation"): fields(RingEntry) | fields(TeamStepEntry) | fields(WhenEntry),
    ("duty.md", "Duty calls"): fields(DutyCallEntry),
    ("duty.md", "Who is on next"): fields(HandoffNoticeEntry),
    ("callers.md", "Who is let in"): CALLERS,
    ("flows.md", "A flow"): fields(FlowFile),
    ("flows.md", "While telephones ring"): fields(WhileWaiting),
    ("flows.md", "Recording of talks"): fields(Record),
}
TABLES |= {
    ("flows.md", f"`{kind}`"): fields(get_args(info.annotation)[0])
    for kind, info in Node.model_fields.items()
    if kind not in {"goto", "goodbye"}  # without a table: one has no field, the other those of `say`
}


def named_below(page: str, heading: str) -> set[str]:
    """Return what the first column of each table of fields names, until the next heading."""
    text = re.sub(r"^```.*?^```$", "", (DOCS / page).read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    section = re.search(rf"^#+ {re.escape(heading)}(?::.*?)?\n(.*?)(?=^#|\Z)", text, re.MULTILINE | re.DOTALL)
    assert section is not None, f"{page} has no {heading}"
    found = set[str]()
    for head, rows in re.findall(r"^\| `?(\w+)`? \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", section[1], re.MULTILINE):
        if head in {"field", "phone", "when"}:
            for cell in re.findall(r"^\| (.*?) \|", rows, re.MULTILINE):
                found |= set(re.findall(r"`[{\"]?([a-z_.]+)(?=[`:])", cell))
    return found


@pytest.mark.parametrize(("page", "heading"), TABLES)
def test_a_table_names_every_field_and_no_other(page: str, heading: str) -> None:
    assert named_below(page, heading) == TABLES[page, heading]
