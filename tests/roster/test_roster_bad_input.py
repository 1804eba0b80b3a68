"""Every way to write a roster wrong has its own message, at its place, with its remedy."""
# ruff: noqa: E501 - the table reads one mistake a line (and is not formatted, for the same reason)

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ari_app.core.findings import Finding
from ari_app.roster.book import load_rosters

GOOD = """\
team: support
timezone: Europe/Paris
agents:
  alice: {name: Alice, languages: [fr], phones: [sip:alice]}
  bruno: {phones: [{tel: "+33199001202", after: 15s}]}
layers:
  - id: nuit
    kind: astreinte
    window: {days: [mon, tue], from: "20:00", to: "08:00"}
    rotation:
      anchor: 2026-01-05T08:00
      every: {weeks: 1}
      members: [[alice], [bruno]]
    effective: {from: 2026-01-05, until: null}
overrides:
  - {id: noel, from: 2026-12-24T18:00, to: 2026-12-26T09:00, replace: alice, with: bruno}
escalation:
  - {ring: on-call, for: 25s}
  - {ring: [bruno], for: 30s}
reasons: [panne]
"""


def findings_of(folder: Path, text: str, name: str = "support.yaml") -> list[Finding]:
    (folder / name).write_text(text)
    book, findings = load_rosters(folder)
    assert (book is None) == any(finding.severity == "error" for finding in findings)
    return findings


def test_the_good_file_has_no_findings(tmp_path: Path) -> None:
    assert findings_of(tmp_path, GOOD) == []


# fmt: off
CASES: dict[str, tuple[str, str, str, str, str, str]] = {
    # what is wrong: (good text, bad text, where the finding points, words of its message, expected, remedy)
    "unknown field": ("kind: astreinte", "kinds: astreinte", "kinds", "unknown field `kinds`", "`kind`", "`kind`?"),
    "unknown field of the file": ("reasons:", "raisons:", "raisons", "unknown field `raisons`", "`reasons`", "`reasons`?"),
    "duplicate key": ("team: support", "team: support\nteam: b", "team: b", "`team` is there twice", "line 1", "remove"),
    "duplicate agent": ("layers:", "  alice: {}\nlayers:", "alice: {}", "`alice` is there twice", "line 4", "remove"),
    "missing field": ("timezone: Europe/Paris\n", "", "team", "`timezone` is missing", "`timezone`", "add `timezone:`"),
    "wrong type": ("[fr]", "fr", "fr, ", "`languages` is of the wrong kind", "a list", ""),
    "text for a mapping": ("{weeks: 1}", "weekly", "weekly", "`every` is of the wrong kind", "a mapping", ""),
    "time zone": ("Europe/Paris", "Europe/Pari", "Europe/Pari", "time zone is unknown", "IANA", "`Europe/Paris`?"),
    "offset as zone": ("Europe/Paris", "+01:00", "+01:00", "time zone is unknown", "IANA", "city"),
    "zone as a path": ("Europe/Paris", "../etc/passwd", "../etc", "time zone is unknown", "IANA", ""),
    "no phone": ("phones: [sip:alice]", "phones: []", "[]", "the agent has no phone", "one phone", "sip:NAME"),
    "phones left out": (", phones: [sip:alice]", "", "alice", "the agent has no phone", "one phone", "sip:NAME"),
    "phone without scheme": ("sip:alice]", "alice]", "alice]", "not a phone", "`sip:NAME`", "`sip:`"),
    "SIP phone that dials elsewhere": ("sip:alice]", "sip:alice@evil.example&PJSIP/x]", "sip:alice@", "not the name of a SIP phone", "letters", "alone"),
    "number too short": ("+33199001202", "+3319900", '"+3319900"', "not a telephone number", "+33199001234", "count"),
    "number that is none": ("+33199001202", "+99999999999", '"+999', "not a telephone number", "international", "country"),
    "national number": ("+33199001202", "0199001202", '"0199', "not a telephone number", "+33199001234", "begin with `+`"),
    "number with letters": ("+33199001202", "+33199PANNE", '"+33', "not a telephone number", "international", "+"),
    "number and options": ("+33199001202", "+33199001202@x", '"+33', "not a telephone number", "international", "+"),
    "number unquoted without plus": ('"+33199001202"', "33199001202", "33199001202", "not a telephone", "inter", "begin"),
    "premium-rate number": ("+33199001202", "+33899123456", '{tel: "+33899', "nobody's: it is a premium-rate number", "picks up", "`bruno`"),
    "shared-rate number": ("+33199001202", "+33 8 21 12 34 56", '{tel: "+33 8', "nobody's: it is a number at a shared rate", "picks up", "`bruno`"),
    "emergency number": ("+33199001202", "+33112", '"+33112', "not a telephone number", "international", "digits"),
    "two addresses": ('{tel: "+33', '{sip: b, tel: "+33', "{sip: b", "one address", "either", "a phone of its own"),
    "ring time without unit": ("for: 25s", "for: 25", "25}", "not a duration", "`25s`", "`25s`"),
    "ring time too long": ("for: 25s", "for: 1h", "1h", "too long", "1s and 5m", "`5m` or less"),
    "phone that never rings": ("after: 15s", "after: 30s", "30s}", "never rings", "less than", "earlier"),
    "bad word": ("kind: astreinte", "kind: astriente", "astriente", "`kind` knows no such word", "`astreinte`", "astreinte"),
    "bad day": ("[mon, tue]", "[mon, lundi]", "lundi", "no such word", "`mon`", ""),
    "no day": ("[mon, tue]", "[]", "[], from", "`days` is empty", "1 or more", "add"),
    "hour without minutes": ('"20:00"', "20", "20, to", "not a time of day", "HH:MM", "`20:00`"),
    "hour of one digit": ('"08:00"', "8:00", "8:00", "not a time of day", "HH:MM", "`08:00`"),
    "midnight as 24:00": ('"08:00"', '"24:00"', '"24:00"', "not a time of day", "HH:MM", "`00:00`"),
    "hour that is none": ('"08:00"', '"25:00"', '"25:00"', "not a time of day", "00:00 to 23:59", ""),
    "anchor with an offset": ("anchor: 2026-01-05T08:00", "anchor: 2026-01-05T08:00+01:00", "2026-01-05T08:00+", "time zone of its own", "without zone", "wall"),
    "anchor in UTC": ("05T08:00\n", "05T08:00Z\n", "2026-01-05T08:00Z", "time zone of its own", "without", "wall"),
    "anchor without time": ("05T08:00\n", "05\n", "2026-01-05\n", "not a date and time", "T08:00", "`2026-01-05T08:00`"),
    "day that is none": ("2026-01-05T08:00\n", "2026-02-30T08:00\n", "2026-02-30", "not a date", "date", "calendar"),
    "year that is none": ("2026-01-05T08:00\n", "0026-01-05T08:00\n", "0026", "not a date", "date", "1970 to 2199"),
    "French date": ("2026-01-05T08:00\n", "05/01/2026 08:00\n", "05/01", "not a date", "2026-01-05T08:00", "year"),
    "no anchor": ("      anchor: 2026-01-05T08:00\n", "", "every: ", "has no `anchor`", "`every`", "add it"),
    "no turn's length": ("      every: {weeks: 1}\n", "", "anchor: ", "has no `every`", "`every`", "add it"),
    "two lengths": ("{weeks: 1}", "{weeks: 1, days: 2}", "{weeks", "one length", "one of", "`{weeks: 1}`"),
    "no length": ("{weeks: 1}", "{}", "{}", "one length", "one of", "`{weeks: 1}`"),
    "length of nothing": ("{weeks: 1}", "{weeks: 0}", "0}", "`weeks` is not valid", "1 or more", ""),
    "no members": ("[[alice], [bruno]]", "[]", "[]", "`members` is empty", "1 or more", "add"),
    "an empty group": ("[[alice], [bruno]]", "[[alice], []]", "[]]", "is empty", "1 or more", "add"),
    "unknown member": ("[[alice]", "[[alise]", "alise", "agent `alise` is unknown", "an agent", "`alice`?"),
    "unknown agent in a step": ("[bruno], for", "[brunno], for", "brunno", "agent `brunno` is unknown", "an", "`bruno`?"),
    "unknown absent": ("replace: alice", "replace: zoe", "zoe", "agent `zoe` is unknown", "an agent", "add `zoe`"),
    "unknown stand-in": ("with: bruno", "with: zoe", "zoe", "agent `zoe` is unknown", "an agent", "add `zoe`"),
    "override of oneself": ("with: bruno", "with: alice", "alice}", "the same agent", "two different", "correct"),
    "override that ends first": ("26T09:00", "24T09:00", "2026-12-24T09", "ends before", "after `from`", "correct"),
    "layer that ends first": ("until: null", "until: 2026-01-05", "2026-01-05}", "ends before", "after `from`", "correct"),
    "nobody to ring": ("ring: on-call", "ring: oncall", "oncall", "nobody is rung", "`on-call`", "`on-call`?"),
    "agent without brackets": ("ring: [bruno]", "ring: bruno", "bruno, for", "nobody is rung", "a list", "`[bruno]`"),
    "unknown layer": ("on-call, for", "on-call, layer: nuits, for", "nuits", "layer `nuits` is unknown", "nuit", "`nuit`?"),
    "layer beside agents": ("[bruno], for", "[bruno], layer: nuit, for", "layer: nuit", "beside agents", "`ring: on-call`", "step for each"),
    "unknown strategy": ("on-call, for", "on-call, strategy: all, for", "all", "no such word", "`simultaneous`", ""),
    "voicemail misspelt": ("  - {ring: [bruno], for: 30s}", "  - voicemial", "voicemial", "no such word", "", "`voicemail`?"),
    "voicemail in the middle": ("escalation:\n", "escalation:\n  - voicemail\n", "voicemail", "never reached", "last", "end"),
    "dated members without members": ("[[alice], [bruno]]", "[{from: 2026-01-05}]", "{from", "`members` is missing", "`members`", "add"),
    "dated members without a date": ("[[alice], [bruno]]", "[{members: [alice]}, {members: [bruno]}]", "{members: [b", "not said from when", "`from`", "`from: 2"),
    "dated members out of order": ("[[alice], [bruno]]", "[{from: 2026-02-05, members: [alice]}, {from: 2026-02-05, members: [bruno]}]", "2026-02-05, members: [b", "does not begin after", "after 2026-02-05", "order"),
    "advance misspelt": ("every: {w", "advance: active-shift\n      every: {w", "active-shift", "no such word", "`calendar`", "`active_shift`"),
    "closures of no days": ("    kind:", "    closures: {}\n    kind:", "{}\n    kind", "no days are named", "`only_on`", "remove"),
    "closures of no such days": ("    kind:", "    closures: {only_on: [1 mai]}\n    kind:", "1 mai", "these are no days", "`fr-public", "one of"),
    "a condition that asks nothing": ("ring: on-call", "when: {}, ring: on-call", "{}, ring", "asks nothing", "`vip`", "remove"),
    "too many rounds": ("ring: on-call", "rounds: 11, ring: on-call", "11", "`rounds` is not valid", "10 or less", "write"),
    "an id with blanks": ("team: support", "team: le support", "le support", "referred to", "letters", "blanks"),
    "an agent with accents": ("  alice: {", "  élise: {", "élise", "referred to", "letters", "accents"),
    "a name on two lines": ("name: Alice", 'name: "A\\nB"', '"A\\nB"', "not a line of text", "80", "one line"),
    "a language's name": ("[fr]", "[français]", "français", "not a language", "ISO 639", "code"),
    "layer twice": ("overrides:", "  - {id: nuit, rotation: {members: [bruno]}}\noverrides:", "nuit, rotation", "layer `nuit` is there twice", "first is at", "another name"),
    "override twice": ("escalation:", "  - {id: noel, from: 2027-12-24T18:00, to: 2027-12-26T09:00, replace: alice, with: bruno}\nescalation:", "noel, from: 2027", "override `noel` is there twice", "first is at", "another name"),
    "overlapping overrides": ("escalation:", "  - {id: b, from: 2026-12-25T18:00, to: 2026-12-27T09:00, replace: alice, with: bruno}\nescalation:", "alice, with: bruno}\nesc", "replace `alice` at the same time", "the later in the file wins", "end one"),
    "reason twice": ("[panne]", "[panne, panne]", "panne]", "reason `panne` is there twice", "first is at", "one team"),
    "agent of no use": ("layers:", "  zoe: {phones: [sip:zoe]}\nlayers:", "zoe", "never on call", "rings", "`members`"),
}
# fmt: on


@pytest.mark.parametrize("case", CASES)
def test_each_mistake_has_one_finding_at_its_place(tmp_path: Path, case: str) -> None:
    good, bad, pointer, message, expected, remedy = CASES[case]
    assert GOOD.count(good) >= 1
    text = GOOD.replace(good, bad, 1)
    found = findings_of(tmp_path, text)
    assert len(found) == 1, "\n".join(map(str, found))
    finding = found[0]
    lines = text.split("\n")
    rest = "\n".join([lines[finding.line - 1][finding.column - 1 :], *lines[finding.line :]])
    assert rest.startswith(pointer)
    assert message in finding.message
    assert expected in finding.expected
    assert remedy in finding.remedy
    assert finding.found


def without(block: str) -> str:
    kept, skipping = [], False
    for line in GOOD.splitlines(keepends=True):
        skipping = line.startswith(block) or (skipping and line.startswith(" "))
        kept += [] if skipping else [line]
    return "".join(kept)


def test_an_escalation_that_is_missing_empty_or_rings_nobody_is_an_error(tmp_path: Path) -> None:
    base = without("escalation:")
    for text, message in [
        (base, "the field `escalation` is missing"),
        (base + "escalation: []\n", "`escalation` is empty"),
        (base + "escalation: [voicemail]\n", "the escalation rings nobody"),
    ]:
        (finding,) = findings_of(tmp_path, text)
        assert message in finding.message


def test_on_call_without_layers_is_an_error(tmp_path: Path) -> None:
    (finding,) = [each for each in findings_of(tmp_path, without("layers:")) if each.severity == "error"]
    assert "nobody can be on call" in finding.message


def test_a_reason_of_two_teams_names_both_places(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(GOOD)
    other = "team: b\ntimezone: Europe/Paris\nescalation: [{ring: [alice]}]\nreasons: [panne]\n"
    (finding,) = findings_of(tmp_path, other, "b.yaml")
    assert (finding.file.name, finding.line, finding.column) == ("b.yaml", 4, 11)
    assert "reason `panne` is there twice" in finding.message
    assert finding.expected.endswith(f"the first is at a.yaml:{len(GOOD.splitlines())}:11")


def test_a_team_or_an_agent_of_two_files_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(GOOD)
    findings = findings_of(tmp_path, GOOD.replace("[panne]", "[autre]"), "b.yaml")
    assert [finding.message for finding in findings] == [
        "the team `support` is there twice",
        "the agent `alice` is there twice",
        "the agent `bruno` is there twice",
    ]


def test_agents_may_stand_in_a_file_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "people.yml").write_text("agents: {zoe: {phones: [sip:zoe]}}\n")
    assert findings_of(tmp_path, GOOD.replace("[bruno], for", "[zoe], for")) == []


def test_agents_of_a_file_with_mistakes_are_not_called_unknown(tmp_path: Path) -> None:
    (tmp_path / "people.yaml").write_text("agents: {zoe: {phones: [zoe]}}\n")
    (finding,) = findings_of(tmp_path, GOOD.replace("[bruno], for", "[zoe], for"))
    assert finding.file.name == "people.yaml"
    (tmp_path / "people.yaml").write_text("agents: {zoe: {phones: [zoe]\n")
    (finding,) = findings_of(tmp_path, GOOD.replace("[bruno], for", "[zoe], for"))
    assert finding.file.name == "people.yaml"


def test_a_wanted_reason_that_no_team_answers_for_is_found_where_it_is_wanted(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(GOOD)
    book, _ = load_rosters(tmp_path)
    assert book is not None
    flow = Path("ivr_flows/accueil.yaml")
    wanted = [("panne", flow, 3, 5), ("pannes", flow, 4, 5), ("retour", flow, 5, 5)]
    near, far = book.check_reasons(wanted)
    assert (near.file, near.line, near.column) == (flow, 4, 5)
    assert "no team answers for the reason `pannes`" in near.message
    assert near.remedy == "did you mean `panne`?"
    assert "add `retour`" in far.remedy


def test_a_folder_without_rosters_is_an_error(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        book, (finding,) = load_rosters(folder)
        assert book is None
        assert "there are no rosters" in finding.message


def test_hidden_files_and_editors_leftovers_are_not_rosters(tmp_path: Path) -> None:
    for name in (".support.yaml", "support.yaml~", "support.yaml.swp", "notes.txt"):
        (tmp_path / name).write_text("[")
    assert findings_of(tmp_path, GOOD) == []


def test_a_link_to_nowhere_among_the_rosters_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").symlink_to(tmp_path / "gone.yaml")
    (finding,) = findings_of(tmp_path, GOOD)
    assert "symbolic link to nowhere" in finding.message


def _paths(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(deeper for key, below in items for deeper in _paths(below, (*path, key)))]


_DATA = yaml.load(GOOD, Loader=yaml.BaseLoader)  # every scalar as text
_WORDS = st.sampled_from(_paths(_DATA)[1:]).map(lambda path: str(path[-1]))
_JUNK: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | _WORDS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8) | _WORDS, inner, max_size=3)
    ),
    max_leaves=5,
)


def _replaced(value: Any, path: tuple[str | int, ...], junk: Any) -> Any:
    if not path:
        return junk
    copy: Any = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = _replaced(value[path[0]], path[1:], junk)
    return copy


@given(st.sampled_from(_paths(_DATA)), _JUNK)
def test_no_value_in_any_field_makes_loading_raise(
    tmp_path_factory: pytest.TempPathFactory, path: tuple[str | int, ...], junk: Any
) -> None:
    folder = tmp_path_factory.getbasetemp() / "values"
    folder.mkdir(exist_ok=True)
    text = yaml.safe_dump(_replaced(_DATA, path, junk), allow_unicode=True, sort_keys=False)
    (folder / "team.yaml").write_text(text, "utf-8", "surrogatepass")
    book, findings = load_rosters(folder)
    assert book is not None or findings
    lines = text.count("\n") + 1
    for finding in findings:
        assert 1 <= finding.line <= lines
        assert len(str(finding).splitlines()) == 4


@given(st.integers(0, len(GOOD)), st.integers(0, 20), st.binary(max_size=6))
def test_no_bytes_in_any_place_make_loading_raise(
    tmp_path_factory: pytest.TempPathFactory, start: int, length: int, junk: bytes
) -> None:
    folder = tmp_path_factory.getbasetemp() / "bytes"
    folder.mkdir(exist_ok=True)
    good = GOOD.encode()
    (folder / "team.yaml").write_bytes(good[:start] + junk + good[start + length :])
    book, findings = load_rosters(folder)
    assert book is not None or findings


@given(st.integers(0, len(GOOD)))
def test_a_file_cut_short_while_it_is_saved_never_raises(
    tmp_path_factory: pytest.TempPathFactory, length: int
) -> None:
    folder = tmp_path_factory.getbasetemp() / "short"
    folder.mkdir(exist_ok=True)
    (folder / "team.yaml").write_text(GOOD[:length])
    book, findings = load_rosters(folder)
    assert book is not None or findings
