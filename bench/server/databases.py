"""New, empty databases of both kinds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import module_from_spec, spec_from_file_location
from itertools import count
from pathlib import Path
from typing import Any

from bench.server.process import ROOT

__all__ = ["POSTGRESQL", "SQLITE", "MakeDatabase", "databases"]

SQLITE, POSTGRESQL = "SQLite", "PostgreSQL"

#: Makes one more and returns its URL.
MakeDatabase = Callable[[], str]


@contextmanager
def databases(folder: Path) -> Iterator[dict[str, MakeDatabase]]:
    """How to make one, by kind; PostgreSQL only where it is installed. Its server is there meanwhile."""
    numbers = count(1)
    makers: dict[str, MakeDatabase] = {SQLITE: lambda: f"sqlite:///{folder / f'{next(numbers)}.db'}"}
    postgres = _of_the_suite("postgres")
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


def _of_the_suite(name: str) -> Any:
    """A module of ``tests/``, which is no package: it knows how to start what the suite needs."""
    spec = spec_from_file_location(f"kube9_tests_{name}", ROOT / "tests" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
