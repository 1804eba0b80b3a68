"""Numbers that callers type: right ones, wrong ones, and those that are never written down."""

from __future__ import annotations

from pathlib import Path

import pytest

from ari_app.flow.digits import fits, masked, passes
from ari_app.flow.interpreter import FlowEnd, run

from .phones import SILENCE, ScriptedPhone, flow_of

ENDS = """\
  client: {goodbye: {prompt: client}}
  sans: {goodbye: {prompt: sans}}
  appel: {route: {nobody: sans}}"""
PROMPTS = ["un", "contrat", "client", "sans", "faux", "rien"]


async def typed(
    folder: Path, *keys: str | None, more: str = "length: 4, retries: 1", ahead: str = ""
) -> ScriptedPhone:
    """Let a caller type keys at a `collect`, and hang up."""
    nodes = (
        '  debut: {menu: {prompt: un, keys: {"1": {goto: contrat}}, otherwise: appel}}\n'
        "  contrat: {collect: {prompt: contrat, store: contrat, goto: client, otherwise: sans, "
        f"timeout: 3s, {more}}}}}\n{ENDS}"
    )
    flow = flow_of(folder, nodes, PROMPTS, more="human: {goto: appel, reason: vol}")
    phone = ScriptedPhone("1", *keys, ahead=ahead, hangs_up=True)
    phone.end = await run(flow, phone)
    phone.heard = [prompt.removesuffix("/fr") for prompt in phone.heard if prompt != "un/fr"]
    return phone


READ = ["digits-heard", *(f"digit-{digit}" for digit in "1234"), "digits-confirm"]


async def test_a_number_is_read_back_digit_by_digit_and_confirmed(tmp_path: Path) -> None:
    phone = await typed(tmp_path, *"1234", "1")
    assert phone.heard == ["contrat", *READ, "client"]
    assert phone.noted("call.number") == [{"node": "contrat", "variable": "contrat", "number": "•••••"}]


async def test_a_number_that_is_not_confirmed_is_not_kept(tmp_path: Path) -> None:
    phone = await typed(tmp_path, *"1234", "2", *"4321", "*")
    assert phone.heard.count("contrat") == 3
    assert phone.noted("call.number") == []


async def test_a_number_is_read_again_as_often_as_wanted(tmp_path: Path) -> None:
    phone = await typed(tmp_path, *"1234", *"#####", "1")
    assert phone.heard == ["contrat", *READ * 6, "client"]


async def test_who_does_not_confirm_is_asked_twice_then_again_then_led_on(tmp_path: Path) -> None:
    phone = await typed(tmp_path, *"1234", "7", SILENCE, *"1234", SILENCE, SILENCE)
    assert phone.heard.count("digits-heard") == 4
    assert phone.end.node == "sans"


async def test_zero_reaches_a_human_after_a_number_and_is_a_digit_in_it(tmp_path: Path) -> None:
    phone = await typed(tmp_path, *"0000", "0")
    assert phone.connected == [("vol", "fr")]
    assert phone.heard.count("digit-0") == 4


@pytest.mark.parametrize(
    ("keys", "node"),
    [
        ("12#", "client"),  # two digits are enough
        ("1#", "sans"),  # one is not
        ("123456", "client"),  # six need no #
        ("9*12#", "client"),  # * begins anew
        ("99**", "debut"),  # and leaves what has not begun
        ("#12#", "client"),  # # alone asks again
    ],
)
async def test_a_number_ends_by_hash_or_by_its_length(keys: str, node: str, tmp_path: Path) -> None:
    phone = await typed(tmp_path, *keys, more="length: 2-6, retries: 0, confirm: false, record: full")
    assert phone.end.node == node
    if node == "client":
        kept = keys.rpartition("*")[2].strip("#")
        assert phone.noted("call.number")[0]["number"] == kept


async def test_a_number_that_stays_unfinished_is_ended_by_silence(tmp_path: Path) -> None:
    phone = await typed(tmp_path, "1", "2", SILENCE, more="length: 2-6, confirm: false")
    assert phone.end.node == "client"
    assert phone.waited[1:] == [3.0] * 3


async def test_silence_and_wrong_numbers_are_told_apart_and_lead_on(tmp_path: Path) -> None:
    more = "length: 4, silence: rien, invalid: faux"
    phone = await typed(tmp_path, SILENCE, "1", "#", more=more)
    assert phone.heard[:4] == ["contrat", "rien", "contrat", "faux"]
    phone = await typed(tmp_path, SILENCE, SILENCE)
    assert phone.heard == ["contrat", "contrat", "sans"]
    phone = await typed(tmp_path, "1", "#", "2", "#")
    assert phone.heard == ["contrat", "digits-wrong", "contrat", "sans"]


async def test_keys_typed_ahead_are_the_number(tmp_path: Path) -> None:
    phone = await typed(tmp_path, ahead="112341")
    assert phone.heard == ["client"]


async def test_no_number_is_written_down_in_full_unless_the_flow_says_so(tmp_path: Path) -> None:
    card = "4111111111111111"
    phone = await typed(tmp_path, *card, "1", more="length: 16, checksum: luhn")
    assert phone.end.node == "client"
    assert "41•••••11" in str(phone.notes)
    assert card not in str(phone.notes)


@pytest.mark.parametrize(
    ("number", "checksum", "right"),
    [
        ("4111111111111111", "luhn", True),
        ("4111111111111112", "luhn", False),
        ("79927398713", "luhn", True),  # the example of ISO/IEC 7812-1's readers
        ("79927398731", "luhn", False),  # two digits the wrong way round
        ("732829320", "luhn", True),  # a SIREN
        ("0", "luhn", True),
        ("3214282912345698765432161182", "mod97", True),  # an IBAN, letters made digits
        ("3214282912345698765432161128", "mod97", False),
        ("1", "mod97", True),
    ],
)
def test_check_digits(number: str, checksum: str, right: bool) -> None:
    assert passes(number, checksum) is right  # type: ignore[arg-type] # as a table holds it


@pytest.mark.parametrize(
    ("number", "pattern", "right"),
    [
        ("33123456", "33XXXXXX", True),
        ("3312345", "33XXXXXX", False),
        ("34123456", "33XXXXXX", False),
        ("20", "NX", True),
        ("10", "NX", False),
        ("01", "ZX", False),
        ("5", "[13-5]", True),
        ("2", "[13-5]", False),
    ],
)
def test_patterns_are_those_of_a_dialplan(number: str, pattern: str, right: bool) -> None:
    assert fits(number, pattern) is right


@pytest.mark.parametrize(("number", "shown"), [("1234567", "12•••••67"), ("123456", "•••••"), ("1", "•••••")])
def test_masked_numbers_tell_nobody_the_number(number: str, shown: str) -> None:
    assert masked(number) == shown


async def test_patterns_and_lengths_hold_together(tmp_path: Path) -> None:
    end: FlowEnd = (await typed(tmp_path, *"2512", more="pattern: [NXXX, 1XX], confirm: false")).end
    assert end.node == "client"
    end = (await typed(tmp_path, *"152", "#", more="pattern: [NXXX, 1XX], confirm: false")).end
    assert end.node == "client"
    phone = await typed(tmp_path, *"1522", more="pattern: [NXXX, 1XX], confirm: false")
    assert phone.noted("collect.invalid")
