"""A database in a file of this machine."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, NullPool, QueuePool, create_engine, event

from kube9.core.errors import StoreError
from kube9.store.lockfile import LockFile
from kube9.store.rowwriter import RowWriter
from kube9.store.sqlite_errors import sqlite_error

__all__ = ["SqliteDatabase"]

#: How long a statement waits for another process, such as one that makes a backup.
BUSY_S = 5.0

#: A transaction of ten thousand rows stays in memory until its commit.
CACHE_KIB = 64 * 1024

#: After a large transaction the log shrinks to this.
LOG_BYTES_MAX = 64 * 1024 * 1024


class SqliteDatabase:
    """SQLite with a write-ahead log: readers never wait for the writer, nor it for them."""

    driver_error = sqlite3.Error

    def __init__(self, path: Path) -> None:
        # The lock's name follows from the file's own, whatever links lead to it.
        self._path = Path(os.path.realpath(path))
        self.place = str(self._path)
        self.rows = RowWriter("?")
        self._lock: LockFile | None = None
        self._writers = self._engine(poolclass=NullPool)
        event.listen(self._writers, "connect", self._prepare_writer)
        # As the writer is alone, it can say at once that it will write; the driver would begin with a mere read.
        event.listen(self._writers, "begin", _begin)
        self.readers = self._engine(poolclass=QueuePool, pool_size=2, max_overflow=14, pool_timeout=BUSY_S)
        event.listen(self.readers, "connect", _prepare_reader)

    def claim(self) -> None:
        try:
            self._make_folder()
            self._lock = LockFile(self._path.with_name(self._path.name + ".lock"))
            self._make_file()
        except OSError as exc:
            raise self.error(exc) from exc

    def connect(self) -> Connection:
        return self._writers.connect()

    def error(self, exc: Exception) -> StoreError:
        return sqlite_error(exc, self.place)

    def release(self) -> None:
        self.readers.dispose()
        self._writers.dispose()
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def _engine(self, **options: Any) -> Engine:
        # With isolation level None the driver begins no transactions of its own accord.
        arguments = {"timeout": BUSY_S, "check_same_thread": False, "isolation_level": None}
        return create_engine(URL.create("sqlite", database=str(self._path)), connect_args=arguments, **options)

    def _make_folder(self) -> None:
        missing = [folder for folder in self._path.parents if not folder.exists()]
        for folder in reversed(missing):
            folder.mkdir(mode=0o700, exist_ok=True)

    def _make_file(self) -> None:
        """Make the file so that its owner alone can read it: it holds the secrets of pods. What is there stays."""
        file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        os.close(file)
        # That the file is there at all must outlast a power cut too.
        folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
        os.fsync(folder)
        os.close(folder)

    def _prepare_writer(self, connection: Any, _: object) -> None:
        (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        if mode != "wal":
            raise StoreError(
                f"{self.place} cannot be used with a write-ahead log; is it on a network file system? Put it on a disk "
                f"of this machine (--db)"
            )
        # FULL: a commit waits until the disk has it, so that what was acknowledged outlasts a power cut.
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        connection.execute(f"PRAGMA journal_size_limit = {LOG_BYTES_MAX}")


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _prepare_reader(connection: Any, _: object) -> None:
    connection.execute("PRAGMA query_only = ON")
