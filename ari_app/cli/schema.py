"""`astreinte schema`: the JSON Schema of the files that admins write, for their editors."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import typer
from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from ..core.durations import format_duration


def _roster() -> type[BaseModel]:
    from ..roster.schema import TeamFile

    return TeamFile


def _agents() -> type[BaseModel]:
    from ..roster.schema import AgentsFile

    return AgentsFile


def _flow() -> type[BaseModel]:
    from ..flow.schema import FlowFile

    return FlowFile


def _words() -> type[BaseModel]:
    from ..flow.words import WordsFile

    return WordsFile


def _callers() -> type[BaseModel]:
    from ..callers.schema import CallersFile

    return CallersFile


def _settings() -> type[BaseModel]:
    from ..core.settings import Settings

    return Settings


MODELS: dict[str, Callable[[], type[BaseModel]]] = {
    "roster": _roster,
    "agents": _agents,
    "flow": _flow,
    "words": _words,
    "callers": _callers,
    "settings": _settings,
}


def run_schema(kind: str) -> int:
    """Print a schema; return the exit code."""
    typer.echo(schema_text(kind), nl=False)
    return 0


def schema_text(kind: str) -> str:
    """Return the schema of a kind of file as it is published in `docs/schema/`."""
    schema = MODELS[kind]().model_json_schema(schema_generator=EditorsSchema)
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"


class EditorsSchema(GenerateJsonSchema):
    """JSON Schema, draft 2020-12, of what may be written in YAML, for people who hover over a field.

    `patternErrorMessage`, which the models give beside a `pattern`, is what YAML language servers say instead
    of the pattern; others ignore it.
    """

    def generate(self, schema: core_schema.CoreSchema, mode: Any = "validation") -> JsonSchemaValue:
        """Return the schema with its dialect first."""
        return {"$schema": self.schema_dialect, **super().generate(schema, mode)}

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        """Leave out the title: the name of a class says nothing to those who write YAML."""
        written = super().model_schema(schema)
        written.pop("title", None)
        return written

    def field_title_should_be_set(self, schema: Any) -> bool:
        """A field's title would be its own name again."""
        return False

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """Tell a default as it would be written, if it is a word or a number."""
        written = super().default_schema(schema)
        default = written.pop("default", None)
        if isinstance(default, float) and written.get("type") == "string":
            default = format_duration(default)
        if isinstance(default, str | int | float):
            written["default"] = default
        return written

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        """A key that does not look like one is a mistake, not another kind of key."""
        written = super().dict_schema(schema)
        if "patternProperties" in written:
            written["additionalProperties"] = False
        return written
