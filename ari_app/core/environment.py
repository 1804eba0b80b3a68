"""The environment's part in the settings: which variables count, and what is wrong with them."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable

from pydantic import ValidationError

from .errors import AstreinteError
from .suggest import nearest

PREFIX = "ASTREINTE_"
NOT_SETTINGS = frozenset({"ASTREINTE_CACHE", "ASTREINTE_SECRETS", "ASTREINTE_APT_SOURCE"})
"""Variables of ours that no field stands for: the cache, the secrets, the source of an Asterisk."""


class InvalidEnvironment(AstreinteError):
    """Environment variables, or secrets' files named like them, do not fit; `variables` names them."""

    def __init__(self, problems: list[str], variables: tuple[str, ...] = ()) -> None:
        self.variables = variables
        super().__init__(
            "\n  ".join(["the environment (or a secret's file) does not fit:", *problems]),
            remedy="correct or remove it; `__` stands before a field of a section: ASTREINTE_ARI__PASSWORD",
        )


def secrets_folder() -> str | None:
    """Return the folder of secrets, each a file named like its variable; None if there is none.

    `$ASTREINTE_SECRETS`, or else `$CREDENTIALS_DIRECTORY`, which systemd sets (`LoadCredential=` in
    systemd.exec(5)).
    """
    return os.environ.get("ASTREINTE_SECRETS") or os.environ.get("CREDENTIALS_DIRECTORY")


def variable_of(loc: Iterable[str | int]) -> str:
    """Return the variable that sets the field at `loc`: `ASTREINTE_ARI__PASSWORD`."""
    return PREFIX + "__".join(map(str, loc)).upper()


def unknown_variables(names: Collection[str], sections: Collection[str]) -> dict[str, str]:
    """Return what is wrong with those of `names` that look like settings and are none, by variable.

    `sections` are the first words that settings have; what comes after `__` is for the schema to judge.
    """
    wrong = {}
    for name in sorted(names):
        upper = name.upper()
        first = upper.removeprefix(PREFIX).partition("__")[0].lower()
        if upper.startswith(PREFIX) and upper not in NOT_SETTINGS and first not in sections:
            near = _meant(first, sections)
            wrong[upper] = f"no such setting{f', did you mean {near}?' if near else ''}"
    return wrong


def _meant(word: str, sections: Collection[str]) -> str | None:
    """Return the variable that was meant; one `_` where two belong (`ARI_PASSWORD`) is the usual slip."""
    section, _, field = word.partition("_")
    if field and section in sections:
        return variable_of((section, field))
    near = nearest(word, sections)
    return variable_of((near,)) if near else None


def problems_of(error: ValidationError, *, whole: bool) -> dict[str, str]:
    """Return what a schema says of the environment's values, by variable.

    What it says of several fields together counts only if the environment is the `whole` of the settings.
    """
    problems = {}
    for each in error.errors(include_url=False, include_input=False):
        loc = each["loc"] or (each.get("ctx", {}).get("at", ()) if whole else ())
        if loc:
            unknown = each["type"] == "extra_forbidden"
            problems[variable_of(loc)] = "no such setting" if unknown else each["msg"]
    return problems
