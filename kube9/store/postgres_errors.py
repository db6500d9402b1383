"""What errors of PostgreSQL mean for whoever runs the server."""

from __future__ import annotations

import psycopg
from sqlalchemy import exc as sa

from kube9.core.errors import StoreError, StoreUnavailable

__all__ = ["postgres_error"]

#: By the class or the whole of what PostgreSQL calls SQLSTATE; the longest that fits counts.
#: Source: https://www.postgresql.org/docs/current/errcodes-appendix.html
_PASSING = {
    "08": "the connection was lost",
    "25006": "it takes no writes now; is it a standby?",
    "40": "the transaction was ended by PostgreSQL",
    "53": "PostgreSQL has run out of something",
    "53100": "PostgreSQL's disk is full; make room, and the server goes on by itself",
    "53300": "PostgreSQL has no connection left; raise max_connections, or let others end",
    "55P03": "another session has locked its tables; let that end",
    "57": "PostgreSQL is shutting down, starting, or ended the connection",
    "58": "PostgreSQL cannot read or write its files; see its log",
}
_LASTING = {
    "28": "PostgreSQL refused the user or password; see the database's URL",
    "3D000": "there is no such database; make it with: createdb NAME",
    "42501": "the user may not do that; make it the owner of the database",
    "42P01": "a table is missing; restore a backup",
    "XX": "PostgreSQL found damaged data; see its log, and restore a backup",
}

#: Before there is a connection libpq gives words alone.
_REFUSED = (
    ("authentication failed", "28"),
    ("no password supplied", "28"),
    ("no pg_hba.conf entry", "28"),
    ('role "', "28"),
    ('database "', "3D000"),
)


def postgres_error(exc: Exception, place: str) -> StoreError:
    """``exc`` in our own words."""
    if isinstance(exc, sa.TimeoutError):
        return StoreUnavailable(f"{place}: too many wait to read from it; try again")
    cause = getattr(exc, "orig", None) or exc
    said = " ".join(str(cause).split())
    state = (getattr(cause, "sqlstate", None) or "") if isinstance(cause, psycopg.Error) else ""
    if not state:
        state = next((state for words, state in _REFUSED if words in said), "")
    for length in (5, 2):
        if meaning := _PASSING.get(state[:length]):
            return StoreUnavailable(f"{place}: {meaning} ({said})")
        if meaning := _LASTING.get(state[:length]):
            return StoreError(f"{place}: {meaning} ({said})")
    if isinstance(cause, psycopg.OperationalError | OSError):
        return StoreUnavailable(f"{place}: no connection; is PostgreSQL running there? ({said})")
    return StoreError(f"{place}: PostgreSQL failed: {said}")
