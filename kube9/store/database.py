"""What the store asks of a kind of database."""

from __future__ import annotations

from typing import Protocol

from sqlalchemy import Connection, Engine

from kube9.core.errors import StoreError
from kube9.store.rowwriter import RowWriter

__all__ = ["Database"]


class Database(Protocol):
    """One database, which this process alone may write to."""

    @property
    def place(self) -> str:
        """Its name in messages, without a password."""

    @property
    def readers(self) -> Engine:
        """Connections that only read, for any thread."""

    @property
    def rows(self) -> RowWriter:
        """What writes to it."""

    @property
    def driver_error(self) -> type[Exception]:
        """What the driver raises where SQLAlchemy does not see it."""

    def claim(self) -> None:
        """Take hold of it, where that can be done before there is a connection.

        :raises StoreLocked: another server works on it.
        :raises StoreError: it cannot be used at all.
        """

    def connect(self) -> Connection:
        """A connection that may write, the only one.

        :raises StoreLocked: another server works on it.
        """

    def error(self, exc: Exception) -> StoreError:
        """What an error of the driver, of SQLAlchemy or of the system means, and what to do about it."""

    def release(self) -> None:
        """Let go of it, with all readers."""
