"""Writes the rows of a commit, in words that both databases share.

Rows come by the ten thousand, and so go to the driver as plain tuples, past what SQLAlchemy would do for each. Every
name in a statement is one of :mod:`kube9.store.schema`; every value is a parameter.
"""
# ruff: noqa: S608  (see above)

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from kube9.core.errors import StoreError
from kube9.store import schema
from kube9.store.batch import TableBatch
from kube9.store.record import StoredEvent
from kube9.store.rows import Row, RowKind

__all__ = ["EVENT_COLUMNS", "RowWriter", "check_updated", "conflict_clause"]

EVENT_COLUMNS = StoredEvent._fields


class RowWriter:
    """:param mark: how the driver writes a parameter."""

    def __init__(self, mark: str) -> None:
        self._mark = mark

    def write(self, connection: Connection, batch: TableBatch) -> None:
        """Within the transaction that is open.

        :raises StoreError: a row that was written before is gone.
        """
        if batch.upserts:
            self.upsert(connection, batch.kind, batch.upserts)
        if batch.updates:
            self.update(connection, batch.kind, batch.updates)
        if batch.deletes:
            self.delete(connection, batch.kind, batch.deletes)

    def upsert(self, connection: Connection, kind: RowKind[Any], rows: list[Row]) -> None:
        statement = self._insert(kind.table.name, kind.columns) + conflict_clause(kind)
        connection.exec_driver_sql(statement, rows)

    def update(self, connection: Connection, kind: RowKind[Any], rows: list[Row]) -> None:
        assigned = ", ".join(f"{column} = {self._mark}" for column in kind.state_columns[:-1])
        statement = f"UPDATE {kind.table.name} SET {assigned} WHERE uid = {self._mark}"
        check_updated(kind, rows, connection.exec_driver_sql(statement, rows).rowcount)

    def delete(self, connection: Connection, kind: RowKind[Any], uids: list[str]) -> None:
        statement = f"DELETE FROM {kind.table.name} WHERE uid = {self._mark}"
        connection.exec_driver_sql(statement, [(uid,) for uid in uids])

    def add_events(self, connection: Connection, events: Sequence[StoredEvent]) -> None:
        """Those that are there already stay as they are."""
        statement = self._insert(schema.events.name, EVENT_COLUMNS) + " ON CONFLICT (id) DO NOTHING"
        connection.exec_driver_sql(statement, list(events))

    def _insert(self, table: str, columns: Sequence[str]) -> str:
        marks = ", ".join([self._mark] * len(columns))
        return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"


def conflict_clause(kind: RowKind[Any]) -> str:
    """What makes an insert replace the row that is there."""
    replaced = ", ".join(f"{column} = excluded.{column}" for column in kind.columns if column != "uid")
    return f" ON CONFLICT (uid) DO UPDATE SET {replaced}"


def check_updated(kind: RowKind[Any], rows: Sequence[Row], updated: int) -> None:
    """:raises StoreError: not every row was there to be updated."""
    if updated != len(rows):
        raise StoreError(
            f"{len(rows) - updated} of {len(rows)} rows of the table {kind.table.name!r} are gone that this server "
            f"wrote: something else changes its database; find out what, then start the server again"
        )
