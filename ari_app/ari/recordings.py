"""The recordings resource: live ones, and those that are files."""

from __future__ import annotations

from collections.abc import Sequence

from .errors import RecordingGone
from .http_lane import Sink
from .models import LiveRecording, StoredRecording
from .operations import Lane, command, returning, returning_file
from .resource import Resource

_GONE = {404: RecordingGone}

LIST_STORED = returning(list[StoredRecording], "GET", "/recordings/stored", lane=Lane.HTTP)
GET_STORED = returning(
    StoredRecording, "GET", "/recordings/stored/{recordingName}", lane=Lane.HTTP, meanings=_GONE
)
DELETE_STORED = command("DELETE", "/recordings/stored/{recordingName}", lane=Lane.HTTP, meanings=_GONE)
GET_STORED_FILE = returning_file("/recordings/stored/{recordingName}/file", meanings=_GONE)
COPY_STORED = returning(
    StoredRecording, "POST", "/recordings/stored/{recordingName}/copy", lane=Lane.HTTP, meanings=_GONE
)
GET_LIVE = returning(LiveRecording, "GET", "/recordings/live/{recordingName}", meanings=_GONE)
CANCEL = command("DELETE", "/recordings/live/{recordingName}", meanings=_GONE)
STOP = command("POST", "/recordings/live/{recordingName}/stop", meanings=_GONE)
PAUSE = command("POST", "/recordings/live/{recordingName}/pause", meanings=_GONE)
UNPAUSE = command("DELETE", "/recordings/live/{recordingName}/pause", meanings=_GONE)
MUTE = command("POST", "/recordings/live/{recordingName}/mute", meanings=_GONE)
UNMUTE = command("DELETE", "/recordings/live/{recordingName}/mute", meanings=_GONE)


class Recordings(Resource):
    """Recordings. A name may hold slashes: they are folders below Asterisk's recording folder."""

    __slots__ = ()

    async def list_stored(self, *, deadline: float | None = None) -> Sequence[StoredRecording]:
        """Return every stored recording."""
        return await self._send(LIST_STORED, deadline=deadline)

    async def get_stored(self, recording_name: str, *, deadline: float | None = None) -> StoredRecording:
        """Return a stored recording's name and format. Raises RecordingGone."""
        return await self._send(GET_STORED, (recording_name,), deadline=deadline)

    async def delete_stored(self, recording_name: str, *, deadline: float | None = None) -> None:
        """Delete its file. Raises RecordingGone."""
        await self._send(DELETE_STORED, (recording_name,), deadline=deadline)

    async def get_stored_file(
        self, recording_name: str, *, into: Sink | None = None, deadline: float | None = None
    ) -> bytes:
        """Return its file, whole; with `into` it goes there, piece by piece, and nothing is returned.

        Raises RecordingGone, AccessDenied (it could not be opened), and what `into` raises.
        """
        return await self._send(GET_STORED_FILE, (recording_name,), deadline=deadline, into=into)

    async def copy_stored(
        self, recording_name: str, *, destination_recording_name: str, deadline: float | None = None
    ) -> StoredRecording:
        """Copy its file under another name. Raises RecordingGone, Conflict (that name exists)."""
        return await self._send(
            COPY_STORED,
            (recording_name,),
            {"destinationRecordingName": destination_recording_name},
            None,
            deadline,
        )

    async def get_live(self, recording_name: str, *, deadline: float | None = None) -> LiveRecording:
        """Return a recording that is being made. Raises RecordingGone."""
        return await self._send(GET_LIVE, (recording_name,), deadline=deadline)

    async def cancel(self, recording_name: str, *, deadline: float | None = None) -> None:
        """Stop it and throw it away. Raises RecordingGone."""
        await self._send(CANCEL, (recording_name,), deadline=deadline)

    async def stop(self, recording_name: str, *, deadline: float | None = None) -> None:
        """Stop it and keep it. Raises RecordingGone."""
        await self._send(STOP, (recording_name,), deadline=deadline)

    async def pause(self, recording_name: str, *, deadline: float | None = None) -> None:
        """Pause it. Raises RecordingGone, Conflict."""
        await self._send(PAUSE, (recording_name,), deadline=deadline)

    async def unpause(self, recording_name: str, *, deadline: float | None = None) -> None:
        """Go on with it. Raises RecordingGone, Conflict."""
        await self._send(UNPAUSE, (recording_name,), deadline=deadline)

    async def mute(self, recording_name: str, *, deadline: float | None = None) -> None:
        """Record silence from now on. Raises RecordingGone, Conflict."""
        await self._send(MUTE, (recording_name,), deadline=deadline)

    async def unmute(self, recording_name: str, *, deadline: float | None = None) -> None:
        """Record sound again. Raises RecordingGone, Conflict."""
        await self._send(UNMUTE, (recording_name,), deadline=deadline)
