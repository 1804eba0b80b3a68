"""The settings of one line: `astreinte.yaml`, then files of secrets, then the environment, which wins.

Any field can be set from the environment: `ASTREINTE_ARI__PASSWORD` is `ari: {password: ...}`. A secret
can be a file of that name in the folder `$ASTREINTE_SECRETS`, or else `$CREDENTIALS_DIRECTORY`, which
systemd sets (systemd.exec(5), LoadCredential=). Relative paths are relative to the folder that the
settings file stands in.
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

from .documents import load_document, validate
from .errors import AstreinteError
from .findings import InvalidConfiguration

LineNumber = Annotated[str, StringConstraints(pattern=r"^(\+?[0-9A-Za-z*#_.-]{1,40}|default)$")]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]
Port = Annotated[int, Field(ge=1, le=65535)]
Seconds = Annotated[float, Field(gt=0, le=86400)]


class Section(BaseModel):
    """A part of the settings: unknown fields are errors, values never change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class AriSettings(Section):
    """Where Asterisk's REST interface is (`http.conf`, `ari.conf`)."""

    url: str = "http://127.0.0.1:8088/ari"
    username: Name = "astreinte"
    password: SecretStr = SecretStr("")
    app: Name = "astreinte"


class AmiSettings(Section):
    """Where Asterisk's manager interface is (`manager.conf`)."""

    host: str = "127.0.0.1"
    port: Port = 5038
    username: Name = "astreinte"
    password: SecretStr = SecretStr("")


class AgiSettings(Section):
    """Where the FastAGI server listens, for plain dialplans. Keep it on loopback: it has no password."""

    host: str = "127.0.0.1"
    port: Port = 4573


class AsteriskSettings(Section):
    """Whether `astreinte run` starts an Asterisk of its own, for a trial or a laptop."""

    managed: bool = False
    sip_address: str = "127.0.0.1"
    sip_port: Port = 5060
    templates: Path = Path("asterisk_conf")
    """The folder of Asterisk's configuration, as templates."""
    phones: tuple[Name, ...] = ()
    """Phones that may register with it; each gets a random password, kept in the run folder."""


class DialSettings(Section):
    """How agents are rung."""

    trunk: Name = "trunk"
    """The PJSIP endpoint that `tel:` phones are dialled through."""
    number_format: Literal["e164", "digits", "national"] = "e164"
    """What the trunk expects: `+33612345678`, `33612345678` or `0612345678`."""
    caller_id: Annotated[str, StringConstraints(pattern=r"^(caller|\+?[0-9]{1,20})$")] = "caller"
    """The number that agents see: the caller's own, or one of yours if the carrier insists."""
    accept_seconds: Seconds = 10.0
    """How long an agent who picked up has to press 1, after the whisper has ended."""


class LimitSettings(Section):
    """What protects the line from too much of anything."""

    calls: Annotated[int, Field(ge=1)] = 1000
    """Calls at once; one more hears that all lines are busy."""
    call_seconds: Seconds = 7200.0
    """The longest that a call may last, in seconds."""
    drain_seconds: Annotated[float, Field(ge=0, le=86400)] = 30.0
    """On a stop, how long calls in progress may go on, in seconds."""


class PromptSettings(Section):
    """Where the line's voice comes from."""

    engine: Literal["espeak", "command"] = "espeak"
    command: tuple[str, ...] = ()
    """For `engine: command`: a program and its arguments; text on stdin, WAV on stdout."""
    recordings: Path = Path("prompts")
    """Recorded prompts, `<language>/<name>.wav`; one that is there beats the engine."""
    folder: Path | None = None
    """Where finished audio is kept; Asterisk must be able to read it. Default: the cache folder."""


class LogSettings(Section):
    """Structured logs, see `docs/logs.md`."""

    format: Literal["auto", "json", "pretty"] = "auto"
    level: Literal["debug", "info", "warning", "error"] = "info"
    file: Path | None = None
    mask_numbers: bool = True


class Settings(BaseSettings):
    """All settings of one line."""

    model_config = SettingsConfigDict(
        env_prefix="ASTREINTE_", env_nested_delimiter="__", extra="forbid", frozen=True
    )

    rosters: Path = Path("rosters")
    flows: Path = Path("ivr_flows")
    data: Path = Path("var")
    """The line's own folder: database, run folder of a managed Asterisk, spilled records."""
    database: str | None = None
    """A SQLAlchemy URL. Default: SQLite, `astreinte.db` in `data`."""
    lines: dict[LineNumber, Name] = {"default": "accueil"}
    """Called number → flow; `default` serves every other number."""
    ari: AriSettings = AriSettings()
    ami: AmiSettings = AmiSettings()
    agi: AgiSettings = AgiSettings()
    asterisk: AsteriskSettings = AsteriskSettings()
    dial: DialSettings = DialSettings()
    limits: LimitSettings = LimitSettings()
    prompts: PromptSettings = PromptSettings()
    log: LogSettings = LogSettings()

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
        folder = os.environ.get("ASTREINTE_SECRETS") or os.environ.get("CREDENTIALS_DIRECTORY")
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
            raise ValueError("`lines` needs a `default` flow for numbers that it does not name")
        return self

    @property
    def database_url(self) -> str:
        """The SQLAlchemy URL of the records, for an asyncio driver."""
        return self.database or f"sqlite+aiosqlite:///{self.data / 'astreinte.db'}"

    def flow_of(self, line: str) -> str:
        """Return the name of the flow that serves a called number."""
        return self.lines.get(line) or self.lines["default"]

    def based_at(self, folder: Path) -> Settings:
        """Return the same settings with every relative path made absolute below `folder`."""

        def below(path: Path) -> Path:
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
                "data": below(self.data),
                "asterisk": asterisk,
                "prompts": prompts,
                "log": log,
            }
        )


class InvalidEnvironment(AstreinteError):
    """Environment variables, or secrets' files named like them, do not fit; `variables` names them."""

    def __init__(self, problems: list[str], variables: tuple[str, ...] = ()) -> None:
        self.variables = variables
        super().__init__(
            "the environment (or a secret's file) does not fit: " + "; ".join(problems),
            remedy="correct or remove it; `__` stands before a field of a section: ASTREINTE_ARI__PASSWORD",
        )


def _of_environment() -> Settings:
    """Return the settings with no file but the secrets', so that no error of theirs is blamed on the file."""
    try:
        return Settings()
    except ValidationError as error:
        found = {
            "ASTREINTE_" + "__".join(map(str, each["loc"])).upper(): (
                "no such setting" if each["type"] == "extra_forbidden" else each["msg"]
            )
            for each in error.errors(include_url=False, include_input=False)
        }
        raise InvalidEnvironment([f"{name}: {why}" for name, why in found.items()], tuple(found)) from None
    except (SettingsError, OSError) as error:
        raise InvalidEnvironment([str(error)]) from None


def load_settings(path: Path | None = None) -> Settings:
    """Read the settings from `path`, or from `astreinte.yaml` here if there is one, else the defaults.

    Raises `InvalidConfiguration` with every error of the file, each with its line and column, and
    `InvalidEnvironment` with every error of the environment and of the secrets' files.
    """
    defaults = _of_environment()
    if path is None:
        here = Path.cwd()
        path = here / "astreinte.yaml"
        if not path.exists():
            return defaults.based_at(here)
    document, findings = load_document(path)
    if document is None:
        raise InvalidConfiguration(findings)
    settings, more = validate(document, Settings)
    if settings is None or findings or more:
        raise InvalidConfiguration([*findings, *more])
    return settings.based_at(path.resolve().parent)


_SAFE_NUMBER = re.compile(r"\+?[0-9]{1,20}")


def safe_number(text: str | None) -> str | None:
    """Return a caller's number if it is one and nothing else, for use in a caller ID; else None."""
    return text if text and _SAFE_NUMBER.fullmatch(text) else None
