"""What the files of a version say, as one hash: two versions that say the same have the same."""

from __future__ import annotations

from hashlib import sha256

import msgspec

from .files import RosterFiles


def content_hash(files: RosterFiles) -> str:
    """Return the SHA-256, in hexadecimal, of everything that the files say.

    Comments, blanks, quotes, the order of keys and the names of the files do not count.
    """
    documents = {source.document.path: source.document.data for source in files.teams}
    documents |= {source.document.path: source.document.data for source in files.agents}
    said = [calendar.hash.encode() for source in files.teams for calendar in source.calendars.values()]
    said += (msgspec.json.encode(data, order="sorted") for data in documents.values())
    return sha256(b"\n".join(sorted(said))).hexdigest()
