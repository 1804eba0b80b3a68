"""What a request or a connection can fail with.

Every error carries `method`, `path`, `status` (0: Asterisk gave none) and `detail` (Asterisk's own words).
The path is without its query: numbers and names that callers send do not leak into logs.
"""

from __future__ import annotations

from ..core.errors import AstreinteError


class AriError(AstreinteError):
    """Anything that goes wrong between us and ARI."""

    remedy_hint = "see Asterisk's log at that time"

    def __init__(
        self,
        message: str,
        *,
        remedy: str | None = None,
        method: str = "",
        path: str = "",
        status: int = 0,
        detail: str = "",
    ) -> None:
        super().__init__(message, remedy=remedy or self.remedy_hint)
        self.method = method
        self.path = path
        self.status = status
        self.detail = detail


class AriUnavailable(AriError):
    """ARI could not be reached, or is not ready."""


class AuthenticationFailed(AriError):
    """ARI refused the user or the password (401)."""

    remedy_hint = "compare the user and the password with ari.conf, then `module reload res_ari.so`"


class AccessDenied(AriError):
    """ARI knows the user and refuses (403): read-only, or an ACL."""

    remedy_hint = "set `read_only=no` and check `permit`/`deny` of this user in ari.conf"


class AsteriskTooOld(AriError):
    """This Asterisk must not be used: its version has known holes, or lacks what we need."""


class ClientClosed(AriError):
    """The client is closed: nothing more will come, nothing can be sent."""

    remedy_hint = "start the client before using it, and stop its users before closing it"


class RequestNotSent(AriError):
    """The request never left: it is safe to repeat it."""

    remedy_hint = "the client reconnects by itself; repeat the request when it is ready"


class OutcomeUnknown(AriError):
    """The request left and no reply came: it may or may not have been done."""

    remedy_hint = "look at what exists (the ids are yours) before repeating the request"


class RequestRefused(AriError):
    """Asterisk answered with an error."""


class UnexpectedReply(AriError):
    """Asterisk did it, and described it in a way that we cannot read."""

    remedy_hint = "report it with the version of Asterisk"


class BadRequest(RequestRefused):
    """A parameter is missing, unknown to Asterisk or excluded by another (400)."""


class NotFound(RequestRefused):
    """What the path names does not exist (404)."""


class ChannelGone(NotFound):
    """The channel does not exist, or no longer."""

    remedy_hint = "none is needed if its caller hung up; treat it as the end of that leg"


class BridgeGone(NotFound):
    """The bridge does not exist, or no longer."""


class PlaybackGone(NotFound):
    """The playback is over, or never was."""


class RecordingGone(NotFound):
    """There is no such recording."""


class ApplicationUnknown(NotFound):
    """No such Stasis application is registered."""


class Conflict(RequestRefused):
    """The request contradicts the present state (409)."""


class NotInStasis(Conflict):
    """The channel or bridge exists and is in no Stasis application (409; on bridges 422)."""

    remedy_hint = "wait for the channel's StasisStart before commanding it"


class IdInUse(Conflict):
    """The id is that of a live channel or bridge, or a prefix of one (409)."""

    remedy_hint = "choose a new id; give all ids the same length"


class NotAnswered(RequestRefused):
    """The channel is outbound and not yet answered (412)."""

    remedy_hint = "wait until the leg is up before commanding it"


class TooLarge(RequestRefused):
    """The request is larger than Asterisk takes (413)."""

    remedy_hint = "send less at once: Asterisk takes 40,960 bytes (`MAX_CONTENT_LENGTH` in `main/http.c`)"


class Unprocessable(RequestRefused):
    """A value is known and cannot be used here (422)."""


class ServerError(RequestRefused):
    """Asterisk failed (5xx)."""


class AllocationFailed(ServerError):
    """The channel could not be made: an endpoint that is unknown, unregistered or unusable (500)."""

    remedy_hint = "check that the endpoint exists and is registered: `pjsip show endpoints`"


BY_STATUS: dict[int, type[AriError]] = {
    400: BadRequest,
    401: AuthenticationFailed,
    403: AccessDenied,
    404: NotFound,
    409: Conflict,
    412: NotAnswered,
    413: TooLarge,
    422: Unprocessable,
    503: AriUnavailable,
}
"""What a status means where an operation does not say otherwise."""


def refusal(meaning: type[AriError], method: str, path: str, status: int, detail: str) -> AriError:
    """Return the error for a reply with that status."""
    return meaning(
        f"{method} {path}: {status} {detail}", method=method, path=path, status=status, detail=detail
    )
