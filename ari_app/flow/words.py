"""The words that the line itself says on any call, whatever its flow: to agents, and when something is wrong.

They come with the line (`line.yaml` beside this file) and are overridden, one by one, by the `line.yaml` in
the folder of the flows.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, PlainValidator, WithJsonSchema, model_validator

from ..core.documents import Schema, load_document, mistake, validate
from ..core.findings import Finding, InvalidConfiguration
from ..core.prompt import Prompt
from .fields import LONGEST_TEXT, Language, spoken_text

FILE = "line.yaml"
REASON, TEAM, TIME = "{reason}", "{team}", "{time}"


class Word(StrEnum):
    """Each thing that the line says by itself; the values are the prompts' names."""

    AGENT_ACCEPT = "agent-accept"
    """An agent picked up: why they are called."""
    AGENT_HANDED = "agent-handed"
    """Before it, where a colleague hands over a call that they had taken."""
    AGENT_CONSULTED = "agent-consulted"
    """Before it, where a colleague who is in a call wants to talk with them."""
    AGENT_VIP = "agent-vip"
    """After it, where a VIP calls: then their name, if they have one."""
    AGENT_NUMBER = "agent-number"
    """After it: before the caller's number is read out."""
    AGENT_NO_NUMBER = "agent-no-number"
    """Instead, where the caller withholds their number."""
    AGENT_WAITED = "agent-waited"
    """After it: before one of `WAITED`."""
    AGENT_RECORDED = "agent-recorded"
    """After it, where what the two say is recorded."""
    AGENT_KEYS = "agent-keys"
    """At the end: which keys take and pass the call."""
    AGENT_TAKEN = "agent-taken"
    """An agent picked up, but a colleague took the call first."""
    AGENT_MISSED = "agent-missed"
    """An agent picked up, but the caller has hung up since."""
    AGENT_UNNEEDED = "agent-unneeded"
    """An agent picked up, but the caller has chosen meanwhile not to wait."""
    AGENT_CALLBACK = "agent-callback"
    """An agent picked up, before all else: the caller asked to be called back, and is called now."""
    AGENT_UNREACHED = "agent-unreached"
    """They took it, but the caller does not pick up."""
    AGENT_WHOM = "agent-whom"
    """An agent in a call wants to hand it over, or to ask a colleague: whom?"""
    AGENT_BACK = "agent-back"
    """Nobody whom they asked for took the call: they are back with the caller."""
    AGENT_IMPOSSIBLE = "agent-impossible"
    """What they asked for cannot be done."""
    AGENT_WRAP_UP = "agent-wrap-up"
    """The caller has hung up: how did the call go?"""
    RECORDING_PAUSED = "recording-paused"
    """An agent pressed the key for it: both hear that nothing is recorded from here on."""
    RECORDING_RESUMED = "recording-resumed"
    """They pressed it again: both hear that what follows is recorded."""
    RECORDING_REFUSED = "recording-refused"
    """They asked for a recording, but the caller objects to it."""
    DUTY_CALL = "duty-call"
    """An agent picked up: for which team their duty begins, and when. No caller waits."""
    DUTY_DRILL = "duty-drill"
    """An agent picked up: this is a drill."""
    DUTY_KEYS = "duty-keys"
    """After either: which key says that they can be reached."""
    DUTY_CONFIRMED = "duty-confirmed"
    """They pressed it."""
    CALLER_BUSY = "caller-busy"
    """The line has as many calls as it may."""
    CALLER_BLOCKED = "caller-blocked"
    """Their number is not let in."""
    CALLER_ANONYMOUS = "caller-anonymous"
    """They withhold their number, and nobody is let in who does."""
    CALLER_TOO_OFTEN = "caller-too-often"
    """They have called more often than anybody may."""
    CALLER_ERROR = "caller-error"
    """The line cannot go on with this call."""
    CALLER_WAIT = "caller-wait"
    """Something takes longer than a moment."""
    CALLER_WAITED = "caller-waited"
    """Somebody is looked for: before one of `WAITED`."""
    VOICEMAIL_KEYS = "voicemail-keys"
    """A caller recorded a message: which keys keep it, record it again, play it."""
    VOICEMAIL_NOTHING = "voicemail-nothing"
    """They said nothing."""
    VOICEMAIL_FAILED = "voicemail-failed"
    """Their message cannot be stored."""
    CALLBACK_NUMBER = "callback-number"
    """A caller wishes to be called back: before the number is read out."""
    CALLBACK_CONFIRM = "callback-confirm"
    """After it: which key confirms it."""
    CALLBACK_OTHER = "callback-other"
    """After that: which key names another, where that may be done."""
    CALLBACK_TYPE = "callback-type"
    """They are to type it."""
    CALLBACK_IMPOSSIBLE = "callback-impossible"
    """They cannot be called back: at this number, or at all."""
    CALLBACK_NOTED = "callback-noted"
    """They will be called back; goodbye."""
    CALLBACK_KEYS = "callback-keys"
    """They are called back, and picked up: which keys say that they want to talk, and that they need not."""
    DIGITS_HEARD = "digits-heard"
    """Before a number that the caller typed is read back."""
    DIGITS_CONFIRM = "digits-confirm"
    """After it: which keys confirm and correct it."""
    DIGITS_WRONG = "digits-wrong"
    """The number that the caller typed cannot be right."""
    DIGIT_0 = "digit-0"
    DIGIT_1 = "digit-1"
    DIGIT_2 = "digit-2"
    DIGIT_3 = "digit-3"
    DIGIT_4 = "digit-4"
    DIGIT_5 = "digit-5"
    DIGIT_6 = "digit-6"
    DIGIT_7 = "digit-7"
    DIGIT_8 = "digit-8"
    DIGIT_9 = "digit-9"
    DIGIT_PLUS = "digit-plus"
    WAITED_10S = "waited-10s"
    WAITED_20S = "waited-20s"
    WAITED_30S = "waited-30s"
    WAITED_40S = "waited-40s"
    WAITED_50S = "waited-50s"
    WAITED_1M = "waited-1m"
    WAITED_2M = "waited-2m"
    WAITED_3M = "waited-3m"
    WAITED_4M = "waited-4m"
    WAITED_5M = "waited-5m"
    WAITED_10M = "waited-10m"
    WAITED_15M = "waited-15m"
    WAITED_30M = "waited-30m"
    WAITED_60M = "waited-60m"


DIGITS = tuple(word for word in Word if word.value in {f"digit-{digit}" for digit in range(10)})
"""A number is read back digit by digit."""
SIGNS = {"+": Word.DIGIT_PLUS, **{word.value[-1]: word for word in DIGITS}}
"""Each sign of a telephone number."""
WAITED = {
    **{int(word.value[7:-1]): word for word in Word if re.fullmatch(r"waited-\d+s", word.value)},
    **{60 * int(word.value[7:-1]): word for word in Word if re.fullmatch(r"waited-\d+m", word.value)},
}
"""How long somebody has waited, at least: seconds → words."""
OF_NODES = frozenset(
    {
        Word.CALLER_WAIT,
        Word.CALLER_WAITED,
        Word.CALLBACK_NUMBER,
        Word.CALLBACK_CONFIRM,
        Word.CALLBACK_OTHER,
        Word.CALLBACK_TYPE,
        Word.CALLBACK_IMPOSSIBLE,
        Word.VOICEMAIL_KEYS,
        Word.VOICEMAIL_NOTHING,
        Word.VOICEMAIL_FAILED,
        Word.DIGITS_HEARD,
        Word.DIGITS_CONFIRM,
        Word.DIGITS_WRONG,
    }
)
"""Said by some kinds of node alone (`Step.words`): a flow without them need not have these words."""


KNOWN_IN = {REASON: Word.AGENT_ACCEPT, TEAM: Word.DUTY_CALL, TIME: Word.DUTY_CALL}
"""What stands for something that is known when it is said, and in which word."""


def _word_text(value: Any) -> str:
    text = spoken_text(value)
    words = text
    for each in KNOWN_IN:
        words = words.replace(each, "")
    if "{" in words or "}" in words:
        raise mistake(
            "braces that stand for nothing",
            expected="plain words, and "
            + ", ".join(f"{each} in `{word}`" for each, word in KNOWN_IN.items()),
            remedy=f"write the words out, or {REASON} exactly so",
        )
    return text


WordText = Annotated[
    str,
    PlainValidator(_word_text),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": LONGEST_TEXT}),
]


class WordsFile(Schema):
    """`line.yaml`: the words to say instead of those that came with the line."""

    prompts: dict[Word, Annotated[dict[Language, WordText], Field(min_length=1)]] = Field(
        description="Each prompt by name, in each language."
    )

    @model_validator(mode="after")
    def _say_what_is_known(self) -> Self:
        for word, texts in self.prompts.items():
            for language, text in texts.items():
                for each, knows in KNOWN_IN.items():
                    if word is not knows and each in text:
                        raise mistake(
                            f"`{word}` knows no {each.strip('{}')}",
                            expected=f"{each} in `{knows}` alone",
                            remedy=f"write it without {each}",
                            at=("prompts", word.value, language),
                        )
        return self


class Words:
    """The line's own words, in the languages that they are known in."""

    def __init__(self, texts: Mapping[Word, Mapping[str, str]]) -> None:
        self._texts = texts

    def missing_in(self, language: str, of_nodes: Container[Word] = ()) -> list[Word]:
        """Return the words that are not known in a language: those of every call, and some of nodes."""
        wanted = (word for word in Word if word not in OF_NODES or word in of_nodes)
        return [word for word in wanted if language not in self._texts.get(word, {})]

    def prompt(self, word: Word, language: str) -> Prompt:
        """Return a word as a prompt; not one of `KNOWN_IN`, see `whisper` and `duty_call`."""
        return Prompt(word.value, language, self._texts[word][language])

    def whisper(self, reason: str, spoken_reason: str, language: str) -> Prompt:
        """Return what an agent hears on picking up, for a reason and how it is spoken."""
        text = self._texts[Word.AGENT_ACCEPT][language]
        return Prompt(f"{Word.AGENT_ACCEPT}-{reason}", language, text.replace(REASON, spoken_reason))

    def duty_call(self, team: str, time: str, language: str) -> Prompt:
        """Return what an agent hears whose duty for a team begins at a time."""
        text = self._texts[Word.DUTY_CALL][language].replace(TIME, time)
        return Prompt(Word.DUTY_CALL.value, language, text.replace(TEAM, re.sub("[_-]+", " ", team)))


def load_words(folder: Path) -> tuple[Words, list[Finding]]:
    """Return the line's words with what the folder's `line.yaml`, if there is one, says instead."""
    own, findings = _read(Path(__file__).with_name(FILE))
    if own is None:
        raise InvalidConfiguration(findings)
    theirs: Mapping[Word, Mapping[str, str]] = {}
    if (folder / FILE).exists():
        read, findings = _read(folder / FILE)
        theirs = read or {}
    return Words({word: {**own.get(word, {}), **theirs.get(word, {})} for word in Word}), findings


def _read(path: Path) -> tuple[Mapping[Word, Mapping[str, str]] | None, list[Finding]]:
    document, findings = load_document(path)
    if document is None:
        return None, findings
    file, more = validate(document, WordsFile)
    return (file.prompts if file else None), findings + more


def names_of_words() -> Iterator[str]:
    """Yield the names that flows cannot give to prompts of their own."""
    yield from (word.value for word in Word)
