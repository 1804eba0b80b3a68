"""The roster files of a folder, read and held against the schema, before they are checked together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..core.documents import Document, load_document, read_content, validate
from ..core.findings import Finding
from .calendars import Calendar, Feeds, no_feeds, read_calendars
from .ical_duty import CalendarDuty, NamedEvent, name_events, names_of
from .schema import AgentEntry, AgentsFile, TeamFile

SUFFIXES = frozenset({".yaml", ".yml"})


@dataclass(frozen=True, slots=True)
class ReadFile:
    """One file by itself; `document` is None if there is nothing to go on with."""

    document: Document | None
    team: TeamFile | None = None
    agents: Mapping[str, AgentEntry] = field(default_factory=dict)
    findings: Sequence[Finding] = ()

    @classmethod
    def of(cls, path: Path, content: bytes) -> ReadFile:
        """Read a file's content and hold it against the schema."""
        document, findings = load_document(path, content)
        if document is None:
            return cls(None, findings=findings)
        data = document.data
        if isinstance(data, dict) and "agents" in data and "team" not in data and len(data) == 1:
            shared, mistakes = validate(document, AgentsFile)
            return cls(document, None, shared.agents if shared else {}, [*findings, *mistakes])
        team, mistakes = validate(document, TeamFile)
        return cls(document, team, team.agents if team else {}, [*findings, *mistakes])


class KnownFiles:
    """The files of a folder that was read, each as long as it holds the same: most of the time is in them."""

    def __init__(self) -> None:
        self._files: dict[Path, tuple[bytes, ReadFile]] = {}

    def read(self, path: Path, content: bytes) -> ReadFile:
        """Return a file with some content, read again only if that is new."""
        known = self._files.get(path)
        if known is None or known[0] != content:
            known = self._files[path] = content, ReadFile.of(path, content)
        return known[1]

    def keep(self, paths: Iterable[Path]) -> None:
        """Forget all other files."""
        self._files = {path: known for path in paths if (known := self._files.get(path))}


@dataclass(frozen=True, slots=True)
class TeamSource:
    """A team's file and where it came from; `calendars` are those of its layers, by the layers' ids."""

    document: Document
    file: TeamFile
    calendars: Mapping[str, Calendar] = field(default_factory=dict)


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
    _named_events: dict[str, dict[str, tuple[NamedEvent, ...]]] | None = None
    _duties: dict[str, dict[str, CalendarDuty]] | None = None

    def agent_entries(self) -> dict[str, AgentEntry]:
        """Return every agent by id; the first definition counts."""
        entries: dict[str, AgentEntry] = {}
        for agent in self.agents:
            entries.setdefault(agent.id, agent.entry)
        return entries

    def named_events(self) -> Mapping[str, Mapping[str, tuple[NamedEvent, ...]]]:
        """Return the events of calendars with the agents that they name, by team and layer."""
        if self._named_events is None:
            with_calendars = [source for source in self.teams if source.calendars]
            names = names_of(self.agent_entries()) if with_calendars else {}
            self._named_events = {
                source.file.team: {
                    layer: name_events(calendar.events, names) for layer, calendar in source.calendars.items()
                }
                for source in with_calendars
            }
        return self._named_events

    def duties(self) -> Mapping[str, Mapping[str, CalendarDuty]]:
        """Return who is on call by calendars, by team and layer."""
        if self._duties is None:
            self._duties = {
                team: {layer: CalendarDuty(events) for layer, events in calendars.items()}
                for team, calendars in self.named_events().items()
            }
        return self._duties


def read_folder(
    folder: Path,
    drafts: Mapping[Path, bytes] | None = None,
    feeds: Feeds = no_feeds,
    known: KnownFiles | None = None,
) -> RosterFiles:
    """Read every `*.yaml` and `*.yml` of a folder (not of its subfolders), in the order of their names.

    Of `drafts`, by path, the content is taken instead of the file's: what would be if they were saved.
    `feeds` gives the calendars that layers name by an address. What is `known` of before is not read again.
    """
    drafts = drafts or {}
    known = known or KnownFiles()
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
        content = drafts[path] if path in drafts else read_content(path)
        if isinstance(content, Finding):
            files.all_names_known = False
            files.findings.append(content)
        else:
            _read_file(path, content, files, feeds, known)
    known.keep(paths)
    return files


def _read_file(path: Path, content: bytes, files: RosterFiles, feeds: Feeds, known: KnownFiles) -> None:
    read = known.read(path, content)
    files.findings += read.findings
    document = read.document
    if document is None:
        files.all_names_known = False
        return
    if read.team is not None:
        calendars, more = read_calendars(document, read.team, feeds)
        files.teams.append(TeamSource(document, read.team, calendars))
        files.findings += more
    files.agents += (AgentSource(document, name, entry) for name, entry in read.agents.items())
    if read.findings:
        files.names_elsewhere.update(_names(document.data))


def _names(data: object) -> Iterator[str]:
    agents = data.get("agents") if isinstance(data, dict) else None
    yield from agents if isinstance(agents, dict) else ()
