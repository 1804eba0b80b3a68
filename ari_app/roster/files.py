"""The roster files of a folder, read and held against the schema, before they are checked together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..core.documents import Document, load_document, validate
from ..core.findings import Finding
from .schema import AgentEntry, AgentsFile, TeamFile

SUFFIXES = frozenset({".yaml", ".yml"})


@dataclass(frozen=True, slots=True)
class TeamSource:
    """A team's file and where it came from."""

    document: Document
    file: TeamFile


@dataclass(frozen=True, slots=True)
class AgentSource:
    """An agent and where it is defined."""

    document: Document
    id: str
    entry: AgentEntry

    @property
    def loc(self) -> tuple[str, str]:
        """The way to it in its document."""
        return ("agents", self.id)


@dataclass(slots=True)
class RosterFiles:
    """All files of a folder that fit the schema; `findings` tells of those that do not."""

    teams: list[TeamSource] = field(default_factory=list)
    agents: list[AgentSource] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    all_names_known: bool = True
    """False when a file could not be read at all: an agent may be defined there."""
    names_elsewhere: set[str] = field(default_factory=set)
    """Agents that are defined in files with mistakes."""

    def agent_entries(self) -> dict[str, AgentEntry]:
        """Return every agent by id; the first definition counts."""
        entries: dict[str, AgentEntry] = {}
        for agent in self.agents:
            entries.setdefault(agent.id, agent.entry)
        return entries


def read_folder(folder: Path, drafts: Mapping[Path, bytes] | None = None) -> RosterFiles:
    """Read every `*.yaml` and `*.yml` of a folder (not of its subfolders), in the order of their names.

    Of `drafts`, by path, the content is taken instead of the file's: what would be if they were saved.
    """
    drafts = drafts or {}
    files = RosterFiles()
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix in SUFFIXES and path.name[0] != ".")
    except OSError as error:
        paths, found = [], error.strerror or str(error)
    else:
        found = "no file that ends in .yaml or .yml"
    if not paths:
        files.all_names_known = False
        files.findings.append(
            Finding(
                folder,
                1,
                1,
                "there are no rosters",
                found,
                "a folder with a YAML file for each team",
                "write one (docs/rosters.md), or correct the path of the rosters in the settings",
            )
        )
    for path in paths:
        _read_file(path, drafts.get(path), files)
    return files


def _read_file(path: Path, draft: bytes | None, files: RosterFiles) -> None:
    document, findings = load_document(path, draft)
    files.findings += findings
    if document is None:
        files.all_names_known = False
        return
    data = document.data
    if isinstance(data, dict) and "agents" in data and "team" not in data and len(data) == 1:
        shared, findings = validate(document, AgentsFile)
        agents = shared.agents if shared is not None else {}
    else:
        team, findings = validate(document, TeamFile)
        agents = team.agents if team is not None else {}
        if team is not None:
            files.teams.append(TeamSource(document, team))
    files.findings += findings
    files.agents += (AgentSource(document, name, entry) for name, entry in agents.items())
    if findings:
        files.names_elsewhere.update(_names(data))


def _names(data: object) -> Iterator[str]:
    agents = data.get("agents") if isinstance(data, dict) else None
    yield from agents if isinstance(agents, dict) else ()
