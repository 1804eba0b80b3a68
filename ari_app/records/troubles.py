"""What the database's errors mean, for the person who has to do something about them."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError

from .database import Database, RecordsUnavailable


class _Trouble(NamedTuple):
    problem: str
    message: str
    remedy: str


_FULL = _Trouble("disk-full", "the disk is full", "free some space on the disk that holds {where}")
_LOCKED = _Trouble(
    "locked",
    "another process keeps the database locked",
    "find it (`fuser {where}`, or pg_stat_activity) and let it finish, or end it",
)
_READ_ONLY = _Trouble(
    "read-only", "the database can only be read", "let this user write {where} and its folder"
)
_DAMAGED = _Trouble(
    "damaged",
    "the file is damaged or is no SQLite database",
    "move {where} aside (then a new one is made), or put a backup in its place",
)
_UNREACHABLE = _Trouble(
    "unreachable", "the database server does not answer", "start it, or mend the address {where}"
)
_LOGIN = _Trouble(
    "login-refused", "the database server refuses the login", "mend user and password in {where}"
)

# SQLite's result codes by their names (sqlite.org/rescode.html) and PostgreSQL's SQLSTATEs (its manual,
# appendix A); the longest beginning that fits counts.
_TROUBLES = {
    "SQLITE_FULL": _FULL,
    "SQLITE_BUSY": _LOCKED,
    "SQLITE_LOCKED": _LOCKED,
    "SQLITE_READONLY": _READ_ONLY,
    "SQLITE_CANTOPEN": _Trouble(
        "cannot-open", "the file cannot be opened", "let this user read and write {where} and its folder"
    ),
    "SQLITE_NOTADB": _DAMAGED,
    "SQLITE_CORRUPT": _DAMAGED,
    "SQLITE_IOERR": _Trouble(
        "disk-error",
        "the disk cannot be read or written",
        "see to the disk that holds {where} (`dmesg`, `df`)",
    ),
    "08": _UNREACHABLE,
    "57P": _UNREACHABLE,
    "53100": _FULL,
    "53300": _Trouble(
        "full-house", "the server has no connection left", "raise max_connections, or close some"
    ),
    "55P03": _LOCKED,
    "40": _LOCKED,
    "57014": _LOCKED,
    "28": _LOGIN,
    "25006": _READ_ONLY,
    "42501": _Trouble(
        "read-only", "this user may not write the tables", "GRANT ALL on them to the user of {where}"
    ),
    "3D000": _Trouble("no-database", "the database does not exist", "create it: `createdb {name}`"),
}


def explain(error: BaseException, database: Database) -> RecordsUnavailable:
    """Return what went wrong and what to do, from an error raised while the database was used."""
    if isinstance(error, RecordsUnavailable):
        return error
    trouble = _trouble(error, database)
    where = database.file or database.shown
    remedy = trouble.remedy.format(where=where, name=database.url.database)
    return RecordsUnavailable(trouble.problem, f"{trouble.message}: {where}", remedy=remedy)


def is_bad_data(error: BaseException) -> bool:
    """Whether the rows are to blame and not the database: trying the same rows again cannot help."""
    if isinstance(error, DBAPIError):
        binding = isinstance(error.orig, sqlite3.ProgrammingError) and not _code(error)
        return binding or isinstance(error, IntegrityError) or _code(error).startswith(_BAD_DATA)
    if isinstance(error, StatementError):  # a value that cannot be turned into its column's type
        return True
    return isinstance(error, (OverflowError, TypeError, ValueError)) and not isinstance(error, OSError)


_BAD_DATA = ("22", "23", "SQLITE_CONSTRAINT", "SQLITE_MISMATCH", "SQLITE_TOOBIG")


def _trouble(error: BaseException, database: Database) -> _Trouble:
    code = _code(error)
    for length in range(len(code), 1, -1):
        if trouble := _TROUBLES.get(code[:length]):
            folder = database.file.parent if database.file else None
            if trouble.problem == "cannot-open" and folder is not None and not folder.is_dir():
                return _Trouble("folder-missing", "its folder does not exist", f"create the folder {folder}")
            return trouble
    lost = isinstance(error, DBAPIError) and error.connection_invalidated
    if lost or (database.file is None and isinstance(error, OSError)):  # refused, timed out, unknown host
        return _UNREACHABLE
    reason = str(getattr(error, "orig", None) or error).strip().split("\n")[0] or type(error).__name__
    return _Trouble("failing", f"the database says: {reason}", "see to the database {where}")


def _code(error: BaseException) -> str:
    """Return SQLite's or PostgreSQL's code of an error, or nothing."""
    original = getattr(error, "orig", None) or error
    return str(getattr(original, "sqlite_errorname", None) or getattr(original, "sqlstate", None) or "")
