"""docs/settings.md says what the settings are: each field once, with its default and its variable."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel, SecretStr

from ari_app.core.documents import load_document, validate
from ari_app.core.environment import NOT_SETTINGS
from ari_app.core.settings import Settings

DOCUMENT = Path(__file__).parents[2] / "docs/settings.md"
TEXT = DOCUMENT.read_text("utf-8")
ROW = re.compile(r"^\| `([a-z_.]+)` \| (.+) \| (.+) \| `(ASTREINTE_[A-Z_]+)` \|$", re.MULTILINE)
SAID_IN_WORDS = {
    "database": "SQLite, `astreinte.db` in `data`",
    "prompts.folder": "`prompts` in the cache folder",
}


def fields(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, object]]:
    """Yield each field of the settings and its default."""
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from fields(kind, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", field.default


def written(name: str, default: object) -> str:
    """Return a default as the document writes it."""
    if name in SAID_IN_WORDS:
        return SAID_IN_WORDS[name]
    match default:
        case None | () | SecretStr():
            return "none"
        case bool():
            return f"`{str(default).lower()}`"
        case float():
            return f"`{default:g}`"
        case dict():
            return f"`{{{', '.join(f'{key}: {value}' for key, value in default.items())}}}`"
        case _:
            return f"`{default}`"


def test_every_field_is_documented_once_with_its_default_and_variable() -> None:
    documented = {name: (default, variable) for name, _, default, variable in ROW.findall(TEXT)}
    assert len(ROW.findall(TEXT)) == len(documented)
    assert documented == {
        name: (written(name, default), f"ASTREINTE_{name.replace('.', '__').upper()}")
        for name, default in fields(Settings)
    }


def test_variables_that_are_no_settings_are_documented() -> None:
    for name in NOT_SETTINGS:
        assert f"| `{name}` |" in TEXT


def test_the_example_for_a_server_is_valid(tmp_path: Path) -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
    path = tmp_path / "astreinte.yaml"
    path.write_text(example, "utf-8")
    document, findings = load_document(path)
    assert document is not None
    assert not findings
    settings, mistakes = validate(document, Settings)
    assert mistakes == []
    assert settings is not None
    assert not settings.asterisk.managed


@pytest.mark.parametrize("file", ["ari.conf", "manager.conf"])
def test_asterisks_files_name_the_variables_that_the_settings_know(file: str) -> None:
    text = (DOCUMENT.parents[1] / "asterisk_conf" / file).read_text("utf-8")
    named = set(re.findall(r"ASTREINTE_[A-Z_]+", text))
    assert named
    assert named <= {variable for *_, variable in ROW.findall(TEXT)}
