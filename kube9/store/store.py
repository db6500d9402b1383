"""The durable state of one cluster."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import NoReturn

from attrs import evolve
from sqlalchemy import Connection, select
from sqlalchemy.exc import SQLAlchemyError

from kube9.core.errors import StoreError, StoreLocked, StoreUnavailable
from kube9.core.outcome import Change
from kube9.store.address import database_at
from kube9.store.batch import WrittenSpecs
from kube9.store.database import Database
from kube9.store.eventlist import find_events
from kube9.store.leader import Term, begin_term, hold_term, read_term, taken_over
from kube9.store.loading import Loaded, load
from kube9.store.record import StoredEvent
from kube9.store.retention import Retention
from kube9.store.upgrade import upgrade

__all__ = ["Store", "open_store"]


def open_store(address: str, *, events_kept: int = 100_000) -> Store:
    """Open a database for this process alone, and make or upgrade its tables.

    :param address: a path for SQLite, ``sqlite:///path``, or ``postgresql://...``.
    :param events_kept: how many of the latest events stay readable.
    :raises InvalidInput: the address says no database.
    :raises MissingExtra: the driver of PostgreSQL is not installed.
    :raises StoreLocked: another server works on it.
    :raises StoreUnavailable: it does not answer now.
    :raises StoreError: it cannot be used; the message says why.
    """
    database = database_at(address)
    try:
        database.claim()
        return Store(database, events_kept=events_kept)
    except BaseException:
        database.release()
        raise


class Store:
    """Keeps a cluster and its events; made by :func:`open_store`.

    One thread commits, and any thread may read events meanwhile. After an error that passes, the next call connects
    anew.
    """

    def __init__(self, database: Database, *, events_kept: int) -> None:
        self._database = database
        #: Held for all that uses the connection that writes.
        self._lock = threading.Lock()
        self._closed = False
        self._connection: Connection | None = None
        self._written = WrittenSpecs()
        #: ``None`` until this server's own has begun.
        self._term: Term | None = None
        with self._lock, self._transaction() as connection:
            upgrade(connection, database.place)
            term = begin_term(connection, database.place)
            self._retention = Retention(connection, events_kept)
        self._term = term

    @property
    def place(self) -> str:
        """The database's name for people, without a password."""
        return self._database.place

    @property
    def cluster(self) -> str:
        """What tells this cluster from others, the same as long as the database lives."""
        return self._held_term.cluster

    def load(self) -> Loaded:
        """All that was committed.

        :raises StoreUnavailable: the database does not answer now.
        :raises StoreError: it is damaged.
        """
        with self._lock, self._transaction() as connection:
            term = read_term(connection, self.place)
            loaded = load(connection, term, self.place)
            self._written.remember((*loaded.nodes, *loaded.pods, *loaded.deployments))
        return loaded

    def note_lease(self, lease_ms: int) -> None:
        """Make it durable that nodes may have a lease as long as this, and none longer.

        :raises StoreUnavailable, StoreError: as :meth:`commit`.
        """
        with self._lock:
            term = evolve(self._held_term, lease_ms=lease_ms)
            with self._transaction() as connection:
                hold_term(connection, term, self.place)
            self._term = term

    def commit(self, changes: Sequence[Change], events: Sequence[StoredEvent] = ()) -> None:
        """Make changes and events durable, all of them or none. The same call may be repeated whatever it raised.

        :param changes: of several for one uid the last one counts.
        :param events: with ids that grow and were not given before.
        :raises StoreUnavailable: the database does not answer, or has no room; it is worth trying again.
        :raises StoreError: it is damaged, or another server has taken over; this one cannot go on.
        """
        with self._lock:
            batch = self._written.batch(changes)
            term = self._term_with(events)
            with self._transaction() as connection:
                hold_term(connection, term, self.place)
                for table in batch.tables:
                    self._database.rows.write(connection, table)
                if events:
                    self._database.rows.add_events(connection, events)
                oldest = self._retention.sweep(connection, term.last_event_id, len(events))
            self._term = term
            self._written.settle(batch)
            self._retention.settle(oldest)

    def events(
        self,
        *,
        after: int = 0,
        before: int | None = None,
        limit: int = 1000,
        newest_first: bool = False,
        object_kind: str | None = None,
        object_uid: str | None = None,
        namespace: str | None = None,
        name: str | None = None,
        types: Collection[str] = (),
    ) -> tuple[StoredEvent, ...]:
        """Events that are kept and meet every condition, by id; from any thread.

        :param after: only those with a higher id.
        :param before: only those with a lower id.
        :param types: only those of one of these; empty for all.
        :raises StoreUnavailable: the database does not answer now.
        """
        with self._reading() as connection:
            return find_events(
                connection,
                after=after,
                before=before,
                limit=limit,
                newest_first=newest_first,
                types=types,
                object_kind=object_kind,
                object_uid=object_uid,
                namespace=namespace,
                name=name,
            )

    def ping(self) -> None:
        """See whether the database answers; from any thread.

        :raises StoreUnavailable: it does not.
        """
        with self._reading() as connection:
            connection.scalar(select(1))

    def close(self) -> None:
        """Let another server have the database. Nothing is lost by not calling this; closing twice is harmless."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._disconnect()
                self._database.release()

    def _term_with(self, events: Sequence[StoredEvent]) -> Term:
        """This server's term as it is once ``events`` are stored."""
        term = self._held_term
        if not events:
            return term
        last = events[-1]
        return evolve(term, last_event_id=max(term.last_event_id, last.id), now_ms=max(term.now_ms, last.at_ms))

    @property
    def _held_term(self) -> Term:
        assert self._term is not None, "a store that was not opened"
        return self._term

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        """A transaction of the one connection that writes; after any error that connection is given up.

        It may have been committed all the same. What is in memory of the tables is forgotten for that reason.
        """
        with self._translated():
            try:
                connection = self._connected()
                with connection.begin():
                    yield connection
            except BaseException:
                self._written.forget()
                self._disconnect()
                raise

    def _connected(self) -> Connection:
        self._check_open()
        if self._connection is None:
            try:
                self._connection = self._database.connect()
            except StoreLocked as exc:
                if self._term is None:
                    raise
                self._wait_or_give_up(self._term, exc)
        return self._connection

    def _wait_or_give_up(self, term: Term, locked: StoreLocked) -> NoReturn:
        """Someone else has the lock that this server had: its own lost connection for a while, or another server."""
        with self._reading() as connection:
            if read_term(connection, self.place).epoch != term.epoch:
                raise taken_over(self.place) from locked
        raise StoreUnavailable(f"waiting for the database: {locked}") from locked

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            # No good-bye, which could wait for a server that is away, but the end of the socket or file.
            connection.invalidate()
            connection.close()

    def _check_open(self) -> None:
        if self._closed:
            raise StoreError(f"{self.place} was closed by this server")

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        self._check_open()
        with self._translated(), self._database.readers.connect() as connection:
            yield connection

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (SQLAlchemyError, OSError, self._database.driver_error) as exc:
            raise self._database.error(exc) from exc
