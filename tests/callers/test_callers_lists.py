"""What the lists say of a caller, whichever way the number is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from ari_app.callers.book import CallerBook, CallerKnown
from ari_app.callers.loading import load_callers

LINES = ("default", "+33199000100")
FOLDER = """
country: FR
blocked:
  answer: busy
  numbers: [01 99 00 66 66, "+44 20*", "0899*", "3900", 00216*]
  lists: [more.txt]
vip:
  numbers:
    "+33199001234": Clinique du Parc
    "0899 12*": Radio
    01.99.00.12.35:
  lists: crm.csv
anonymous: decline
lines:
  "+33199000100":
    blocked: {answer: say, numbers: ["+33199001234"]}
    vip: {numbers: {"+44 20 7946*": London}}
    anonymous: allow
"""
MORE = '\ufeff# harcèlement\n\n+33 1 99 00 77 77\n0199007778 , M. X\n"0199007779"\n'
CRM = "0199002001;Mairie de Test\n+33199002002,\n+33199002003\tÉcole n° 3\n"


def load(folder: Path, rules: str = FOLDER) -> CallerBook:
    (folder / "callers.yaml").write_text(rules, "utf-8")
    (folder / "more.txt").write_text(MORE, "utf-8")
    (folder / "crm.csv").write_text(CRM, "utf-8")
    book, findings = load_callers(folder, LINES)
    assert book is not None, "\n".join(map(str, findings))
    assert findings == []
    return book


# fmt: off
CALLERS = [
    # the caller's number as the carrier sends it, what becomes of them
    ("+33199006666", "busy"),
    ("0199006666", "busy"),
    ("33199006666", "busy"),
    ("0033199006666", "busy"),
    ("+33199006667", "let in"),
    ("+3319900666", "let in"),                 # a digit short: nobody's number, looked up as it is
    ("+442012345678", "busy"),
    ("+441612345678", "let in"),
    ("+33899987654", "busy"),
    ("0899987654", "busy"),
    ("+33899123456", "VIP Radio"),             # more of the number is named by the VIPs
    ("+21671000000", "busy"),
    ("3900", "busy"),
    ("39001", "let in"),                       # a short number is named whole
    ("+33199007777", "busy"),
    ("+33199007778", "busy"),
    ("+33199007779", "busy"),
    ("+33199001234", "VIP Clinique du Parc"),
    ("0199001235", "VIP"),
    ("+33199002001", "VIP Mairie de Test"),
    ("+33199002002", "VIP"),
    ("0199002003", "VIP École n° 3"),
    ("anonymous", "decline"),
    ("", "decline"),
    (None, "decline"),
    ("+", "decline"),
    ("+33199006666\n", "decline"),             # no number at all, whatever it looks like
    ("+33199006666;x", "decline"),
    ("9" * 21, "decline"),
    ("alice", "decline"),
    ("00000000000000000000", "let in"),
]
# fmt: on


def told(known: CallerKnown) -> str:
    if known.blocked:
        return known.blocked
    return f"VIP {known.name}".strip() if known.vip else "let in"


@pytest.mark.parametrize(("number", "fate"), CALLERS)
def test_a_number_is_known_in_each_way_of_writing_it(tmp_path: Path, number: str, fate: str) -> None:
    assert told(load(tmp_path).caller("default", number)) == fate


@pytest.mark.parametrize(
    ("number", "fate"),
    [
        ("+33199006666", "busy"),  # blocked everywhere
        ("+33199001234", "say"),  # a VIP elsewhere
        ("+442079460000", "VIP London"),
        ("+442012345678", "busy"),
        ("anonymous", "let in"),
    ],
)
def test_a_line_adds_numbers_of_its_own_and_says_itself_what_becomes_of_withheld_ones(
    tmp_path: Path, number: str, fate: str
) -> None:
    assert told(load(tmp_path).caller("+33199000100", number)) == fate


@pytest.mark.parametrize(
    ("country", "beginning", "number"),
    [
        ("FR", "0899*", "+33899123456"),
        ("IT", "06*", "+390612345678"),  # in Italy the 0 is part of the number
        ("ES", "91*", "+34911234567"),
        ("US", "1 212*", "+12125550100"),
        ("GB", "020*", "+442079460000"),
    ],
)
def test_a_beginning_in_a_countrys_own_way_is_that_of_its_numbers(
    tmp_path: Path, country: str, beginning: str, number: str
) -> None:
    book = load(tmp_path, f"country: {country}\nblocked: {{numbers: ['{beginning}']}}\n")
    assert told(book.caller("default", number)) == "busy"


def test_without_a_country_numbers_without_a_plus_are_international(tmp_path: Path) -> None:
    book = load(tmp_path, "blocked: {numbers: ['+33199006666']}\n")
    assert told(book.caller("default", "33199006666")) == "busy"
    assert told(book.caller("default", "0199006666")) == "let in"


def test_every_number_of_a_list_of_a_hundred_thousand_is_found(tmp_path: Path) -> None:
    (tmp_path / "callers.yaml").write_text("country: FR\nblocked: {lists: big.txt}\n")
    (tmp_path / "big.txt").write_text("".join(f"06{number:08}\n" for number in range(0, 10**8, 1000)))
    book, findings = load_callers(tmp_path, LINES)
    assert book is not None
    assert findings == []
    fates = [told(book.caller("default", f"+336{number:08}")) for number in range(0, 10**8, 9999 * 500)]
    assert fates == ["busy" if number % 1000 == 0 else "let in" for number in range(0, 10**8, 9999 * 500)]
