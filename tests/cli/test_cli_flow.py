"""`astreinte flow`: a flow walked in the terminal, and drawn."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest

from .conftest import COMMAND, Desk, Said

Astreinte = Callable[..., Said]


def test_a_scripted_caller_is_led_through_the_shipped_flow(astreinte: Astreinte) -> None:
    said = astreinte("flow", "try", "accueil", "--keys", "2,9,4")
    assert (said.code, said.err) == (0, "")
    assert "  en  Welcome to our on-call service. For English, press 2.\n" in said.out
    assert "  · a wrong key\n  en  That key is not one of the choices." in said.out
    assert "  · reason: commande" in said.out
    assert "\nappel (route)\n  rings commandes: " in said.out
    assert said.out.endswith("The call ends at appel: talked, in en, for commande.\n")


def test_a_caller_whom_nobody_takes_hears_so(astreinte: Astreinte) -> None:
    said = astreinte("flow", "try", "accueil", "--keys", "12", "--nobody")
    assert "Nous n'avons pu joindre aucune personne d'astreinte." in said.out
    assert "Pour une panne" not in said.out  # the second key was typed ahead
    assert said.out.endswith("The call ends at personne: nobody, in fr, for carte-volee.\n")


def test_a_caller_whom_nobody_takes_leaves_a_message_where_the_team_takes_them(astreinte: Astreinte) -> None:
    said = astreinte("flow", "try", "accueil", "--keys", "11,-,3,2,#,-,1", "--nobody")
    assert "  records a message for support-technique, 2m at most\n" in said.out
    assert "  plays the message\n" in said.out
    assert "  fr  Nous n'avons rien entendu.\n" in said.out
    assert said.out.count("records a message") == 3
    assert "  keeps the message\n" in said.out
    assert said.out.endswith("The call ends at merci: message, in fr, for panne.\n")


CALLED_BACK = """
flow: rappel
languages: [fr]
start: rappel
fallback_reason: panne
reasons: {panne: {fr: panne technique}}
nodes:
  rappel: {callback: {attempts: 2, delays: [5m], within: 6h, then: avis, otherwise: non}}
  avis: {survey: {prompt: avis, thanks: merci}}
  non: {goodbye: {prompt: non}}
prompts:
  avis: {fr: "De 1 à 5 ?"}
  merci: {fr: Merci.}
  non: {fr: Au revoir.}
"""


@pytest.mark.parametrize(
    ("number", "options", "told"),
    [
        (
            "+33612345678",
            ["--keys", "1,4"],
            [
                "Nous vous rappellerons au : zéro six un deux trois quatre cinq six sept huit Pour confirmer",
                "  will be called back at +33612345678, for panne\n  2 attempts at most, 5m apart, for 6h",
                "Do the two talk when the caller is called back? yes",
                "\navis (survey)\n  fr  De 1 à 5 ?",
                "score: 4",
                "The call ends at avis: talked, in fr, for panne.",
            ],
        ),
        (
            "+33612345678",
            ["--keys", "1", "--nobody"],
            ["called back? no", "The call ends at rappel: callback, in fr, for panne."],
        ),
        ("+33899701234", ["--keys", "-"], ["cannot be called back: number", "Au revoir.", "in fr."]),
    ],
)
def test_a_caller_asks_to_be_called_back_and_is_asked_how_it_was(
    desk: Desk, astreinte: Astreinte, number: str, options: list[str], told: list[str]
) -> None:
    desk.write("ivr_flows/rappel.yaml", CALLED_BACK)
    said = astreinte("flow", "try", "rappel", "--from", number, "--to", "+33199000100", *options)
    for each in told:
        assert each in said.out, said.out + said.err
    assert ("avis" in said.out) == ("avis" in "".join(told))


def test_after_the_last_key_there_is_silence(astreinte: Astreinte) -> None:
    said = astreinte("flow", "try", "accueil", "--keys", "-,-")
    assert said.out.count("key (6s): nothing") == 2
    assert "Nous n'avons pas reçu votre choix." in said.out
    assert "for panne" in said.out


@pytest.mark.parametrize(
    ("options", "language"),
    [
        ([], "fr"),
        (["--from", "+442079460000"], "en"),
        (["--from", "+33199001234"], "fr"),
        (["--from", "+33199001234", "--language", "en"], "en"),
    ],
)
def test_the_caller_and_the_language_can_be_chosen(
    astreinte: Astreinte, options: list[str], language: str
) -> None:
    said = astreinte("flow", "try", "accueil", *options, "--keys", "-,1")
    assert said.out.endswith(f"talked, in {language}, for panne.\n")


def test_a_person_types_keys_and_hangs_up(desk: Desk) -> None:
    walk = subprocess.run(
        [*COMMAND, "flow", "try", "accueil"],
        cwd=desk.folder,
        input="one\n1\n\n",
        capture_output=True,
        text=True,
        check=True,
    )
    assert "keys are 0 to 9, * and #" in walk.stdout
    assert "Pour une panne technique, tapez 1." in walk.stdout
    assert "Nous n'avons pas reçu votre choix." in walk.stdout
    assert walk.stdout.endswith("The call ends at motif: abandoned, in fr.\n")


def test_opening_hours_are_those_of_the_instant_that_is_asked_for(astreinte: Astreinte, desk: Desk) -> None:
    desk.write(
        "ivr_flows/heures.yaml",
        "flow: heures\nlanguages: [fr]\nstart: heures\nfallback_reason: panne\n"
        "reasons: {panne: {fr: panne technique}}\nprompts: {non: {fr: Fermé.}}\nnodes:\n"
        "  heures: {hours: {timezone: Europe/Paris, window: {from: '09:00', to: '18:00'}, "
        "holidays: fr-public-holidays, open: appel, closed: fin}}\n"
        "  appel: {route: {nobody: fin}}\n  fin: {goodbye: {prompt: non}}\n",
    )
    for at, ends in {
        "2026-11-23T12:00": "appel: talked",
        "2026-11-23T12:00Z": "appel: talked",
        "2026-11-23T08:30Z": "appel: talked",  # half past nine in Paris
        "2026-11-23T08:30": "fin: goodbye",
        "2026-12-25T12:00": "fin: goodbye",
    }.items():
        said = astreinte("flow", "try", "heures", "--keys", "", "--at", at)
        assert f"The call ends at {ends}" in said.out, at


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["try", "acueil"], "there is no flow `acueil`|did you mean `accueil`?"),
        (["graph", "acueil"], "there is no flow `acueil`|did you mean `accueil`?"),
        (["try", "accueil", "--keys", "1,x"], "`x` is no key of a telephone|--keys"),
        (["try", "accueil", "--keys", "1,,2"], "is no key of a telephone|- for silence"),
        (["try", "accueil", "--language", "de"], "does not speak `de`|it speaks `fr` or `en`"),
        (["try", "accueil", "--at", "noon"], "'noon' is not an instant|2026-12-25T03:00"),
    ],
)
def test_what_cannot_be_done_is_told_with_a_remedy(astreinte: Astreinte, words: list[str], told: str) -> None:
    said = astreinte("flow", *words)
    assert (said.code, said.out) == (1, "")
    for part in told.split("|"):
        assert part in said.err


def test_a_flow_with_mistakes_is_not_walked_but_its_mistakes_are_told(
    astreinte: Astreinte, desk: Desk
) -> None:
    desk.write("ivr_flows/accueil.yaml", "flow: accueil\n")
    said = astreinte("flow", "try", "accueil")
    assert (said.code, said.out) == (1, "")
    assert "ivr_flows/accueil.yaml:1:1: error: " in said.err


def test_a_flow_is_drawn_for_a_browser_and_for_a_wiki(astreinte: Astreinte) -> None:
    assert astreinte("flow", "graph", "accueil").out.startswith('<svg xmlns="http://www.w3.org/2000/svg"')
    assert astreinte("flow", "graph", "accueil", "--format", "mermaid").out.startswith("flowchart TD\n")
