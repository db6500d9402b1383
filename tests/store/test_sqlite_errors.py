from __future__ import annotations

import errno
import sqlite3

import pytest
from sqlalchemy import exc as sa

from kube9.core.errors import StoreError, StoreUnavailable
from kube9.store.sqlite_errors import sqlite_error

SAYS = sqlite3.OperationalError


@pytest.mark.parametrize(
    "exc,kind,message",
    [
        (SAYS("database or disk is full"), StoreUnavailable, "its disk is full; make room"),
        (SAYS("database is locked"), StoreUnavailable, "another process has locked it"),
        (SAYS("database table is locked"), StoreUnavailable, "SQLite failed: database table is locked"),
        (SAYS("disk I/O error"), StoreUnavailable, "its disk cannot be read or written"),
        (sqlite3.DatabaseError("database disk image is malformed"), StoreError, "it is damaged; stop the server"),
        (sqlite3.DatabaseError("file is not a database"), StoreError, "it is no SQLite database"),
        (SAYS("attempt to write a readonly database"), StoreError, "it cannot be written"),
        (SAYS("unable to open database file"), StoreError, "it cannot be opened"),
        (SAYS("no such table: pods"), StoreError, "a table is missing; restore a backup"),
        (sqlite3.IntegrityError("NOT NULL constraint failed"), StoreError, "SQLite failed: NOT NULL"),
        (OSError(errno.ENOSPC, "x"), StoreUnavailable, "its disk is full"),
        (PermissionError(errno.EACCES, "x", "/a"), StoreError, "no permission to write /a"),
        (OSError(errno.ENOTDIR, "x", "/a"), StoreError, "cannot be opened: Not a directory: /a"),
        (sa.TimeoutError(), StoreUnavailable, "too many wait to read from it"),
    ],
    ids=str,
)
def test_an_error_says_what_to_do_and_whether_to_wait(exc, kind, message):
    told = sqlite_error(exc, "/a/kube9.db")
    assert type(told) is kind
    assert str(told).startswith(f"/a/kube9.db: {message}")


def test_what_sqlalchemy_wraps_is_unwrapped():
    wrapped = sa.OperationalError("INSERT hunter2", {}, SAYS("database is locked"))
    told = str(sqlite_error(wrapped, "db"))
    assert "locked" in told
    assert "hunter2" not in told
