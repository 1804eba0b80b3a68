"""The settings of one line: `astreinte.yaml`, then files of secrets, then the environment, which wins.

Any field can be set from the environment: `ASTREINTE_ARI__PASSWORD` is `ari: {password: ...}`. A secret
can be a file of that name, see `environment.secrets_folder`. Relative paths are relative to the folder that
the settings file stands in. `docs/settings.md` explains every field to those who write them.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    SecretStr,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    NestedSecretsSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from .country import Country
from .documents import Document, load_document, mistake, validate
from .environment import (
    InvalidEnvironment,
    problems_of,
    secrets_folder,
    unknown_variables,
    variable_of,
)
from .findings import InvalidConfiguration
from .settings_fields import CalendarAddress, Keys, LineNumber, Name, NoticeAddresses, Port, Seconds, Url

__all__ = ["InvalidEnvironment", "Settings", "load_settings", "safe_number"]

FILE = "astreinte.yaml"


class Section(BaseModel):
    """A part of the settings: unknown fields are errors, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class AriSettings(Section):
    """Where Asterisk's REST interface is (`http.conf`, `ari.conf`)."""

    url: Url = "http://127.0.0.1:8088/ari"
    """Its address."""
    username: Name = "astreinte"
    """The user of `ari.conf`."""
    password: SecretStr = SecretStr("")
    """The user's password, in the clear; better from the environment, `ASTREINTE_ARI__PASSWORD`."""
    app: Name = "astreinte"
    """The Stasis application, as `extensions.conf` names it."""


class AmiSettings(Section):
    """Where Asterisk's manager interface is (`manager.conf`)."""

    host: str = "127.0.0.1"
    """Its address."""
    port: Port = 5038
    """Its TCP port."""
    username: Name = "astreinte"
    """The user of `manager.conf`."""
    password: SecretStr = SecretStr("")
    """The user's `secret`; better from the environment, `ASTREINTE_AMI__PASSWORD`."""


class AgiSettings(Section):
    """Where the FastAGI server listens, for plain dialplans. Keep it on loopback: it has no password."""

    host: str = "127.0.0.1"
    """The address that it listens at."""
    port: Port = 4573
    """The TCP port that it listens at."""


class AsteriskSettings(Section):
    """Whether `astreinte run` starts an Asterisk of its own, for a trial or a laptop."""

    managed: bool = False
    """Start an Asterisk with the line, and stop it with the line."""
    sip_address: str = "127.0.0.1"
    """Where telephones reach it."""
    sip_port: Port = 5060
    """Its SIP port, UDP."""
    templates: Path = Path("asterisk_conf")
    """The folder of Asterisk's configuration, as templates."""
    phones: tuple[Name, ...] = ()
    """Phones that may register with it; each gets a random password, kept in the run folder."""
    call_seconds: Annotated[int, Field(ge=60, le=86400)] = 10800
    """The longest that a call may last there; on a server of your own, `@max_call_seconds@` says it."""


class DialSettings(Section):
    """How agents are rung."""

    trunk: Name = "trunk"
    """The PJSIP endpoint that `tel:` phones are dialled through."""
    number_format: Literal["e164", "digits", "national"] = "e164"
    """What the trunk expects: `+33612345678`, `33612345678` or `0612345678`."""
    caller_id: Annotated[str, StringConstraints(pattern=r"^(caller|\+?[0-9]{1,20})$")] = "caller"
    """The number shown beyond the trunk: the caller's own, or one of yours if the carrier insists."""
    say_number: bool = True
    """Read the caller's number out to an agent who picked up."""
    accept_seconds: Seconds = 10.0
    """How long an agent who picked up has to press 1, after the whisper has ended."""


class KeySettings(Section):
    """What agents press in a call; an empty text turns one off. What callers press does nothing."""

    transfer: Keys = "*1"
    """Hand the call over to whose digit is pressed next, and be out of it."""
    consult: Keys = "*2"
    """Talk with a colleague first, the caller on hold. Again: back to the caller."""
    conference: Keys = "*3"
    """Bring a colleague in."""
    record: Keys = "*4"
    """Pause the recording, or go on; begin one, where the flow leaves that to agents."""
    escalate: Keys = "*5"
    """Hand the call over to the next step of the escalation."""
    ring_seconds: Seconds = 25.0
    """How long a colleague is rung who is asked for."""

    @model_validator(mode="after")
    def _keys_are_told_apart(self) -> KeySettings:
        names = ("transfer", "consult", "conference", "record", "escalate")
        for name in names:
            keys = getattr(self, name)
            for other in (each for each in names if each != name and keys):
                if getattr(self, other).startswith(keys):
                    raise mistake(
                        f"`{name}` and `{other}` begin with the same keys",
                        expected="keys that are not the beginning of others",
                        remedy="give one of them other keys",
                        at=(name,),
                    )
        return self


class LimitSettings(Section):
    """What protects the line from too much of anything."""

    calls: Annotated[int, Field(ge=1)] = 1000
    """Calls at once; one more hears that all lines are busy."""
    drain_seconds: Annotated[float, Field(ge=0, le=86400)] = 30.0
    """On a stop, how long calls in progress may go on, in seconds."""


class PromptSettings(Section):
    """Where the line's voice comes from."""

    engine: Literal["espeak", "command"] = "espeak"
    """What makes speech of text."""
    command: tuple[str, ...] = ()
    """For `engine: command`: a program and its arguments; text on stdin, WAV on stdout."""
    recordings: Path = Path("prompts")
    """Recorded prompts, `<language>/<name>.wav`; one that is there beats the engine."""
    folder: Path | None = None
    """Where finished audio is kept; Asterisk must be able to read it. Default: the cache folder."""


class NotifySettings(Section):
    """Who can be told things, and how they are reached: `docs/notices.md`."""

    recipients: dict[Name, NoticeAddresses] = {}
    """Name → an address of apprise, or several, for rosters that say `notify: [NAME]`."""


class MessageSettings(Section):
    """The messages that callers leave."""

    keep_days: Annotated[int, Field(ge=1, le=3650)] = 30
    """After so many days their sound is deleted."""


class CallbackSettings(Section):
    """Which numbers are called back. Everything more than the line's own country invites toll fraud."""

    country: Country | None = None
    """The line's country (ISO 3166). Default: that of `dial.caller_id`, or of the number that was called."""
    prefixes: tuple[Annotated[str, StringConstraints(pattern=r"^\+[0-9]{1,15}$")], ...] = ()
    """How numbers begin that are called back, such as `+33`; those of the line's country if not given."""
    other_numbers: bool = False
    """Whether callers may name another number than the one that they call from."""
    waiting: Annotated[int, Field(ge=1, le=10_000)] = 200
    """Callers who wait to be called back, at most; one more hears that it is impossible."""


class LogSettings(Section):
    """Structured logs, see `docs/logs.md`."""

    format: Literal["auto", "json", "pretty"] = "auto"
    """`auto`: pretty on a terminal, JSON elsewhere."""
    level: Literal["debug", "info", "warning", "error"] = "info"
    """The least that is logged."""
    file: Path | None = None
    """A file instead of the standard output; `logrotate` may move it."""
    mask_numbers: bool = True
    """Hide the middle of telephone and card numbers."""


class Settings(BaseSettings):
    """All settings of one line."""

    model_config = SettingsConfigDict(
        env_prefix="ASTREINTE_",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
    )

    rosters: Path = Path("rosters")
    """The folder of the rosters."""
    flows: Path = Path("ivr_flows")
    """The folder of the flows."""
    callers: Path | None = None
    """The folder of `callers.yaml`, which says who is let in: `docs/callers.md`."""
    data: Path = Path("var")
    """The line's own folder: database, run folder of a managed Asterisk, spilled records."""
    database: str | None = None
    """A SQLAlchemy URL. Default: SQLite, `astreinte.db` in `data`."""
    lines: dict[LineNumber, Name] = {"default": "accueil"}
    """Called number → flow; `default` serves every other number."""
    calendars: dict[Name, CalendarAddress] = {}
    """Name → the secret address of a calendar, for rosters that say `calendar: {feed: NAME}`."""
    watch: bool = True
    """Take edited files into use by themselves; otherwise SIGHUP does."""
    ari: AriSettings = AriSettings()
    """Asterisk's REST interface."""
    ami: AmiSettings = AmiSettings()
    """Asterisk's manager interface."""
    agi: AgiSettings = AgiSettings()
    """What answers dialplans of your own."""
    asterisk: AsteriskSettings = AsteriskSettings()
    """An Asterisk that `astreinte run` starts."""
    dial: DialSettings = DialSettings()
    """How agents are rung."""
    keys: KeySettings = KeySettings()
    """What agents press in a call."""
    limits: LimitSettings = LimitSettings()
    """What protects the line from too much of anything."""
    prompts: PromptSettings = PromptSettings()
    """Where the line's voice comes from."""
    notify: NotifySettings = NotifySettings()
    """Who can be told things, and how they are reached."""
    messages: MessageSettings = MessageSettings()
    """The messages that callers leave."""
    callbacks: CallbackSettings = CallbackSettings()
    """Which numbers are called back."""
    log: LogSettings = LogSettings()
    """Structured logs."""
    _document: Document | None = PrivateAttr(None)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment win over files of secrets, and both over the settings file."""
        folder = secrets_folder()
        if not folder:
            return env_settings, init_settings
        secrets = NestedSecretsSettingsSource(
            file_secret_settings,
            secrets_dir=folder,
            secrets_dir_missing="error",
            secrets_nested_delimiter="__",
        )
        return env_settings, secrets, init_settings

    @model_validator(mode="after")
    def _default_flow_is_known(self) -> Settings:
        if "default" not in self.lines:
            raise mistake(
                "`lines` names no `default`",
                expected="a `default` flow, for every number that is not named",
                remedy="add `default: accueil`, or another flow of yours",
                at=("lines",),
            )
        return self

    @property
    def database_url(self) -> str:
        """The SQLAlchemy URL of the records."""
        return self.database or f"sqlite:///{self.database_file}"

    @property
    def database_file(self) -> Path:
        """The file of the records, where no `database` is set."""
        return self.data / "astreinte.db"

    def flow_of(self, line: str) -> str:
        """Return the name of the flow that serves a called number."""
        return self.lines[self.line_of(line)]

    def line_of(self, called: str) -> str:
        """Return the name in `lines` of a called number: `default` unless it is named."""
        return called if called in self.lines else "default"

    def place(self, *loc: str | int) -> tuple[Path, int, int]:
        """Return where a value was set, for a finding: file, line, column (from 1)."""
        if self._document is None:
            return Path.cwd() / FILE, 1, 1
        return (self._document.path, *self._document.position(loc))

    def based_at(self, folder: Path) -> Settings:
        """Return the same settings with every relative path made absolute below `folder`."""

        def below(path: Path) -> Path:
            path = path.expanduser()
            return path if path.is_absolute() else (folder / path).resolve()

        prompts = self.prompts.model_copy(
            update={
                "recordings": below(self.prompts.recordings),
                "folder": below(self.prompts.folder) if self.prompts.folder else None,
            }
        )
        asterisk = self.asterisk.model_copy(update={"templates": below(self.asterisk.templates)})
        log = self.log.model_copy(update={"file": below(self.log.file) if self.log.file else None})
        return self.model_copy(
            update={
                "rosters": below(self.rosters),
                "flows": below(self.flows),
                "callers": below(self.callers) if self.callers else None,
                "data": below(self.data),
                "asterisk": asterisk,
                "prompts": prompts,
                "log": log,
            }
        )


def _check_environment(*, alone: bool) -> Settings | None:
    """Return the settings without the file; None when it takes the file to complete a section.

    Looked at before the file, so that no error of the environment's is blamed on the file. `alone`: there is
    no file. Raises `InvalidEnvironment`.
    """
    wrong = unknown_variables(os.environ, Settings.model_fields)
    settings = None
    try:
        settings = Settings()
    except ValidationError as error:
        wrong |= problems_of(error, whole=alone)
    except (SettingsError, OSError) as error:
        raise InvalidEnvironment([_unreadable(error)]) from None
    if wrong:
        raise InvalidEnvironment([f"{name}: {why}" for name, why in wrong.items()], tuple(wrong))
    return settings


def _unreadable(error: Exception) -> str:
    field = re.search(r'for field "(\w+)"', str(error))
    return f"{variable_of(field.groups())}: a section is a JSON object" if field else str(error)


def load_settings(path: Path | None = None) -> Settings:
    """Read the settings from `path`, or from `astreinte.yaml` here if there is one, else the defaults.

    Raises `InvalidConfiguration` with every error of the file, each with its line and column, and
    `InvalidEnvironment` with every error of the environment and of the secrets' files.
    """
    here = Path.cwd()
    alone = path is None and not (here / FILE).exists()
    defaults = _check_environment(alone=alone)
    if alone and defaults is not None:
        return defaults.based_at(here)
    path = path or here / FILE
    document, findings = load_document(path)
    if document is None:
        raise InvalidConfiguration(findings)
    settings, more = validate(document, Settings)
    if settings is None or findings or more:
        raise InvalidConfiguration([*findings, *more])
    settings._document = document
    return settings.based_at(path.resolve().parent)


_SAFE_NUMBER = re.compile(r"\+?[0-9]{1,20}")


def safe_number(text: str | None) -> str | None:
    """Return a caller's number if it is one and nothing else, for use in a caller ID; else None."""
    return text if text and _SAFE_NUMBER.fullmatch(text) else None
