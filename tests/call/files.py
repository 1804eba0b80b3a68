"""The rosters and flows of these tests, as an admin would write them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

MENU_NUMBER = "+33199000100"
"""Called, it asks for a language and a reason."""
REASONS = ("panne", "carte-volee", "retour", "commande")
LANGUAGES = ("fr", "en")
LONG_PROMPTS = ("bienvenue",)
SHORT_PROMPTS = (
    "choix-langue",
    "choix-motif",
    "touche-inconnue",
    "rien-entendu",
    "personne-disponible",
    "hors-astreinte",
    "caller-busy",
    "caller-error",
    "caller-blocked",
    "caller-anonymous",
    "caller-too-often",
    "agent-vip",
    "agent-taken",
    "agent-missed",
    "agent-unneeded",
    "agent-callback",
    "agent-unreached",
    "callback-number",
    "callback-confirm",
    "callback-other",
    "callback-type",
    "callback-impossible",
    "callback-noted",
    "callback-keys",
    "avis",
    "merci",
    "caller-waited",
    "waited-10s",
    "saisir-contrat",
    "ferie",
    "caller-wait",
    "laissez-message",
    "message-recu",
    "voicemail-keys",
    "voicemail-nothing",
    "voicemail-failed",
    "digits-heard",
    "digits-confirm",
    "digits-wrong",
    "agent-number",
    "agent-no-number",
    "agent-waited",
    "agent-keys",
    "agent-recorded",
    "recording-paused",
    "recording-resumed",
    "recording-refused",
    "enregistrement",
    "agent-handed",
    "agent-consulted",
    "agent-whom",
    "agent-back",
    "agent-impossible",
    "agent-wrap-up",
    "duty-call",
    "duty-drill",
    "duty-keys",
    "duty-confirmed",
)
DIGITS = tuple(f"digit-{digit}" for digit in (*range(10), "plus"))

AGENTS = {
    "alice": "[sip:alice]",
    "bruno": "[sip:bruno]",
    "chloe": "[sip:chloe]",
    "emma": '["tel:+33199001201"]',
}
"""Who works here, and their phones. Dora's telephone exists too, but was never plugged in."""
TEAMS = {
    "panne": ["{ring: [alice], for: 5s}"],
    "carte-volee": ["{ring: [bruno], for: 5s}"],
    "retour": ["{ring: [chloe], for: 5s}"],
    "commande": ["{ring: [emma], for: 5s}"],
}
"""Reason → escalation."""

MENU = """
flow: menu
languages: [fr, en]
start: langue
fallback_reason: panne
reasons:
  panne: {fr: motif, en: reason}
  carte-volee: {fr: motif, en: reason}
  retour: {fr: motif, en: reason}
  commande: {fr: motif, en: reason}
nodes:
  langue:
    menu:
      prompt: [bienvenue, choix-langue]
      keys:
        "1": {language: fr, goto: motif}
        "2": {language: en, goto: motif}
      timeout: 1s
      retries: 0
      otherwise: motif
  motif:
    menu:
      prompt: choix-motif
      keys:
        "1": {reason: panne, goto: appel}
        "2": {reason: carte-volee, goto: appel}
        "3": {reason: retour, goto: appel}
        "4": {reason: commande, goto: appel}
      invalid: touche-inconnue
      silence: rien-entendu
      timeout: 1s
      retries: 1
      otherwise: appel
  appel:
    route: {nobody: personne, off_duty: ferme}
  personne:
    goodbye: {prompt: personne-disponible}
  ferme:
    goodbye: {prompt: hors-astreinte}
prompts:
  bienvenue: {fr: Bienvenue., en: Welcome.}
  choix-langue: {fr: Tapez 1., en: Press 2.}
  choix-motif: {fr: Tapez de 1 à 4., en: Press 1 to 4.}
  touche-inconnue: {fr: Touche inconnue., en: Unknown key.}
  rien-entendu: {fr: Rien entendu., en: Nothing heard.}
  personne-disponible: {fr: Personne., en: Nobody.}
  hors-astreinte: {fr: Fermé., en: Closed.}
"""

DIRECT = """
flow: direct-@reason@
languages: [fr, en]
start: appel
fallback_reason: @reason@
reasons:
  @reason@: {fr: motif, en: reason}
nodes:
  appel:
    route: {nobody: personne, off_duty: ferme}
  personne:
    goodbye: {prompt: personne-disponible}
  ferme:
    goodbye: {prompt: hors-astreinte}
prompts:
  personne-disponible: {fr: Personne., en: Nobody.}
  hors-astreinte: {fr: Fermé., en: Closed.}
"""
"""A flow without a menu: who calls is put through for one reason."""


def mobile(number: int) -> str:
    """Return the number of a mobile telephone that an agent of a test may have."""
    return f"+331990013{number:02}"


def write_flows(folder: Path, reasons: Sequence[str], menu: str) -> dict[str, str]:
    """Write a flow with a menu, and one for each reason that asks nothing; return called number → flow."""
    folder.mkdir()
    (folder / "menu.yaml").write_text(menu, "utf-8")
    lines = {"default": "menu"}
    for reason in reasons:
        (folder / f"direct-{reason}.yaml").write_text(DIRECT.replace("@reason@", reason), "utf-8")
        lines[direct_number(reasons, reason)] = f"direct-{reason}"
    return lines


def direct_number(reasons: Sequence[str], reason: str) -> str:
    """Return the number to call for one reason, without a menu."""
    return f"+331990002{reasons.index(reason):02}"


def write_rosters(
    folder: Path, teams: Mapping[str, Sequence[str]], agents: Mapping[str, str], more: Mapping[str, str]
) -> None:
    """Write a team for each reason, with the steps of its escalation and `more` of its file."""
    folder.mkdir()
    entries = "".join(f"  {name}: {{phones: {phones}}}\n" for name, phones in agents.items())
    (folder / "agents.yaml").write_text(f"agents:\n{entries}", "utf-8")
    for reason, steps in teams.items():
        escalation = "".join(f"  - {step}\n" for step in steps)
        (folder / f"{reason}.yaml").write_text(
            f"team: {reason}\ntimezone: Europe/Paris\nreasons: [{reason}]\n"
            f"escalation:\n{escalation}{more.get(reason, '')}",
            "utf-8",
        )
