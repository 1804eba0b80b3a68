"""Everything that `astreinte check` looks at: the books, and what is beside them."""

from __future__ import annotations

from collections.abc import Sequence

from ..callers.callable_numbers import CallableNumbers
from ..core.errors import AstreinteError
from ..core.findings import Finding, Severity
from ..core.settings import Settings
from ..core.suggest import one_of
from ..flow.book import FlowBook
from ..flow.nodes.callback import Callback
from ..prompts import PromptStore
from ..prompts.errors import Failure
from .books import read_books
from .published import PublishedBefore


def check_all(settings: Settings) -> list[Finding]:
    """Return every finding about the files that the settings name, and about the settings themselves.

    It reads every file and recording: not for the event loop.
    """
    published = PublishedBefore(settings)
    books, findings = read_books(settings, calendars_anew=True, published=published)
    findings += published.findings
    findings += _database(settings)
    findings += _passwords(settings)
    findings += _templates(settings)
    try:
        store = PromptStore.from_settings(settings.prompts)
    except AstreinteError as error:
        findings.append(_setting(settings, ("prompts", "folder"), error))
    else:
        if books is not None:
            findings += _callbacks(settings, books.flows)
            findings += store.check(books.flows.prompts())
            findings += _silent_texts(settings, store.without_audio(books.flows.prompts()))
    return sorted(findings)


def _callbacks(settings: Settings, flows: FlowBook) -> list[Finding]:
    """Tell of lines whose flow promises to call back, and of which no setting says the country."""
    findings = []
    for line, name in settings.lines.items():
        numbers = CallableNumbers.of(settings, line)
        promises = any(isinstance(node, Callback) for node in flows.flows[name].nodes.values())
        if promises and numbers.country is None and not numbers.prefixes:
            findings.append(
                Finding(
                    *settings.place("lines", line),
                    message=f"who calls `{line}` may not be called back: no setting says the line's country",
                    found=f"a `callback` in the flow `{name}`, and numbers of no country that may be called",
                    expected="a line's number with its country, such as +33199001200, or `callbacks`",
                    remedy="write `callbacks: {country: FR}`, and your number as `dial: {caller_id: ...}`",
                    severity="warning",
                )
            )
    return findings


def _silent_texts(settings: Settings, failures: Sequence[Failure]) -> list[Finding]:
    """Tell of texts that could not become sound, language by language.

    A program that is not here may be where the line runs; what comes with the line is the same everywhere.
    """
    severity: Severity = "error" if settings.prompts.engine == "espeak" else "warning"
    languages = dict.fromkeys(each.prompt.language for each in failures)
    findings = []
    for language in languages:
        of_it = [each for each in failures if each.prompt.language == language]
        names = one_of(sorted({each.prompt.name for each in of_it})).replace(" or ", " and ")
        findings.append(
            Finding(
                *settings.place("prompts", "engine"),
                message=f"there is no audio in `{language}` for {names}",
                found=of_it[0].message,
                expected=f"a voice that speaks `{language}`, or a recording of each",
                remedy=of_it[0].remedy,
                severity=severity,
            )
        )
    return findings


def _database(settings: Settings) -> list[Finding]:
    if settings.database is None:
        return []
    from ..records.database import Database, InvalidDatabaseUrl  # noqa: PLC0415 - a third of a second

    try:
        Database.at(settings.database)
    except InvalidDatabaseUrl as error:
        return [_setting(settings, ("database",), error)]
    return []


def _setting(settings: Settings, loc: tuple[str, ...], error: AstreinteError) -> Finding:
    return Finding(
        *settings.place(*loc),
        message=error.message,
        found="a value that is not shown here",  # an address of a database holds its password
        expected="a value that can be used",
        remedy=error.remedy,
    )


def _passwords(settings: Settings) -> list[Finding]:
    """Warn of passwords that are not there, when the Asterisk is not ours."""
    if settings.asterisk.managed:
        return []
    return [
        Finding(
            *settings.place(section),
            message=f"there is no password for {section.upper()}",
            found=f"no `password` in `{section}`",
            expected=f"the password of {file}, in a secret's file or the environment",
            remedy=f"set ASTREINTE_{section.upper()}__PASSWORD where the line runs (docs/settings.md)",
            severity="warning",
        )
        for section, secret, file in (
            ("ari", settings.ari.password, "ari.conf"),
            ("ami", settings.ami.password, "manager.conf"),
        )
        if not secret.get_secret_value()
    ]


def _templates(settings: Settings) -> list[Finding]:
    """Tell that an Asterisk of ours could not be configured."""
    asterisk = settings.asterisk
    if not asterisk.managed or any(asterisk.templates.glob("*.conf")):
        return []
    return [
        Finding(
            *settings.place("asterisk", "templates"),
            message="there are no templates of Asterisk's configuration",
            found=f"no `*.conf` in {asterisk.templates}",
            expected="the folder `asterisk_conf` of this project, or a copy of it",
            remedy="name that folder as `templates` below `asterisk`",
        )
    ]
