"""What errors of SQLite mean for whoever runs the server."""

from __future__ import annotations

import errno
import os
import sqlite3

from sqlalchemy import exc as sa

from kube9.core.errors import StoreError, StoreUnavailable

__all__ = ["sqlite_error"]

_FULL = "its disk is full; make room, and the server goes on by itself"

# By what SQLite says: its codes reach Python only from 3.11 on. First those that pass, then those that do not.
_PASSING = (
    ("database or disk is full", _FULL),
    ("database is locked", "another process has locked it, such as a backup or an sqlite3 shell; let that end"),
    ("disk I/O error", "its disk cannot be read or written; make sure that it is not full, and see the system's log"),
)
_LASTING = (
    (
        "malformed",
        "it is damaged; stop the server and restore a backup, or save the rest: sqlite3 FILE .recover | sqlite3 TO",
    ),
    ("file is not a database", "it is no SQLite database; name another file (--db), or restore a backup"),
    ("readonly database", "it cannot be written: the file or its folder is read-only, or was moved or deleted"),
    ("no such table", "a table is missing; restore a backup"),
    ("unable to open database file", "it cannot be opened; see whether the folder is there and may be written"),
)


def sqlite_error(exc: Exception, place: str) -> StoreError:
    """``exc`` in our own words."""
    if isinstance(exc, sa.TimeoutError):
        return StoreUnavailable(f"{place}: too many wait to read from it; try again")
    cause = getattr(exc, "orig", None) or exc
    if isinstance(cause, OSError):
        return _system_error(cause, place)
    said = str(cause)
    for words, meaning in _PASSING:
        if words in said:
            return StoreUnavailable(f"{place}: {meaning} ({said})")
    for words, meaning in _LASTING:
        if words in said:
            return StoreError(f"{place}: {meaning} ({said})")
    kind = StoreUnavailable if isinstance(cause, sqlite3.OperationalError) else StoreError
    return kind(f"{place}: SQLite failed: {said}")


def _system_error(exc: OSError, place: str) -> StoreError:
    if exc.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return StoreUnavailable(f"{place}: {_FULL}")
    if exc.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return StoreError(
            f"{place}: no permission to write {exc.filename}; run as its owner, or name another file (--db)"
        )
    return StoreError(f"{place}: cannot be opened: {os.strerror(exc.errno or 0)}: {exc.filename}")
