"""New, empty databases of both kinds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from bench.suite import of_the_suite

__all__ = ["POSTGRESQL", "SQLITE", "MakeDatabase", "databases"]

SQLITE, POSTGRESQL = "SQLite", "PostgreSQL"

#: Makes one more and returns its URL.
MakeDatabase = Callable[[], str]


@contextmanager
def databases(folder: Path) -> Iterator[dict[str, MakeDatabase]]:
    """How to make one, by kind; PostgreSQL only where it is installed. Its server is there meanwhile."""
    numbers = count(1)
    makers: dict[str, MakeDatabase] = {SQLITE: lambda: f"sqlite:///{folder / f'{next(numbers)}.db'}"}
    postgres = of_the_suite("postgres")
    programs = postgres.programs()
    if programs is None:
        yield makers
        return
    server = postgres.PostgresServer(programs)
    try:
        made = postgres.Databases(server)
        yield {**makers, POSTGRESQL: lambda: server.url(made.make())}
    finally:
        server.close()
