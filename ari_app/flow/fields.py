"""The kinds of value that flows are made of: names, languages, keys, texts.

Each validator raises a `mistake` that tells an admin what is wrong with that one value. What names something
else in the flow is a type of its own (`NodeName`, `PromptName`, …), so that `step.references` finds all of
them without being told where they stand.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator, Field, PlainValidator, WithJsonSchema

from ..core.documents import mistake

LONGEST_TEXT = 1000
"""Characters. At a telephone's pace that is more than a minute: nobody listens longer."""
KEYS = "0123456789*#"
"""The keys of a telephone, as RFC 4733 events 0 to 11."""

NAME_PATTERN = "^[a-z0-9]+(-[a-z0-9]+)*$"
_NAME = re.compile(NAME_PATTERN)
_LONGEST_NAME = 40
_LANGUAGE = re.compile("[a-z]{2,3}")
_PLACEHOLDER = re.compile(r"[{}]")
_TEAM = re.compile("[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
_QUOTES = "put quotes around the whole text: a comma between words that are not in quotes ends it"
_BEGINNING = re.compile(r"\+|\+?[0-9]{1,20}")


class NodeName(str):
    """Names a node that callers go to."""

    __slots__ = ()


class PromptName(str):
    """Names a prompt that is said."""

    __slots__ = ()


class ReasonName(str):
    """Names a reason that callers get."""

    __slots__ = ()


class LanguageName(str):
    """Names a language that is spoken from here on."""

    __slots__ = ()


class VariableName(str):
    """Names a variable that is read."""

    __slots__ = ()


class TeamName(str):
    """Names a team of the rosters."""

    __slots__ = ()


S = TypeVar("S", bound=str)


def _name(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or len(value) > _LONGEST_NAME or not _NAME.match(value):
        raise mistake(
            "this is not a name",
            expected=f"small letters and digits, with `-` between words ({_LONGEST_NAME} at most), "
            "such as `carte-volee`",
            remedy="write it without accents, blanks, capitals or other signs",
        )
    return value


def _language(value: Any) -> str:
    if not isinstance(value, str) or not _LANGUAGE.fullmatch(value):
        raise mistake(
            "this is not a language",
            expected="an ISO 639 code in small letters, such as `fr` or `en`",
            remedy=_QUOTES if isinstance(value, str) and " " in value else "write the language's code",
        )
    return value


def _key(value: Any) -> str:
    if not isinstance(value, str) or len(value) != 1 or value not in KEYS:
        raise mistake(
            "this is not a key of a telephone",
            expected="one of 0 to 9, `*` or `#`",
            remedy='write one key between quotes, such as "1" or "#"',
        )
    return value


def _text(value: Any) -> str:
    """Return the text on one line. Braces are for the line's own words, see `words.py`."""
    text = spoken_text(value)
    if _PLACEHOLDER.search(text):
        raise mistake(
            "braces cannot be spoken",
            expected="plain words",
            remedy="write the words out; only the line's own words may hold {reason}",
        )
    return text


def spoken_text(value: Any) -> str:
    """Return words to be spoken, blanks and line ends made single blanks."""
    if not isinstance(value, str):
        raise mistake(
            "this is not text",
            expected="words to be spoken",
            remedy=_QUOTES if value is None else "put quotes around it if it is a number",
        )
    text = " ".join(value.split())
    if not any(character.isalnum() for character in text):
        raise mistake(
            "there is nothing to say", expected="words to be spoken", remedy="write what callers shall hear"
        )
    if len(text) > LONGEST_TEXT:
        raise mistake(
            "this is too long to listen to",
            found=f"{len(text)} characters",
            expected=f"{LONGEST_TEXT} characters at most",
            remedy="shorten it, or split it over several prompts",
        )
    if not text.isprintable():
        raise mistake(
            "a character that cannot be spoken", expected="printable text", remedy="delete the character"
        )
    return text


def _one_or_more(value: Any) -> Any:
    return [value] if isinstance(value, str | int) else value


def _beginning(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not _BEGINNING.fullmatch(value):
        raise mistake(
            "this is no beginning of a telephone number",
            expected="digits as the carrier sends them, such as `+33`, or `+` alone for every other country",
            remedy="write it without blanks, between quotes",
        )
    return value


def _team(value: Any) -> str:
    if not isinstance(value, str) or not _TEAM.fullmatch(value):
        raise mistake(
            "this is not the name of a team",
            expected="a team of the rosters, such as `support-technique`",
            remedy="write what stands after `team:` in the roster",
        )
    return value


def _as(kind: Callable[[str], S], check: Callable[[Any], str]) -> PlainValidator:
    return PlainValidator(lambda value: kind(check(value)))


_NAME_SCHEMA = WithJsonSchema(
    {
        "type": ["string", "integer"],
        "pattern": f"^(?=.{{1,{_LONGEST_NAME}}}$){NAME_PATTERN[1:]}",
        "patternErrorMessage": f"Expected small letters, digits and -, {_LONGEST_NAME} at most.",
    }
)
_LANGUAGE_SCHEMA = WithJsonSchema({"type": "string", "pattern": "^[a-z]{2,3}$"})

Name = Annotated[str, PlainValidator(_name), _NAME_SCHEMA]
"""The name of a flow, node, prompt, reason or variable, where it is given. It may become part of a file's
name."""
Language = Annotated[str, PlainValidator(_language), _LANGUAGE_SCHEMA]
"""One of the languages that the flow has."""
Key = Annotated[str, PlainValidator(_key), WithJsonSchema({"type": "string", "pattern": "^[0-9*#]$"})]
Text = Annotated[
    str, PlainValidator(_text), WithJsonSchema({"type": "string", "minLength": 1, "maxLength": LONGEST_TEXT})
]
Beginning = Annotated[
    str, PlainValidator(_beginning), WithJsonSchema({"type": "string", "pattern": r"^(\+|\+?[0-9]{1,20})$"})
]
"""How a telephone number begins."""

ToNode = Annotated[NodeName, _as(NodeName, _name), _NAME_SCHEMA]
Reason = Annotated[ReasonName, _as(ReasonName, _name), _NAME_SCHEMA]
Variable = Annotated[VariableName, _as(VariableName, _name), _NAME_SCHEMA]
Spoken = Annotated[LanguageName, _as(LanguageName, _language), _LANGUAGE_SCHEMA]
Team = Annotated[TeamName, _as(TeamName, _team), WithJsonSchema({"type": "string"})]
_Prompt = Annotated[PromptName, _as(PromptName, _name), _NAME_SCHEMA]

Prompts = Annotated[
    tuple[_Prompt, ...],
    Field(min_length=1, max_length=20),
    BeforeValidator(_one_or_more, json_schema_input_type=Name | list[Name]),
]
"""One prompt or several: `bienvenue`, or `[bienvenue, choix-langue]`."""
Languages = Annotated[
    tuple[Language, ...],
    Field(min_length=1, max_length=20),
    BeforeValidator(_one_or_more, json_schema_input_type=Language | list[Language]),
]
SpokenLanguages = Annotated[
    tuple[Spoken, ...],
    Field(min_length=1, max_length=20),
    BeforeValidator(_one_or_more, json_schema_input_type=Language | list[Language]),
]
