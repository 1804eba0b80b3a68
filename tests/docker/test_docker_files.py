"""What the images and compose.yaml promise, read from the files: no engine is needed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
FILES = [
    ROOT / "Dockerfile",
    ROOT / "compose.yaml",
    ROOT / ".dockerignore",
    *sorted(path for path in (ROOT / "docker").rglob("*.*") if path.parent.name != "__pycache__"),
]
TARGETS = ("asterisk", "app")


def stages() -> dict[str, list[tuple[str, str]]]:
    """Return each stage's instructions: (word, the rest)."""
    text = re.sub(
        r"\\\n",
        " ",
        "\n".join(
            line for line in (ROOT / "Dockerfile").read_text("utf-8").splitlines() if not line.startswith("#")
        ),
    )
    found: dict[str, list[tuple[str, str]]] = {}
    name = ""
    for line in filter(None, map(str.strip, text.splitlines())):
        word, _, rest = line.partition(" ")
        if word == "FROM":
            name = rest.rpartition(" AS ")[2]
        found.setdefault(name, []).append((word, rest))
    return found


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    services: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))["services"]
    assert set(services) == set(TARGETS)
    return services


@pytest.mark.parametrize("target", TARGETS)
def test_an_image_runs_as_the_one_user_that_both_share(target: str, services: dict[str, Any]) -> None:
    instructions = stages()[target]
    assert [rest for word, rest in instructions if word == "USER"] == ["astreinte"]
    number = re.search(r"useradd --uid (\d+) --gid (\d+)", " ".join(rest for _, rest in instructions))
    assert number is not None
    assert services[target]["user"] == f"{number[1]}:{number[2]}" == "10001:10001"


@pytest.mark.parametrize("target", TARGETS)
def test_the_health_check_is_the_same_in_image_and_compose_and_its_script_is_there(
    target: str, services: dict[str, Any]
) -> None:
    [check] = [rest for word, rest in stages()[target] if word == "HEALTHCHECK"]
    words = services[target]["healthcheck"]["test"]
    assert words[0] == "CMD"
    assert yaml.safe_load(check.partition("CMD ")[2]) == words[1:]
    assert (ROOT / "docker" / Path(words[-1]).name).is_file()


@pytest.mark.parametrize("target", TARGETS)
def test_a_container_can_do_as_little_as_possible(target: str, services: dict[str, Any]) -> None:
    service = services[target]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service
    assert "cap_add" not in service


def test_nothing_is_published_and_the_line_waits_for_asterisk(services: dict[str, Any]) -> None:
    assert not any("ports" in service for service in services.values())
    assert services["app"]["depends_on"] == {"asterisk": {"condition": "service_healthy"}}


def test_what_admins_write_and_secrets_are_read_only_for_the_line(services: dict[str, Any]) -> None:
    volumes = services["app"]["volumes"]
    writable = {volume.split(":")[0] for volume in volumes if not volume.endswith(":ro")}
    assert writable == {"data", "prompts"}
    assert {"./rosters:/etc/astreinte/rosters:ro", "./ivr_flows:/etc/astreinte/ivr_flows:ro"} <= set(volumes)


def test_prompts_are_at_one_path_for_the_line_and_for_asterisk(services: dict[str, Any]) -> None:
    paths = {
        volume.split(":")[1]
        for service in services.values()
        for volume in service["volumes"]
        if volume.startswith("prompts:")
    }
    assert len(paths) == 1
    environment = " ".join(rest for word, rest in stages()["app"] if word == "ENV")
    assert f"ASTREINTE_PROMPTS__FOLDER={paths.pop()}/" in environment


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_registry_or_mirror_is_named(path: Path) -> None:
    text = path.read_text("utf-8")
    assert not re.search(r"(?i)\b[\w.-]+\.(org|io|com|net|dev)\b", text.replace("sip.example.net", ""))


def test_what_is_installed_from_elsewhere_has_a_known_hash() -> None:
    commands = " && ".join(rest for word, rest in stages()["app-build"] if word == "RUN")
    installs = re.findall(r"pip [^&]*?(?:install|wheel) [^&]*", commands)
    assert len(installs) == 3
    assert all("--require-hashes" in command or "--no-index" in command for command in installs)
