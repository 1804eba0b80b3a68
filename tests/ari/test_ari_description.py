"""What the client says of ARI is what the running Asterisk says of it at `/ari/api-docs`."""

from __future__ import annotations

import inspect
import re
from typing import Any, get_args, get_origin, get_type_hints

import msgspec
import pytest

from ari_app.ari import AriClient, events, models
from ari_app.ari.applications import Applications
from ari_app.ari.asterisk import AsteriskServer as AsteriskResource
from ari_app.ari.bridges import Bridges
from ari_app.ari.channels import Channels
from ari_app.ari.device_states import DeviceStates
from ari_app.ari.endpoints import Endpoints
from ari_app.ari.events import EventsMissed, OtherEvent
from ari_app.ari.operations import Lane, Operation, returning
from ari_app.ari.playbacks import Playbacks
from ari_app.ari.recordings import Recordings
from ari_app.ari.resource import Resource
from ari_app.pbx import AsteriskServer

RESOURCES: list[type[Resource]] = [
    Applications,
    AsteriskResource,
    Bridges,
    Channels,
    DeviceStates,
    Endpoints,
    Playbacks,
    Recordings,
]
FILES = [
    "applications",
    "asterisk",
    "bridges",
    "channels",
    "deviceStates",
    "endpoints",
    "events",
    "playbacks",
    "recordings",
]
METHODS = [
    pytest.param(resource, name, id=f"{resource.__name__}.{name}")
    for resource in RESOURCES
    for name, member in vars(resource).items()
    if inspect.iscoroutinefunction(member)
]
PLAIN_TYPES = {
    "string": str,
    "int": int,
    "long": int,
    "boolean": bool,
    "double": float,
    "Date": str,
    "binary": bytes,
    "void": type(None),
}
SAMPLES = {"str": "text", "int": 7, "bool": True, "Sequence[str]": ["one"], "Iterable[str]": ["one"]}
NOT_SENT_BY_ASTERISK = {"synthetic"}
NOT_IN_THE_DESCRIPTION = {("TextMessage", "from_"): "from"}

Description = dict[str, dict[str, Any]]


@pytest.fixture(scope="session")
async def description(ari_asterisk: AsteriskServer) -> Description:
    """Every file of the description that this Asterisk serves."""
    config = ari_asterisk.config
    client = AriClient(
        url=config.ari_url, username=config.ari_user, password=config.ari_password, app="description"
    )
    async with client:
        return {
            name: await client.request(
                returning(dict[str, Any], "GET", f"/api-docs/{name}.json", lane=Lane.HTTP)
            )
            for name in FILES
        }


@pytest.fixture(scope="session")
def operations(description: Description) -> dict[tuple[str, str], dict[str, Any]]:
    """The described operations, by method and path."""
    return {
        (operation["httpMethod"], api["path"]): operation
        for file in description.values()
        for api in file["apis"]
        for operation in api["operations"]
    }


@pytest.fixture(scope="session")
def described_models(description: Description) -> dict[str, dict[str, Any]]:
    """The described models and events, by name."""
    return {name: model for file in description.values() for name, model in file.get("models", {}).items()}


class Sent(Exception):
    """What a method hands over, before it would be sent."""

    def __init__(self, operation: Operation[Any], ids: tuple[str, ...], query: Any, body: Any) -> None:
        super().__init__()
        self.operation, self.ids, self.query, self.body = operation, ids, query or {}, body or {}


async def sent_by(resource: type[Resource], name: str) -> Sent:
    """Call a method with a value for each of its parameters; return what it hands over."""

    async def send(
        operation: Operation[Any],
        ids: tuple[str, ...] = (),
        query: Any = None,
        body: Any = None,
        deadline: Any = None,
        *,
        into: Any = None,
    ) -> Any:
        raise Sent(operation, ids, query, body)

    method = getattr(resource(send), name)
    values = {
        parameter.name: sample(str(parameter.annotation))
        for parameter in inspect.signature(method).parameters.values()
    }
    with pytest.raises(Sent) as handed_over:
        await method(**values)
    return handed_over.value


def sample(annotation: str) -> Any:
    plain = annotation.removesuffix(" | None")
    if plain.startswith("Literal["):
        return plain.removeprefix("Literal[").split(",")[0].strip("'\"]")
    if plain == "Mapping[str, str]":
        return {"NAME": "value"}
    return SAMPLES.get(plain, 7)


def camel_case(name: str) -> str:
    return re.sub(r"_([a-z])", lambda match: match[1].upper(), name)


@pytest.mark.parametrize(("resource", "name"), METHODS)
async def test_operation_and_its_parameters_are_asterisks(
    resource: type[Resource], name: str, operations: dict[tuple[str, str], dict[str, Any]]
) -> None:
    sent = await sent_by(resource, name)
    described = operations[sent.operation.method, sent.operation.path]
    parameters = {parameter["name"]: parameter for parameter in described.get("parameters", [])}
    by_place: dict[str, set[str]] = {"path": set(), "query": set(), "body": set()}
    for parameter in parameters.values():
        by_place[parameter["paramType"]].add(parameter["name"])
    assert len(sent.ids) == len(by_place["path"])
    assert set(sent.query) <= by_place["query"]
    assert not sent.body or by_place["body"]
    if "variables" in by_place["body"]:
        assert set(sent.body) <= {"variables"}
    required = {name for name, parameter in parameters.items() if parameter.get("required")}
    assert required - by_place["path"] <= {*sent.query, *sent.body}
    for each, value in sent.query.items():
        assert isinstance(value, list) == parameters[each]["allowMultiple"], each
        assert type(value) in {PLAIN_TYPES[parameters[each]["dataType"]], list}, each


@pytest.mark.parametrize(("resource", "name"), METHODS)
async def test_parameters_are_spelt_as_asterisk_spells_them(resource: type[Resource], name: str) -> None:
    sent = await sent_by(resource, name)
    ours = set(inspect.signature(getattr(resource, name)).parameters) - {"self", "deadline", "into"}
    path = set(re.findall(r"\{(\w+)\}", sent.operation.path))
    spelt = {each if each in sent.query else camel_case(each) for each in ours}
    theirs = path | set(sent.query) | set(sent.body)
    assert {each.lower() for each in spelt} == {each.lower() for each in theirs}


@pytest.mark.parametrize(("resource", "name"), METHODS)
async def test_result_is_what_asterisk_returns(
    resource: type[Resource], name: str, operations: dict[tuple[str, str], dict[str, Any]]
) -> None:
    sent = await sent_by(resource, name)
    described = operations[sent.operation.method, sent.operation.path]["responseClass"]
    returned = get_type_hints(getattr(resource, name))["return"]
    if described.startswith("List["):
        assert get_args(returned)[0].__name__ == described[5:-1]
    else:
        assert returned is PLAIN_TYPES.get(described) or returned.__name__ == described


@pytest.mark.parametrize(("resource", "name"), METHODS)
async def test_every_refusal_that_asterisk_describes_is_a_type(
    resource: type[Resource], name: str, operations: dict[tuple[str, str], dict[str, Any]]
) -> None:
    sent = await sent_by(resource, name)
    described = operations[sent.operation.method, sent.operation.path].get("errorResponses", [])
    assert {int(error["code"]) for error in described} <= set(sent.operation.errors)


STRUCTS = [
    struct
    for module in (models, events)
    for struct in vars(module).values()
    if isinstance(struct, type)
    and issubclass(struct, msgspec.Struct)
    and struct.__module__ == module.__name__
    and not struct.__subclasses__()
    and struct not in {OtherEvent, EventsMissed, models.EventType}
]


@pytest.mark.parametrize("struct", STRUCTS, ids=lambda struct: struct.__name__)
def test_model_has_asterisks_fields(
    struct: type[msgspec.Struct], described_models: dict[str, dict[str, Any]]
) -> None:
    described = dict(described_models[struct.__name__]["properties"])
    if issubclass(struct, events.Event):
        described |= described_models["Event"]["properties"] | described_models["Message"]["properties"]
    hints = get_type_hints(struct)
    for field in struct.__struct_fields__:
        if field in NOT_SENT_BY_ASTERISK:
            continue
        name = NOT_IN_THE_DESCRIPTION.get((struct.__name__, field), field)
        assert matches(hints[field], described[name]["type"]), field
    missing = set(described) - {field.rstrip("_") for field in struct.__struct_fields__}
    assert missing <= {"type", "asterisk_id", "uri", "content_type", "transaction_id"}


def matches(ours: Any, theirs: str) -> bool:
    """Return whether a type of ours is that of the description."""
    if type(None) in get_args(ours):
        ours = next(each for each in get_args(ours) if each is not type(None))
    if theirs == "object":
        return get_origin(ours) is dict
    if theirs.startswith("List["):
        inner = get_args(ours)[0]
        return inner is models.EventType if theirs == "List[object]" else matches(inner, theirs[5:-1])
    return ours is PLAIN_TYPES.get(theirs) or ours.__name__ == theirs
