"""A database on a PostgreSQL server."""

from __future__ import annotations

import hashlib
import os
import socket
from typing import Any

import psycopg
from sqlalchemy import URL, Connection, NullPool, QueuePool, create_engine, event, text
from sqlalchemy.exc import DBAPIError

from kube9.core.errors import StoreError, StoreLocked
from kube9.store.copying import CopyingRowWriter
from kube9.store.postgres_errors import postgres_error

__all__ = ["PostgresDatabase"]

#: The lock of a server that was killed is there until PostgreSQL has seen that its connection is.
LOCK_PATIENCE_S = 5

#: What libpq is told, unless the URL says otherwise: a server that went silent is given up within half a minute.
DEFAULTS = {
    "connect_timeout": "5",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "25000",
}

#: The same for PostgreSQL's side, so that a lock does not outlast its holder's machine for long; and no commit waits
#: for ever for a lock that somebody's session holds on a table.
SESSION = (
    "SET tcp_keepalives_idle = 10",
    "SET tcp_keepalives_interval = 5",
    "SET tcp_keepalives_count = 3",
    "SET lock_timeout = '5s'",
    # What is acknowledged is on the disk, whatever a database's own setting saves on; a stricter one stays.
    "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'",
)


class PostgresDatabase:
    """PostgreSQL, by psycopg. The connection that writes holds a lock for as long as it lives, so no other can."""

    driver_error = psycopg.Error

    def __init__(self, url: URL) -> None:
        self.place = url.render_as_string(hide_password=True)
        url = url.set(drivername="postgresql+psycopg", query={**DEFAULTS, "application_name": _name(), **url.query})
        self.rows = CopyingRowWriter()
        self._writers = create_engine(url, poolclass=NullPool)
        event.listen(self._writers, "connect", _prepare)
        # A connection that broke while it lay idle is found out before it is used.
        self.readers = create_engine(
            url,
            poolclass=QueuePool,
            pool_size=2,
            max_overflow=14,
            pool_timeout=5.0,
            pool_pre_ping=True,
            isolation_level="AUTOCOMMIT",
        )

    def claim(self) -> None:
        """Nothing: the lock is the connection's."""

    def connect(self) -> Connection:
        connection = self._writers.connect()
        try:
            self._take_lock(connection)
        except BaseException:
            connection.invalidate()
            connection.close()
            raise
        return connection

    def error(self, exc: Exception) -> StoreError:
        return postgres_error(exc, self.place)

    def release(self) -> None:
        self.readers.dispose()
        self._writers.dispose()

    def _take_lock(self, connection: Connection) -> None:
        key = _lock_key(connection.scalar(text("SELECT current_schema()")) or "")
        try:
            connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_PATIENCE_S}s'"))
            # The lock is the session's, and outlasts this transaction.
            connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": key})
        except DBAPIError as exc:
            if not isinstance(exc.orig, psycopg.errors.LockNotAvailable):
                raise
            connection.rollback()
            raise StoreLocked(
                f"{self.place} is in use by {_holder(connection, key)}; stop that server first, or give this one "
                f"another database (--db)"
            ) from None
        connection.commit()


def _name() -> str:
    return f"kube9 process {os.getpid()} on {socket.gethostname()}"[:63]


def _prepare(connection: Any, _: object) -> None:
    with connection.cursor() as cursor:
        for statement in SESSION:
            cursor.execute(statement)
    connection.commit()


def _lock_key(schema: str) -> int:
    """Locks are per database; within one, a schema each may hold a cluster."""
    digest = hashlib.sha256(f"kube9 store in schema {schema}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def _holder(connection: Connection, key: int) -> str:
    """Who has the lock, as far as this user may know."""
    query = text(
        "SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE l.locktype = 'advisory' "
        "AND l.granted AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
        "AND (l.classid::bigint << 32 | l.objid::bigint) = :key"
    )
    return connection.scalar(query, {"key": key}) or "another server"
