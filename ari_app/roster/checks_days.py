"""What must hold of the days that closures name."""

from __future__ import annotations

from collections.abc import Iterator

from ..core.findings import Finding
from ..core.public_holidays import names_of_holidays, public_holidays
from ..core.suggest import nearest
from .files import RosterFiles


def days_are_known(files: RosterFiles) -> Iterator[Finding]:
    """Find names that are neither public holidays nor a list of the same file."""
    for source in files.teams:
        own = source.file.dates
        for index, layer in enumerate(source.file.layers):
            closures = layer.closures
            for field in ("only_on", "except_on") if closures is not None else ():
                for place, name in enumerate(getattr(closures, field) or ()):
                    if not isinstance(name, str) or name in own or public_holidays(name) is not None:
                        continue
                    near = nearest(name, [*own, *names_of_holidays(name[:2].lower())])
                    yield source.document.finding(
                        ("layers", index, "closures", field, place),
                        f"the days `{name}` are unknown",
                        found=f"`{name}`",
                        expected="`fr-public-holidays`, `de-by-public-holidays` …, or a list under `dates`",
                        remedy=f"did you mean `{near}`?"
                        if near
                        else f"name a country's, or add `{name}` under `dates`",
                    )
