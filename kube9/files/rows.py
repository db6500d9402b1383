"""CSV tables with a header, read strictly: every fault names its line and column."""

from __future__ import annotations

import csv
import difflib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from operator import itemgetter
from typing import Any, TypeVar

from attrs import field, frozen

from kube9.core.errors import FileError, InvalidInput
from kube9.files.text import open_text

__all__ = ["Columns", "Table", "header_of", "open_table"]

T = TypeVar("T")
D = TypeVar("D")


@frozen(kw_only=True)
class Columns:
    """The columns a table may have; any order will do."""

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    #: Further columns whose names begin with this are taken too; empty for none.
    prefix: str = ""

    @property
    def known(self) -> tuple[str, ...]:
        return self.required + self.optional

    def knows(self, name: str) -> bool:
        return name in self.known or (bool(self.prefix) and name.startswith(self.prefix) and name != self.prefix)

    def share(self, names: Sequence[str]) -> float:
        """Which part of ``names``, from 0 to 1, are columns of this table; tells its kind from others."""
        return sum(map(self.knows, names)) / len(names) if names else 0.0

    def fault(self, names: Iterable[str]) -> str:
        """All that is wrong with a header of ``names``, in one sentence; empty where nothing is."""
        given = list(names)
        faults = [_listed("missing column", [name for name in self.required if name not in given])]
        faults.append(_listed("unknown column", [name for name in given if not self.knows(name)], self.known))
        faults.append(_listed("repeated column", sorted({name for name in given if given.count(name) > 1})))
        found = "; ".join(filter(None, faults))
        return f"{found}; known are {self._told()}" if found else ""

    def _told(self) -> str:
        more = (f"{self.prefix}<name>",) if self.prefix else ()
        return ", ".join(self.known + more)


def _listed(fault: str, names: Sequence[str], known: Sequence[str] = ()) -> str:
    if not names:
        return ""
    shown = [f"{name!r}{_nearest(name, known)}" for name in names[:8]]
    more = f" and {len(names) - 8} more" if len(names) > 8 else ""
    return f"{fault}{'s' if len(names) > 1 else ''} {', '.join(shown)}{more}"


def _nearest(name: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f" (did you mean {near[0]!r}?)" if near else ""


@frozen(eq=False)
class Table:
    """An open CSV file whose header was found good. Iterating gives the cells of each row, as many as the header."""

    path: str
    header: tuple[str, ...]
    _reader: Any = field(repr=False)

    @property
    def line(self) -> int:
        """The line on which the row last given ends."""
        return int(self._reader.line_num)

    def __iter__(self) -> Iterator[list[str]]:
        width = len(self.header)
        try:
            for cells in self._reader:
                if len(cells) == width:
                    yield cells
                elif cells:
                    raise self.fault(f"expected {width} cells, as many as the header has, got {len(cells)}")
        except csv.Error as exc:
            raise self.fault(f"this is not valid CSV: {exc}") from exc

    def picker(self, columns: Iterable[str]) -> Callable[[list[str]], Any]:
        """A fast function from a row to its cells of ``columns``, which the table must have."""
        positions = [self.header.index(column) for column in columns]
        return itemgetter(*positions) if positions else _nothing

    def required(self, column: str, parse: Callable[[str], T]) -> Callable[[list[str]], T]:
        """A fast function from a row to what ``parse`` makes of its cell of ``column``, which must not be empty.

        It raises :class:`FileError` with line and column of what ``parse`` finds wrong.
        """
        position = self.header.index(column)

        def read(cells: list[str]) -> T:
            cell = cells[position]
            if not cell:
                raise self.fault("expected a value, the cell is empty", column)
            try:
                return parse(cell)
            except InvalidInput as exc:
                raise self.fault(str(exc), column) from exc

        return read

    def optional(self, column: str, parse: Callable[[str], T], default: D) -> Callable[[list[str]], T | D]:
        """The same, with ``default`` where the cell is empty or the table lacks the column."""
        if column not in self.header:
            return lambda _: default
        position, read = self.header.index(column), self.required(column, parse)
        return lambda cells: read(cells) if cells[position] else default

    def fault(self, problem: str, column: str | None = None) -> FileError:
        """The error to raise for the row last given."""
        return FileError(self.path, problem, line=self.line, column=column)


def _nothing(_: list[str]) -> tuple[()]:
    return ()


@contextmanager
def open_table(path: str, columns: Columns) -> Iterator[Table]:
    """Open a CSV file and check its header against ``columns``; rows are read while the ``with`` lasts.

    :raises FileError: the file cannot be read, has no header, or lacks or has columns it should not.
    """
    with open_text(path) as stream:
        reader = csv.reader(stream, skipinitialspace=True, strict=True)
        header = _header(path, reader)
        if problem := columns.fault(header):
            raise FileError(path, problem, line=reader.line_num)
        yield Table(path, header, reader)


def header_of(head: str) -> tuple[str, ...]:
    """The column names in the beginning of a file; nonsense where it is no CSV."""
    first = next((line for line in head.splitlines() if line.strip()), "")
    return tuple(name.strip().strip('"') for name in first.split(","))


def _header(path: str, reader: Any) -> tuple[str, ...]:
    try:
        for cells in reader:
            if cells:
                return tuple(cell.strip() for cell in cells)
    except csv.Error as exc:
        raise FileError(path, f"this is not valid CSV: {exc}", line=reader.line_num) from exc
    raise FileError(path, "the file is empty")
