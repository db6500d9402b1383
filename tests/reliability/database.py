"""Where the server keeps its cluster: a file, or a PostgreSQL that can be crashed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any, Protocol

from attrs import field, frozen

__all__ = ["Database", "PostgresDatabase", "SqliteDatabase", "database"]


class Database(Protocol):
    @property
    def url(self) -> str: ...
    @property
    def can_be_stopped(self) -> bool: ...
    def stop(self, mode: str) -> None: ...
    def start(self) -> None: ...


@frozen
class SqliteDatabase:
    """A file; it goes down with the server and at no other time."""

    path: Path
    can_be_stopped = False

    @property
    def url(self) -> str:
        return f"sqlite:///{self.path}"

    def stop(self, mode: str) -> None:
        raise AssertionError("a file cannot be stopped")

    def start(self) -> None:
        """There is nothing to start."""


@frozen
class PostgresDatabase:
    """A database on a server of our own."""

    server: Any
    url: str = field(init=False)
    can_be_stopped = True

    def __attrs_post_init__(self) -> None:
        name = _beside("postgres").Databases(self.server).make()
        object.__setattr__(self, "url", self.server.url(name))

    def stop(self, mode: str) -> None:
        """:param mode: ``fast``, which closes connections in order, or ``immediate``, which is a crash."""
        self.server.stop(mode)

    def start(self) -> None:
        self.server.ensure_running()


@contextmanager
def database(kind: str, folder: Path) -> Iterator[Database]:
    """A new one; a PostgreSQL server is started for it, and stopped and removed at the end.

    :param kind: ``sqlite`` or ``postgresql``.
    :raises LookupError: PostgreSQL is not installed; the message says how to get it.
    """
    if kind == "sqlite":
        yield SqliteDatabase(folder / "kube9.db")
        return
    postgres = _beside("postgres")
    programs = postgres.programs()
    if programs is None:
        raise LookupError(postgres.HOW_TO_GET_IT)
    server = postgres.PostgresServer(programs)
    try:
        yield PostgresDatabase(server)
    finally:
        server.close()


def _beside(name: str) -> Any:
    """A module of the folder above, which is no package."""
    spec = spec_from_file_location(f"kube9_tests_{name}", Path(__file__).parents[1] / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
