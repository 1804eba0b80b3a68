"""What an admin is warned of who asks what the next 60 days hold."""
# ruff: noqa: E501 - the tables read one case a line (and are not formatted, for the same reason)

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from ari_app.core.findings import Finding
from ari_app.roster.book import load_rosters

NOW = datetime(2026, 11, 23, 7, tzinfo=UTC)
"""A Monday, 08:00 in Paris: the handoff of every rotation below."""

NAMES = [
    "alice",
    "bruno",
    "chloe",
    "david",
    *(f"{letter}{number}" for letter in "ab" for number in range(1, 8)),
]
PEOPLE = "agents:\n" + "".join(f"  {name}: {{phones: [sip:{name}]}}\n" for name in NAMES)
ALWAYS = "{id: base, rotation: {members: [david]}}"
WEEKLY = "anchor: 2026-01-05T08:00, every: {weeks: 1}"
DAILY = "anchor: 2026-01-05T08:00, every: {days: 1}"


def written(
    *layers: str,
    overrides: tuple[str, ...] = (),
    escalation: str = "[{ring: on-call}, voicemail]",
    team: str = "support",
) -> str:
    """Return a team's file."""
    lines = [f"team: {team}", "timezone: Europe/Paris", "layers:", *(f"  - {layer}" for layer in layers)]
    lines += ["overrides:", *(f"  - {override}" for override in overrides)] if overrides else []
    return "\n".join([*lines, f"escalation: {escalation}", ""])


def override(name: str, start: str, end: str, absent: str, stand_in: str) -> str:
    return f"{{id: {name}, from: {start}, to: {end}, replace: {absent}, with: {stand_in}}}"


def look(folder: Path, *texts: str, people: str = PEOPLE, at: datetime = NOW) -> list[Finding]:
    """Return what is found, but that an agent is never on call."""
    (folder / "people.yaml").write_text(people)
    for number, text in enumerate(texts):
        (folder / f"team{number}.yaml").write_text(text)
    book, findings = load_rosters(folder, at)
    assert book is not None, "\n".join(map(str, findings))
    return [finding for finding in findings if "is never on call" not in finding.message]


def marked(folder: Path, finding: Finding) -> str:
    """Return the file's text from where a finding points to."""
    lines = (folder / finding.file.name).read_text().split("\n")
    return lines[finding.line - 1][finding.column - 1 :]


# fmt: off
GAPS = {
    # layers, escalation → severity, message, found, what it points to
    "a night a week is missing": (
        ['{id: semaine, window: {days: [mon, tue, wed, thu], from: "08:00", to: "08:00"}, rotation: {members: [alice]}}',
         '{id: week-end, window: {days: [sat, sun], from: "08:00", to: "08:00"}, rotation: {members: [bruno]}}'],
        "[{ring: on-call}, voicemail]",
        "warning", "nobody would be rung for 24 h of every week", "Fri 08:00 to Sat 08:00", "layers:"),
    "the same, with an agent by name behind": (
        ['{id: semaine, window: {days: [mon, tue, wed, thu], from: "08:00", to: "08:00"}, rotation: {members: [alice]}}',
         '{id: week-end, window: {days: [sat, sun], from: "08:00", to: "08:00"}, rotation: {members: [bruno]}}'],
        "[{ring: on-call}, {ring: [chloe]}]",
        "note", "nobody is on call for 24 h of every week", "Fri 08:00 to Sat 08:00", "layers:"),
    "opening hours are meant": (
        ['{id: jour, window: {days: [sat], from: "09:00", to: "18:00"}, rotation: {members: [alice]}}'],
        "[{ring: on-call}, voicemail]",
        "note", "nobody would be rung for 159 h of every week", "Sat 18:00 to Sat 09:00", "layers:"),
    "every evening but one day's work": (
        ['{id: jour, window: {from: "08:00", to: "23:30"}, rotation: {members: [alice]}}'],
        "[{ring: on-call}, voicemail]",
        "warning", "nobody would be rung for 59.5 h of every week", "Mon 23:30 to Tue 08:00, Tue 23:30 to Wed 08:00", "layers:"),
    "a layer ends and nothing follows": (
        ["{id: automne, rotation: {members: [alice]}, effective: {until: 2027-01-10}}"],
        "[{ring: on-call}, voicemail]",
        "warning", "nobody would be rung for 296 h", "Sun 2027-01-10 00:00+01:00 to Fri 2027-01-22 08:00+01:00", "2027-01-10"),
    "a layer begins late": (
        ["{id: hiver, rotation: {members: [alice]}, effective: {from: 2026-12-01}}"],
        "[{ring: on-call}, voicemail]",
        "warning", "nobody would be rung for 184 h", "Mon 2026-11-23 08:00+01:00 to Tue 2026-12-01 00:00+01:00", "2026-12-01"),
    "a day between two layers": (
        ["{id: avant, rotation: {members: [alice]}, effective: {until: 2026-12-01}}",
         "{id: apres, rotation: {members: [alice]}, effective: {from: 2026-12-02}}"],
        "[{ring: on-call}, voicemail]",
        "warning", "nobody would be rung for 24 h", "Tue 2026-12-01 00:00+01:00 to Wed 2026-12-02 00:00+01:00", "2026-12-01"),
    "a first handoff to come": (
        ["{id: hiver, rotation: {anchor: 2026-12-01T08:00, every: {weeks: 1}, members: [alice, bruno]}}"],
        "[{ring: on-call}, voicemail]",
        "warning", "nobody would be rung for 192 h", "Mon 2026-11-23 08:00+01:00 to Tue 2026-12-01 08:00+01:00", "{anchor: 2026-12-01"),
    "one layer is rung, another one serves": (
        [ALWAYS, '{id: jour, window: {days: [mon, tue, wed, thu, fri, sat], from: "00:00", to: "00:00"}, rotation: {members: [alice]}}'],
        "[{ring: on-call, layer: jour}, voicemail]",
        "warning", "nobody would be rung for 24 h of every week", "Sun 00:00 to Mon 00:00", "layers:"),
    "agents by name for VIPs alone": (
        ['{id: semaine, window: {days: [mon, tue, wed, thu, fri, sat], from: "00:00", to: "00:00"}, rotation: {members: [alice]}}'],
        "[{ring: on-call}, {ring: [bruno], when: {vip: true}}, voicemail]",
        "warning", "nobody would be rung for 24 h of every week", "Sun 00:00 to Mon 00:00", "layers:"),
    "agents by name at other hours": (
        ['{id: semaine, window: {days: [mon, tue, wed, thu, fri, sat], from: "00:00", to: "00:00"}, rotation: {members: [alice]}}'],
        '[{ring: on-call}, {ring: [bruno], when: {hours: {days: [sat], from: "08:00", to: "20:00"}}}, voicemail]',
        "warning", "nobody would be rung for 24 h of every week", "Sun 00:00 to Mon 00:00", "layers:"),
    "a week without the weekend's usual shift": (
        ['{id: semaine, window: {days: [mon, tue, wed, thu], from: "08:00", to: "08:00"}, rotation: {members: [alice]}}',
         '{id: week-end, window: {days: [sat, sun], from: "08:00", to: "08:00"}, rotation: {members: [bruno]}}',
         '{id: renfort, window: {days: [fri], from: "08:00", to: "08:00"}, closures: {except_on: 2026-12-04}, rotation: {members: [bruno]}}'],
        "[{ring: on-call}, voicemail]",
        "warning", "nobody would be rung for 24 h", "Fri 2026-12-04 08:00+01:00 to Sat 2026-12-05 08:00+01:00", "layers:"),
}
# fmt: on


@pytest.mark.parametrize("case", GAPS)
def test_a_time_without_anybody_is_told_with_its_cause(tmp_path: Path, case: str) -> None:
    layers, escalation, severity, message, found, pointer = GAPS[case]
    (finding,) = [
        each
        for each in look(tmp_path, written(*layers, escalation=escalation))
        if "nobody" in each.message and "first handoff" not in each.message
    ]
    assert (finding.severity, finding.message) == (severity, message)
    assert finding.found.startswith(found)
    assert marked(tmp_path, finding).startswith(pointer)


@pytest.mark.parametrize(
    ("layers", "escalation"),
    [
        ([ALWAYS], "[{ring: on-call}, voicemail]"),
        (
            [
                '{id: a, window: {from: "08:00", to: "02:30"}, rotation: {members: [alice]}}',
                '{id: b, window: {from: "02:30", to: "08:00"}, rotation: {members: [bruno]}}',
            ],
            "[{ring: on-call}, voicemail]",
        ),
        (["{id: a, rotation: {members: [alice]}, effective: {until: 2026-12-01}}"], "[{ring: [bruno]}]"),
    ],
)
def test_a_team_that_always_has_somebody_is_left_in_peace(
    tmp_path: Path, layers: list[str], escalation: str
) -> None:
    for month in (2, 9, 11):  # before the clocks change, too
        at = NOW.replace(month=month)
        assert [
            each
            for each in look(tmp_path, written(*layers, escalation=escalation), at=at)
            if each.severity == "warning"
        ] == []


def test_a_shop_that_closes_on_holidays_has_opening_hours_all_the_same(tmp_path: Path) -> None:
    window = 'window: {days: [mon, tue, wed, thu, fri], from: "09:00", to: "17:00"}'
    days = "closures: {except_on: [us-ca-public-holidays, 2026-12-24]}"
    shop = f"{{id: shop, {window}, {days}, rotation: {{members: [alice]}}}}"
    assert [
        (each.severity, each.message, each.found.partition(", Tue")[0])
        for each in look(tmp_path, written(shop))
    ] == [
        ("note", "nobody would be rung for 128 h of every week", "Mon 17:00 to Tue 09:00"),
        (
            "note",
            "nobody would be rung for 48 h on days that `closures` leave out",
            "first Thu 2026-11-26 09:00+01:00 to Thu 2026-11-26 17:00+01:00",
        ),
    ]
    ends = shop.replace("rotation:", "effective: {until: 2026-12-07}, rotation:")
    assert "warning" in {each.severity for each in look(tmp_path, written(ends))}


def test_many_gaps_are_counted_not_listed(tmp_path: Path) -> None:
    days = [1, 3, 6, 8, 10, 13, 15, 17]
    dates = ", ".join(f"2026-12-{day:02}" for day in days)
    layer = f'{{id: jour, window: {{from: "00:00", to: "00:00"}}, rotation: {{members: [alice]}}, closures: {{except_on: [{dates}]}}}}'
    found = look(tmp_path, written(layer))
    *listed, counted = found
    assert [each.message for each in listed] == ["nobody would be rung for 24 h"] * 5
    assert counted.message == "nobody would be rung at 3 more times"
    assert counted.found == "72 h; the last Thu 2026-12-17 00:00+01:00 to Fri 2026-12-18 00:00+01:00"


def test_somebody_on_call_for_two_teams_is_told_once_with_all_of_it(tmp_path: Path) -> None:
    nights = '{id: nuit, window: {from: "20:00", to: "08:00"}, rotation: {members: [alice]}}'
    weekend = (
        '{id: week-end, window: {days: [sat], from: "08:00", to: "08:00"}, rotation: {members: [alice]}}'
    )
    other = written("{id: base, rotation: {members: [bruno]}}", weekend, team="ventes")
    (finding,) = look(tmp_path, written(ALWAYS, nights), other)
    assert finding.message == "`alice` is on call for two teams at once"
    assert finding.found == (
        "`support` and `ventes` for 96 h of the next 60 days; first "
        "Sat 2026-11-28 20:00+01:00 to Sun 2026-11-29 08:00+01:00"
    )
    assert (finding.file.name, marked(tmp_path, finding)[:6]) == ("people.yaml", "alice:")


def test_who_stands_in_for_somebody_may_be_in_two_places_too(tmp_path: Path) -> None:
    away = override("conge", "2026-12-01T08:00", "2026-12-02T08:00", "bruno", "david")
    other = written("{id: base, rotation: {members: [bruno]}}", overrides=(away,), team="ventes")
    (finding,) = look(tmp_path, written(ALWAYS), other)
    assert finding.message == "`david` is on call for two teams at once"
    assert finding.found.startswith("`support` and `ventes` for 24 h")


# fmt: off
BACKUPS = {
    # the layers, the second is rung first, then the first; is it warned of?
    "each behind the other": ([f"{{id: renfort, rotation: {{{WEEKLY}, members: [bruno, alice]}}}}", f"{{id: nuit, rotation: {{{WEEKLY}, members: [alice, bruno]}}}}"], None),
    "behind oneself in some weeks": ([f"{{id: renfort, rotation: {{{WEEKLY}, members: [bruno, chloe]}}}}", f"{{id: nuit, rotation: {{{WEEKLY}, members: [alice, bruno, chloe]}}}}"], "first `bruno` in `nuit` too, Mon 2026-11-23 08:00+01:00 to Mon 2026-11-30 08:00+01:00"),
    "behind oneself among others": (["{id: renfort, rotation: {members: [alice]}}", "{id: nuit, rotation: {members: [[alice, bruno]]}}"], "first `alice` in `nuit` too, Mon 2026-11-23 08:00+01:00 to Fri 2027-01-22 08:00+01:00"),
    "somebody else beside oneself": (["{id: renfort, rotation: {members: [[alice, bruno]]}}", "{id: nuit, rotation: {members: [alice]}}"], None),
    "never at the same hours": (['{id: renfort, window: {from: "08:00", to: "20:00"}, rotation: {members: [alice]}}', '{id: nuit, window: {from: "20:00", to: "08:00"}, rotation: {members: [[alice, bruno]]}}'], None),
    "alone, where the first layer has nobody": (["{id: renfort, rotation: {members: [chloe]}}", '{id: nuit, window: {from: "20:00", to: "08:00"}, rotation: {members: [alice]}}'], None),
}
# fmt: on


@pytest.mark.parametrize("case", BACKUPS)
def test_a_backup_who_was_rung_before_is_told(tmp_path: Path, case: str) -> None:
    layers, found = BACKUPS[case]
    text = written(*layers, escalation="[{ring: on-call}, {ring: on-call, layer: renfort}, voicemail]")
    findings = [each for each in look(tmp_path, text) if "rung before" in each.message]
    assert [each.found for each in findings] == ([found] if found else [])
    assert all(marked(tmp_path, each).startswith("renfort}") for each in findings)


# fmt: off
OVERRIDES = {
    # overrides → those that change nothing, and who is on call instead
    "somebody who is not on call": ([("a", "2026-12-01T08:00", "2026-12-02T08:00", "alice", "bruno")], {"a": "`david`"}),
    "somebody who is": ([("a", "2026-12-01T08:00", "2026-12-02T08:00", "david", "bruno")], {}),
    "a stand-in's stand-in": ([("a", "2026-12-01T08:00", "2026-12-02T08:00", "david", "bruno"), ("b", "2026-12-01T10:00", "2026-12-01T12:00", "bruno", "alice")], {}),
    "a stand-in's stand-in, too late": ([("a", "2026-12-01T08:00", "2026-12-02T08:00", "david", "bruno"), ("b", "2026-12-02T10:00", "2026-12-02T12:00", "bruno", "alice")], {"b": "`david`"}),
    "in the past": ([("a", "2026-11-01T08:00", "2026-11-02T08:00", "alice", "bruno")], {}),
    "going on": ([("a", "2026-11-20T08:00", "2026-11-24T08:00", "alice", "bruno")], {}),
    "far ahead": ([("a", "2027-12-01T08:00", "2027-12-02T08:00", "alice", "bruno")], {}),
}
# fmt: on


@pytest.mark.parametrize("case", OVERRIDES)
def test_an_override_that_changes_nothing_is_told(tmp_path: Path, case: str) -> None:
    overrides, idle = OVERRIDES[case]
    text = written(ALWAYS, overrides=tuple(override(*each) for each in overrides))
    found = [each for each in look(tmp_path, text) if "changes nothing" in each.message]
    assert {each.message.split("`")[1]: each.expected.split(": ")[1] for each in found} == idle


def test_an_override_of_a_backup_changes_something(tmp_path: Path) -> None:
    text = written(
        "{id: renfort, rotation: {members: [alice]}}",
        "{id: nuit, rotation: {members: [bruno]}}",
        overrides=(override("a", "2026-12-01T08:00", "2026-12-02T08:00", "alice", "chloe"),),
        escalation="[{ring: on-call}, {ring: on-call, layer: renfort}, voicemail]",
    )
    assert look(tmp_path, text) == []


# fmt: off
SHARES = {
    # rotation and more of the layer → what is unfair
    "a week each": (f"rotation: {{{WEEKLY}, members: [alice, bruno, chloe]}}", ""),
    "a day each of eight": (f"rotation: {{{DAILY}, members: [a1, a2, a3, a4, a5, a6, a7, alice]}}", ""),
    "a day each of seven: the same weekday for ever": (f"rotation: {{{DAILY}, members: [a1, a2, a3, a4, a5, a6, a7]}}", "at weekends 1,252 h for `a6`, 0 h for `a1`"),
    "a day each of fourteen, weekends off": (f'window: {{days: [mon, tue, wed, thu, fri], from: "08:00", to: "20:00"}}, rotation: {{{DAILY}, members: [a1, a2, a3, a4, a5, a6, a7, b1, b2, b3, b4, b5, b6, b7]}}', "in all 313 h for `b5`, 0 h for `a6`"),
    "the same, by windows served": (f'window: {{days: [mon, tue, wed, thu, fri], from: "08:00", to: "20:00"}}, rotation: {{{DAILY}, advance: active_shift, members: [a1, a2, a3, a4, a5, a6, a7, b1, b2, b3, b4, b5, b6, b7]}}', ""),
    "two of three weeks": (f"rotation: {{{WEEKLY}, members: [alice, bruno, alice]}}", "in all 5,844 h for `alice`, 2,922 h for `bruno`"),
    "together is together": (f"rotation: {{{WEEKLY}, members: [[alice], [bruno, chloe]]}}", ""),
    "at work, hours are a matter of contracts": (f'kind: permanence, window: {{days: [mon, tue, wed, thu, fri], from: "08:00", to: "20:00"}}, rotation: {{{WEEKLY}, members: [alice, bruno, alice]}}', ""),
    "at work, nights are not": (f'kind: permanence, window: {{from: "20:00", to: "08:00"}}, rotation: {{{WEEKLY}, members: [alice, bruno, alice]}}', "at night 2,191 h for `alice`, 1,096 h for `bruno`"),
    "eight hours each of three: the same hours for ever": ("rotation: {anchor: 2026-01-05T06:00, every: {hours: 8}, members: [alice, bruno, chloe]}", "at night 2,922 h for `chloe`, 0 h for `"),
    "months are as long as they are": ("rotation: {anchor: 2026-01-01T00:00, every: {months: 1}, members: [alice, bruno]}", ""),
    "one group": ("rotation: {members: [[alice, bruno]]}", ""),
    "a version to come": (f"rotation: {{{WEEKLY}, members: [{{members: [alice, bruno]}}, {{from: 2026-12-01, members: [alice, bruno, alice]}}]}}", "in all 5,844 h for `alice`, 2,922 h for `bruno`"),
    "a version far ahead": (f"rotation: {{{WEEKLY}, members: [{{members: [alice, bruno]}}, {{from: 2027-12-01, members: [alice, bruno, alice]}}]}}", ""),
}
# fmt: on


@pytest.mark.parametrize("case", SHARES)
def test_unfair_shares_are_told_in_numbers(tmp_path: Path, case: str) -> None:
    layer, unfair = SHARES[case]
    text = written(f"{{id: nuit, {layer}}}", escalation="[{ring: on-call}, {ring: [david]}]")
    found = [each for each in look(tmp_path, text) if "shared unfairly" in each.message]
    assert len(found) == bool(unfair)
    for finding in found:
        assert unfair in finding.found
        assert marked(tmp_path, finding).startswith(("[", "{from: 2026-12-01"))


def test_unfair_holidays_are_told_where_the_file_says_whose_they_are(tmp_path: Path) -> None:
    members = ", ".join(NAMES[4:16])  # a month each; May has most of them
    nights = (
        f"{{id: nuit, rotation: {{anchor: 2026-01-01T00:00, every: {{months: 1}}, members: [{members}]}}}}"
    )
    days = '{id: jour, kind: permanence, window: {days: [mon], from: "09:00", to: "17:00"}, rotation: {members: [alice]}'
    plain, french = (
        written(nights, f"{days}}}"),
        written(nights, f"{days}, closures: {{except_on: fr-public-holidays}}}}"),
    )
    assert look(tmp_path, plain) == []
    (finding,) = look(tmp_path, french)
    assert finding.message == "the public holidays of the layer `nuit` are shared unfairly"
    assert finding.found == "of the 11 of the next 12 months 4 for `a5`, 0 for `a2`"


def test_a_shift_that_a_clock_change_shortens_or_lengthens_is_noted(tmp_path: Path) -> None:
    night = '{id: nuit, window: {from: "20:00", to: "08:00"}, rotation: {members: [alice]}}'
    for at, message, found in [
        (
            "2026-02-15",
            "a shift lasts 11 h instead of 12 h",
            "Sat 2026-03-28 20:00+01:00 to Sun 2026-03-29 08:00+02:00: alice",
        ),
        (
            "2026-10-01",
            "a shift lasts 13 h instead of 12 h",
            "Sat 2026-10-24 20:00+02:00 to Sun 2026-10-25 08:00+01:00: alice",
        ),
    ]:
        (finding,) = look(tmp_path, written(ALWAYS, night), at=datetime.fromisoformat(at).replace(tzinfo=UTC))
        assert (finding.severity, finding.found) == ("note", found)
        assert finding.message == f"{message}: the clocks change"
        assert marked(tmp_path, finding).startswith("{from: ")
    assert look(tmp_path, written(ALWAYS, night)) == []  # no clock changes in these weeks
    assert look(tmp_path, written(ALWAYS), at=NOW.replace(month=10)) == []  # a shift without an end


# fmt: off
REST = {
    # work hours of alice, her permanence → when there is too little rest, and how much
    "nights between days at work": ('{days: [mon, tue, wed, thu, fri], from: "09:00", to: "17:00"}', '{days: [mon], from: "20:00", to: "06:00"}', "Mon 2026-11-23 09:00+01:00 to Tue 2026-11-24 17:00+01:00, with 3 h of rest at most; 9 times"),
    "late after work": ('{days: [mon, tue, wed, thu, fri], from: "09:00", to: "17:00"}', '{days: [fri], from: "17:00", to: "22:30"}', "Fri 2026-11-27 09:00+01:00 to Fri 2026-11-27 22:30+01:00, with 0 h of rest at most; 8 times"),
    "late after work, within 13 hours": ('{days: [mon, tue, wed, thu, fri], from: "09:00", to: "17:00"}', '{days: [fri], from: "17:00", to: "22:00"}', None),
    "during work": ('{days: [mon, tue, wed, thu, fri], from: "09:00", to: "17:00"}', '{days: [mon, tue], from: "10:00", to: "12:00"}', None),
    "a pause at noon is no rest and no fault": ('[{from: "08:00", to: "12:00"}, {from: "14:00", to: "18:00"}]', '{days: [mon], from: "18:00", to: "20:00"}', None),
    "at weekends": ('{days: [mon, tue, wed, thu, fri], from: "09:00", to: "17:00"}', '{days: [sat], from: "08:00", to: "20:00"}', None),
    "around the clock": ('{days: [mon], from: "09:00", to: "17:00"}', '{days: [sat], from: "08:00", to: "08:00"}', "Sat 2026-11-28 08:00+01:00 to Sun 2026-11-29 08:00+01:00, with 0 h of rest at most; 8 times"),
}
# fmt: on


@pytest.mark.parametrize("case", REST)
def test_too_little_rest_between_work_and_permanence_is_told(tmp_path: Path, case: str) -> None:
    hours, window, found = REST[case]
    people = PEOPLE.replace("alice: {", f"alice: {{work_hours: {hours}, ")
    duty = f"{{id: sur-place, kind: permanence, window: {window}, rotation: {{members: [alice]}}}}"
    findings = look(tmp_path, written(ALWAYS, duty), people=people)
    assert [each.found.removesuffix(" in the next 60 days") for each in findings] == (
        [found] if found else []
    )
    assert all(
        each.message == "`alice` has less than 11 h of rest around the permanence `sur-place`"
        for each in findings
    )
    assert all(marked(tmp_path, each).startswith("sur-place") for each in findings)
    at_home = duty.replace("kind: permanence, ", "")
    assert look(tmp_path, written(ALWAYS, at_home), people=people) == []  # on call at home is rest
    assert look(tmp_path, written(ALWAYS, duty)) == []  # nobody's hours of work are known
