"""Every way to write a flow wrong has its own message, at its place, with its remedy."""
# ruff: noqa: E501 - the table reads one mistake a line (and is not formatted, for the same reason)

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ari_app.core.findings import Finding
from ari_app.flow.book import load_flows
from ari_app.flow.schema import FlowFile, Node
from ari_app.flow.words import OF_NODES, Word

GOOD = """\
flow: jour
languages: [fr, en]
start: langue
fallback_reason: panne
reasons:
  panne: {fr: panne technique, en: technical failure}
  vol: {fr: carte volée, en: stolen card}
nodes:
  langue:
    menu:
      prompt: [bonjour, choix]
      languages: [fr, en]
      keys:
        "1": {language: fr, goto: motif}
        "2": {language: en, goto: motif}
      otherwise: motif
  motif:
    menu:
      prompt: motif
      keys:
        "1": {reason: panne, goto: relier}
        "2": {reason: vol, goto: relier}
        "*": {goto: avant}
      invalid: faux
      timeout: 6s
      retries: 1
      otherwise: relier
  avant:
    say: {prompt: bonjour, goto: langue}
  relier:
    route: {nobody: fin}
  fin:
    goodbye: {prompt: fin}
prompts:
  bonjour: {fr: Bonjour., en: Hello.}
  choix: {fr: "Pour le français, tapez 1.", en: "For English, press 2."}
  motif: {fr: "Pour une panne, tapez 1.", en: "For a failure, press 1."}
  faux: {fr: Cette touche est sans effet., en: That key has no effect.}
  fin: {fr: Au revoir., en: Goodbye.}
"""


MORE = (
    GOOD.replace(
        "    goodbye: {prompt: fin}",
        """\
    goodbye: {prompt: fin}
  contrat:
    collect: {prompt: motif, store: contrat, length: 8, goto: client, otherwise: relier}
  client:
    webhook:
      url: https://crm.example.com/calls
      send: [contrat]
      take: {niveau: client.niveau}
      branch_on: niveau
      branches: {or: relier}
      goto: relier
      failed: heures
  heures:
    hours:
      timezone: Europe/Paris
      window: {days: [mon], from: "09:00", to: "18:00"}
      holidays: fr-public-holidays
      open: relier
      closed: qui
  qui:
    caller: {vip: relier, anonymous: standard, otherwise: standard}
  standard:
    transfer: {number: "+33199000300", nobody: note}
  note:
    set: {priority: 5, goto: encore}
  encore:
    goto: fin
  message:
    voicemail: {prompt: choix, longest: 1m, goto: fin, otherwise: rappel}
  rappel:
    callback: {attempts: 3, delays: [1m, 10m], then: avis, otherwise: fin}
  avis:
    survey: {prompt: motif}""",
    )
    .replace("route: {nobody: fin}", "route: {nobody: fin, voicemail: message}")
    .replace('"*": {goto: avant}', '"*": {goto: contrat}')
    .replace("goto: langue}\n  relier", "goto: langue}\n  relier")
    .replace("flow: jour", 'flow: jour\nhuman: {goto: relier}\nlanguage_of: {caller: {"+44": en}}')
    .replace("  avant:\n    say: {prompt: bonjour, goto: langue}\n", "")
)
"""Every kind of node."""


def findings_of(folder: Path, text: str, name: str = "jour.yaml") -> list[Finding]:
    (folder / name).write_text(text)
    book, findings = load_flows(folder)
    assert (book is None) == any(finding.severity == "error" for finding in findings)
    return findings


def place(text: str, words: str) -> tuple[int, int]:
    """Return the line and column, from 1, where `words` first stand."""
    before = text[: text.index(words)]
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


def test_the_good_flow_has_no_findings(tmp_path: Path) -> None:
    assert findings_of(tmp_path, GOOD) == []


# fmt: off
ERRORS: dict[str, tuple[str, str, str, str, str, str]] = {
    # what is wrong: (good text, bad text, where the finding points, words of its message, expected, remedy)
    "key twice": ('"2": {reason: vol', '"1": {reason: vol', '"1": {reason: vol', "the key `1` is there twice", "each key once", "remove one"),
    "key twice, once a number": ('"2": {reason: vol', '1: {reason: vol', '1: {reason: vol', "the key `1` is there twice", "the first is at line 21", "remove one"),
    "no key of a telephone": ('"2": {reason', '"A": {reason', '"A": {', "not a key of a telephone", "0 to 9, `*` or `#`", "one key"),
    "two digits": ('"2": {reason', '"22": {reason', '"22": {', "not a key of a telephone", "one of 0 to 9", "one key"),
    "goto to nowhere": ("goto: relier}\n        \"2\"", "goto: reiler}\n        \"2\"", "reiler", "there is no node `reiler`", "`relier`", "did you mean `relier`?"),
    "otherwise to nowhere": ("otherwise: relier", "otherwise: collegue", "collegue", "there is no node `collegue`", "`motif`", "add `collegue`"),
    "nobody to nowhere": ("nobody: fin", "nobody: fni", "fni", "there is no node `fni`", "`fin`", "did you mean `fin`?"),
    "off duty to nowhere": ("nobody: fin", "nobody: fin, off_duty: ferme", "ferme", "there is no node `ferme`", "`fin`", "add `ferme`"),
    "start nowhere": ("start: langue", "start: lange", "lange\n", "there is no node `lange`", "`langue`", "did you mean `langue`?"),
    "unknown prompt": ("prompt: motif", "prompt: motfi", "motfi", "there is no prompt `motfi`", "`motif`", "did you mean `motif`?"),
    "unknown prompt in a list": ("[bonjour, choix]", "[bonjour, choir]", "choir", "there is no prompt `choir`", "`choix`", "`choix`?"),
    "unknown prompt for a wrong key": ("invalid: faux", "invalid: erreur", "erreur", "there is no prompt `erreur`", "`faux`", "add `erreur`"),
    "prompt missing in a language": (", en: Goodbye.", "", "fin: {fr: Au", "the prompt `fin` is missing in `en`", "fr, en", "add its words under `en`"),
    "prompt in a language too many": (", en: Goodbye.", ", en: Goodbye., de: Tschüs.", "Tschüs", "there is no language `de`", "`fr` or `en`", "add `de`"),
    "reason without a spoken name": ("  vol: {fr: carte volée, en: stolen card}\n", "", "vol, goto", "there is no reason `vol`", "`panne`", "add `vol`"),
    "reason missing in a language": (", en: stolen card", "", "vol: {fr", "the reason `vol` is missing in `en`", "fr, en", "under `en`"),
    "unknown fallback reason": ("fallback_reason: panne", "fallback_reason: pane", "pane\n", "there is no reason `pane`", "`panne`", "did you mean `panne`?"),
    "unknown language of a key": ("{language: en", "{language: es", "es, goto", "there is no language `es`", "`fr` or `en`", ""),
    "unknown language of a node": ("languages: [fr, en]\n      keys", "languages: [fr, de]\n      keys", "de]", "there is no language `de`", "`fr` or `en`", "add `de`"),
    "language twice": ("languages: [fr, en]\nstart", "languages: [fr, fr]\nstart", "fr]\nstart", "the language `fr` is there twice", "each language once", "remove"),
    "language that is none": ("languages: [fr, en]\nstart", "languages: [français, en]\nstart", "français", "not a language", "ISO 639", "code"),
    "nothing but silence in a circle": ("otherwise: relier", "otherwise: langue", "langue\n  avant", "presses nothing goes round in a circle", "without any key", "lead `otherwise`"),
    "menu that is its own otherwise": ("otherwise: relier", "otherwise: motif", "motif\n  avant", "presses nothing goes round in a circle", "a way to a `route`", "lead `otherwise`"),
    "no exit": ("route: {nobody: fin}", "say: {prompt: fin, goto: relier}", "relier:\n", "who gets to the node `relier` never gets out", "a `goodbye`", "lead"),
    "unknown field": ("timeout: 6s", "timout: 6s", "timout", "unknown field `timout`", "`timeout`", "`timeout`?"),
    "unknown kind of node": ("route: {nobody", "rout: {nobody", "rout: {", "unknown field `rout`", "`route`", "`route`?"),
    "node of two kinds": ("route: {nobody: fin}", "route: {nobody: fin}\n    goodbye: {prompt: fin}", "route: {nobody", "this node is of two kinds", "one of `say`", "make two nodes"),
    "node of no kind": ("route: {nobody: fin}", "route:", "route:", "this node has no kind", "one of `say`", "give it one"),
    "menu without keys": ('"1": {reason: panne, goto: relier}\n        "2": {reason: vol, goto: relier}\n        "*": {goto: avant}\n', "{}\n", "{}\n", "`keys` is empty", "", ""),
    "missing field": ("      otherwise: relier\n", "", "prompt: motif", "`otherwise` is missing", "`otherwise`", "add `otherwise:`"),
    "timeout without unit": ("timeout: 6s", "timeout: 6", "6\n      retries", "not a duration", "`25s`", "`6s`"),
    "timeout too long": ("timeout: 6s", "timeout: 10m", "10m", "too long", "1s and 1m", "`1m` or less"),
    "too many retries": ("retries: 1", "retries: 100", "100", "", "", ""),
    "name with an accent": ("flow: jour", "flow: journée", "journée", "not a name", "small letters", "accents"),
    "name that is a path": ("bonjour: {fr", "../bonjour: {fr", "../bonjour", "not a name", "small letters", "other signs"),
    "nothing to say": ("fr: Au revoir.", 'fr: "…"', '"…"', "nothing to say", "words", "write"),
    "number for a text": ("fr: Au revoir.", "fr: 12", "12, en", "not text", "words", "quotes"),
    "text too long": ("fr: Au revoir.", f"fr: {'bla ' * 300}", "bla bla", "too long to listen to", "1000 characters", "split"),
    "text with braces": ("fr: Au revoir.", 'fr: "Au revoir {name}."', '"Au revoir', "braces", "plain words", "{reason}"),
    "name of the line's own words": ("  fin: {fr", "  caller-busy: {fr: oui, en: yes}\n  fin: {fr", "caller-busy", "one of the line's own words", "another name", "line.yaml"),
    "not a mapping": (GOOD, "- a\n- b\n", "- a", "", "", ""),
    "empty": (GOOD, "", "", "the file is empty", "", "docs/"),
}
ERRORS_OF_MORE: dict[str, tuple[str, str, str, str, str, str]] = {
    "human nowhere": ("human: {goto: relier", "human: {goto: relié", "relié", "not a name", "small letters", "accents"),
    "human unknown": ("human: {goto: relier", "human: {goto: reiler", "reiler", "there is no node `reiler`", "`relier`", "`relier`?"),
    "human that leads on to nowhere": ("otherwise: relier}", "otherwise: reiler}", "reiler", "there is no node `reiler`", "`relier`", "`relier`?"),
    "human that reaches nobody": ("human: {goto: relier", "human: {goto: encore", "encore}\nlang", "`human` leads to nobody", "a `route`", "name a `route`"),
    "beginning that is none": ('"+44": en', '"44 20": en', '"44 20"', "no beginning of a telephone number", "`+33`", "without blanks"),
    "language of a country": ('"+44": en', '"+44": es', "es}}", "there is no language `es`", "`fr` or `en`", ""),
    "no length": ("length: 8, ", "", "{prompt: motif, store", "nothing says how long", "`length: 8`", "add one"),
    "length of nothing": ("length: 8", "length: 0", "0, goto", "not how many digits", "`6-10`", "the least first"),
    "length the wrong way round": ("length: 8", "length: 10-6", "10-6", "not how many digits", "`6-10`", "the least first"),
    "pattern of letters": ("length: 8", "pattern: A123", "A123", "not a pattern of digits", "`X` (0 to 9)", "one sign"),
    "pattern the wrong way round": ("length: 8", 'pattern: "[5-1]X"', '"[5-1]X"', "a range that holds nothing", "`[1-5]`", "turn"),
    "pattern of another length": ("length: 8", "length: 8, pattern: XXX", "XXX", "no number has this length and this form", "as many digits", "mend"),
    "checksum that is none": ("length: 8", "length: 8, checksum: crc", "crc", "knows no such word", "`luhn`", ""),
    "variable that nothing stores": ("send: [contrat]", "send: [contra]", "contra]", "there is no variable `contra`", "`contrat`", "`contrat`?"),
    "branch on what is not taken": ("branch_on: niveau", "branch_on: nivo", "nivo", "not taken from the answer", "`take`", "add `nivo`"),
    "branches on nothing": ("      branch_on: niveau\n", "", "url: https", "go together", "the variable", "add the other"),
    "address of no service": ("https://crm", "ftp://crm", "ftp://", "no address of an HTTP service", "`https://`", "secrets go in `headers`"),
    "address with a password": ("https://crm", "https://me:hush@crm", "https://me", "no address of an HTTP service", "without a user's name", "secrets"),
    "branch nowhere": ("{or: relier}", "{or: reiler}", "reiler", "there is no node `reiler`", "`relier`", "`relier`?"),
    "no time zone": ("Europe/Paris", "Europe/Pari", "Europe/Pari", "time zone is unknown", "IANA", "`Europe/Paris`?"),
    "no time of day": ('"09:00"', '"9:00"', '"9:00"', "not a time of day", "`HH:MM`", "`09:00`"),
    "holidays of nowhere": ("fr-public-holidays", "fr-public-holiday", "fr-public-holiday", "no known holidays", "`fr-public-holidays`", "`fr-public-holidays`?"),
    "holiday that is no date": ("fr-public-holidays", "2026-02-30", "2026-02-30", "not a date", "calendar", "mend"),
    "closed nowhere": ("closed: qui", "closed: qiu", "qiu\n", "there is no node `qiu`", "`qui`", "`qui`?"),
    "VIPs nowhere": ("vip: relier", "vip: reiler", "reiler,", "there is no node `reiler`", "`relier`", "`relier`?"),
    "transfer to no number": ('"+33199000300"', '"0199000300"', '"0199', "not a telephone number", "international", "+33199001234"),
    "transfer to what a caller says": ('"+33199000300"', '"${CALLER}"', '"${', "not a telephone number", "international", ""),
    "transfer to two": ("nobody: note", "team: retours, nobody: note", '{number: "', "rings a number or a team", "`team: support-technique`", "remove one"),
    "transfer to none": ('number: "+33199000300", ', "", "{nobody: note", "rings a number or a team", "`number:", "add one"),
    "number off duty": ("nobody: note", "nobody: note, off_duty: fin", "off_duty", "never off duty", "`nobody` alone", "remove"),
    "message for a number": ("nobody: note", "nobody: note, voicemail: fin", "voicemail: fin", "a number has no team", "`nobody` alone", "remove"),
    "message of an hour": ("longest: 1m", "longest: 1h", "1h", "too long", "5m", "5m"),
    "message to nowhere": ("voicemail: message", "voicemail: mesage", "mesage", "there is no node `mesage`", "`message`", "`message`?"),
    "message that is its own otherwise": ("otherwise: rappel}", "otherwise: message}", "message}\n  rappel", "presses nothing goes round in a circle", "a way to a `route`", "lead `otherwise`"),
    "message asked for again in a circle": ("otherwise: rappel}", "otherwise: tour}\n  tour:\n    goto: message", "tour}", "presses nothing goes round in a circle", "a way to a `route`", "lead `otherwise`"),
    "nothing to set": ("priority: 5, ", "", "{goto: encore", "sets nothing", "`priority`", "add"),
    "goto nowhere": ("goto: fin", "goto: fni", "fni", "there is no node `fni`", "`fin`", "`fin`?"),
    "circle of goto": ("goto: fin", "goto: note", "note:\n", "who gets to the node `note` never gets out", "a `goodbye`", "lead"),
}
WARNINGS: dict[str, tuple[str, str, str, str, str, str]] = {
    "unreachable node": ("  fin:\n    goodbye", "  seul:\n    goodbye: {prompt: fin}\n  fin:\n    goodbye", "seul", "no way leads to the node `seul`", "a way from `start`", "remove"),
    "prompt never said": ("  fin: {fr", "  vieux: {fr: oui, en: yes}\n  fin: {fr", "vieux", "the prompt `vieux` is never said", "a node that says it", "remove it"),
    "silence that reaches nobody": ("otherwise: relier", "otherwise: fin", "fin:\n", "presses nothing reaches nobody", "a way to a `route`", "lead `otherwise`"),
}
WARNINGS_OF_MORE: dict[str, tuple[str, str, str, str, str, str]] = {
    "key that leads back": ('"2": {reason: vol, goto: relier}', '"2": {reason: vol, goto: relier}\n        "3": {goto: motif}', "motif}\n        \"*\"", "`3` leads back to where it is pressed", "another node", "remove the key"),
    "environment that is not set": ("send: [contrat]", "send: [contrat]\n      headers: {X-Key: \"${NOT_SET_HERE}\"}", '"${NOT', "`NOT_SET_HERE` is not set here", "environment of the line", "set it where the line runs"),
}
# fmt: on


@pytest.mark.parametrize("name", [*ERRORS, *WARNINGS])
def test_a_mistake_is_one_finding_at_its_place_with_its_remedy(name: str, tmp_path: Path) -> None:
    good, bad, where, message, expected, remedy = (ERRORS | WARNINGS)[name]
    assert good in GOOD
    text = GOOD.replace(good, bad, 1)
    findings = findings_of(tmp_path, text)
    assert len(findings) == 1, "\n".join(map(str, findings))
    (finding,) = findings
    assert finding.severity == ("error" if name in ERRORS else "warning")
    assert (finding.line, finding.column) == place(text, where), str(finding)
    assert message in finding.message
    assert expected in finding.expected
    assert remedy in finding.remedy
    assert finding.found
    assert finding.remedy


def test_the_flow_of_every_kind_of_node_has_no_findings(tmp_path: Path) -> None:
    kinds = {node.kind for node in FlowFile.model_validate(yaml.safe_load(MORE)).nodes.values()}
    assert kinds == set(Node.model_fields) - {"say"}
    assert findings_of(tmp_path, MORE) == []


@pytest.mark.parametrize("name", [*ERRORS_OF_MORE, *WARNINGS_OF_MORE])
def test_a_mistake_in_any_kind_of_node_is_one_finding_at_its_place(name: str, tmp_path: Path) -> None:
    good, bad, where, message, expected, remedy = (ERRORS_OF_MORE | WARNINGS_OF_MORE)[name]
    assert good in MORE
    text = MORE.replace(good, bad, 1)
    findings = findings_of(tmp_path, text)
    assert len(findings) == 1, "\n".join(map(str, findings))
    (finding,) = findings
    assert finding.severity == ("error" if name in ERRORS_OF_MORE else "warning")
    assert (finding.line, finding.column) == place(text, where), str(finding)
    assert message in finding.message
    assert expected in finding.expected
    assert remedy in finding.remedy


def test_words_that_only_some_nodes_say_are_needed_where_those_nodes_are(tmp_path: Path) -> None:
    said = [word for word in Word if word not in OF_NODES]
    (tmp_path / "line.yaml").write_text(
        "prompts:\n" + "".join(f"  {word}: {{de: Wort}}\n" for word in said), "utf-8"
    )
    german = GOOD.replace("languages: [fr, en]\nstart", "languages: [fr, en, de]\nstart")
    german = german.replace("en: ", "de: auf Deutsch, en: ")
    assert findings_of(tmp_path, german) == []
    (finding,) = findings_of(tmp_path, german.replace("say: {prompt: bonjour", COLLECT))
    assert finding.message == "the line's own words are missing in `de`"
    assert "`digits-heard`" in finding.found
    assert "`caller-wait`" not in finding.found


COLLECT = "collect: {store: carte, length: 16, otherwise: relier, prompt: bonjour"


def test_a_text_that_its_own_comma_ends_is_told_as_one(tmp_path: Path) -> None:
    findings = findings_of(tmp_path, GOOD.replace("fr: Au revoir.", "fr: Au revoir, et merci."))
    assert findings
    for finding in findings:
        assert "a comma between words that are not in quotes ends it" in finding.remedy


def test_every_mistake_of_a_file_is_told_in_one_run(tmp_path: Path) -> None:
    text = GOOD.replace("otherwise: relier", "otherwise: nulle-part").replace("invalid: faux", "invalid: fax")
    text = text.replace("fallback_reason: panne", "fallback_reason: rien").replace(", en: Goodbye.", "")
    messages = [finding.message for finding in findings_of(tmp_path, text)]
    assert messages == [
        "there is no reason `rien`",
        "there is no prompt `fax`",
        "there is no node `nulle-part`",
        "the prompt `fin` is missing in `en`",
    ]


def test_a_language_that_the_line_itself_does_not_speak_is_told(tmp_path: Path) -> None:
    text = GOOD.replace("languages: [fr, en]\nstart", "languages: [fr, en, de]\nstart")
    text = text.replace("en: ", "de: auf Deutsch, en: ")
    (finding,) = findings_of(tmp_path, text)
    assert (finding.line, finding.column) == place(text, "de]")
    assert finding.message == "the line's own words are missing in `de`"
    assert "`agent-accept`" in finding.found
    assert "line.yaml" in finding.remedy


def test_a_name_stands_for_one_flow(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(GOOD)
    (finding,) = findings_of(tmp_path, GOOD, "b.yaml")
    assert finding.file.name == "b.yaml"
    assert "two flows `jour`" in finding.message
    assert str(tmp_path / "a.yaml") in finding.expected


def test_a_reason_sounds_the_same_in_every_flow(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(GOOD)
    other = GOOD.replace("flow: jour", "flow: nuit").replace("fr: carte volée", "fr: vol de carte")
    (finding,) = findings_of(tmp_path, other, "b.yaml")
    assert (finding.line, finding.column) == place(other, "vol de carte")
    assert "`vol` in two ways" in finding.message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("prompts: {caller-bussy: {fr: non}}", "caller-bussy"),
        ("prompts: {caller-busy: {fr: 'Motif : {reason}.'}}", "knows no reason"),
        ("prompts: {agent-accept: {fr: 'Motif : {raison}.'}}", "braces that stand for nothing"),
        ("prompts: {caller-busy: {}}", "is empty"),
        ("prompt: {}", "unknown field `prompt`"),
    ],
)
def test_a_mistake_in_the_lines_own_words_is_told(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "line.yaml").write_text(text)
    (finding,) = findings_of(tmp_path, GOOD)
    assert finding.file == tmp_path / "line.yaml"
    assert message in f"{finding.message} {finding.found}"
    assert finding.remedy


def test_the_lines_own_words_are_overridden_one_by_one(tmp_path: Path) -> None:
    (tmp_path / "line.yaml").write_text("prompts: {caller-busy: {fr: Trop de monde.}}")
    (tmp_path / "jour.yaml").write_text(GOOD)
    book, findings = load_flows(tmp_path)
    assert findings == []
    assert book is not None
    assert book.line_prompt("caller-busy", "fr").text == "Trop de monde."
    assert book.line_prompt("caller-busy", "en").text.startswith("All our lines")
    assert book.line_prompt("caller-error").language == "fr"


def test_a_whisper_says_the_reason_in_the_agents_language(tmp_path: Path) -> None:
    (tmp_path / "jour.yaml").write_text(GOOD)
    book, _ = load_flows(tmp_path)
    assert book is not None
    assert "technical failure" in book.whisper("panne", "en").text
    assert "panne technique" in book.whisper("panne", "fr").text
    assert book.whisper("panne", "de").language == "fr"  # no German here: the first language instead
    with pytest.raises(KeyError):
        book.whisper("inconnu", "fr")


def test_everything_that_can_be_said_is_known_ahead(tmp_path: Path) -> None:
    (tmp_path / "jour.yaml").write_text(GOOD)
    book, _ = load_flows(tmp_path)
    assert book is not None
    prompts = book.prompts()
    assert len(prompts) == len(set(prompts))
    assert not any("{" in prompt.text for prompt in prompts)
    said = {(prompt.name, prompt.language) for prompt in prompts}
    assert {("bonjour", "fr"), ("fin", "en"), ("agent-accept-vol", "fr"), ("caller-busy", "en")} <= said
    assert book.whisper("vol", "en") in prompts
    assert book.line_prompt("agent-missed", "en") in prompts


def test_the_reasons_that_rosters_must_answer_for_are_known_with_their_places(tmp_path: Path) -> None:
    (tmp_path / "jour.yaml").write_text(GOOD)
    book, _ = load_flows(tmp_path)
    assert book is not None
    wanted = book.reasons_wanted()
    assert ("panne", tmp_path / "jour.yaml", *place(GOOD, "panne\nreasons")) in wanted
    assert ("vol", tmp_path / "jour.yaml", *place(GOOD, "vol, goto")) in wanted


def test_hidden_files_and_editors_leavings_are_no_flows(tmp_path: Path) -> None:
    (tmp_path / ".jour.yaml").write_text("{")
    (tmp_path / "jour.yaml~").write_text("{")
    assert findings_of(tmp_path, GOOD) == []


@pytest.mark.parametrize(
    ("folder", "message"), [("", "there is no flow"), ("nowhere", "folder of the flows is missing")]
)
def test_a_folder_without_a_flow_is_told(folder: str, message: str, tmp_path: Path) -> None:
    book, (finding,) = load_flows(tmp_path / folder)
    assert book is None
    assert message in finding.message


@given(text=st.sampled_from([GOOD, MORE]), cut=st.floats(0, 1), junk=st.text(max_size=5))
def test_no_file_however_broken_raises(
    tmp_path_factory: pytest.TempPathFactory, text: str, cut: float, junk: str
) -> None:
    folder = tmp_path_factory.mktemp("flows")
    (folder / "jour.yaml").write_text(text[: int(cut * len(text))] + junk, errors="surrogatepass")
    book, findings = load_flows(folder)
    assert book is not None or findings


@settings(max_examples=200, deadline=None)
@given(swap=st.tuples(st.integers(0, 999), st.integers(0, 999)))
def test_no_word_in_the_place_of_another_raises(
    tmp_path_factory: pytest.TempPathFactory, swap: tuple[int, int]
) -> None:
    words = re.split(r"(\w+)", MORE)
    here, there = (1 + 2 * (each % (len(words) // 2)) for each in swap)
    words[here] = words[there]
    folder = tmp_path_factory.mktemp("flows")
    (folder / "jour.yaml").write_text("".join(words))
    book, findings = load_flows(folder)
    assert book is not None or findings
