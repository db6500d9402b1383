"""Where a database is, as users say it."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from kube9.core.errors import InvalidInput, MissingExtra
from kube9.store.database import Database

__all__ = ["database_at"]


def database_at(address: str) -> Database:
    """The database of a path, or of a URL that begins with ``sqlite:`` or ``postgresql:``. Nothing is opened yet.

    :raises InvalidInput: it is none of these.
    :raises MissingExtra: the driver of PostgreSQL is not installed.
    """
    if "://" not in address:
        return _sqlite(address)
    try:
        url = make_url(address)
    except (ArgumentError, ValueError):
        # The text is not repeated: it may well have a password in it.
        raise InvalidInput("the database's address cannot be read; expected a path, or postgresql://...") from None
    scheme = url.drivername.partition("+")[0]
    if scheme == "sqlite":
        return _sqlite(url.database or "")
    if scheme in ("postgresql", "postgres"):
        return _postgres(url)
    raise InvalidInput(f"there is no database {scheme!r}; expected a path, sqlite:///path or postgresql://...")


def _sqlite(path: str) -> Database:
    if path in ("", ":memory:") or path.startswith("file:"):
        raise InvalidInput(f"the database must be a file, got {path!r}; expected a path, or sqlite:///path")
    from kube9.store.sqlite import SqliteDatabase

    return SqliteDatabase(Path(path).expanduser())


def _postgres(url: URL) -> Database:
    # Its driver need not be installed where it is not used.
    try:
        from kube9.store.postgres import PostgresDatabase
    except ImportError as exc:
        raise MissingExtra(
            f"PostgreSQL needs its driver ({exc}); install it with: pip install 'kube9[postgresql]'"
        ) from exc

    return PostgresDatabase(url)
