"""Records: the rows of a CSV table and the objects of a JSON-lines file, under one face."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any, NoReturn, TypeVar

from attrs import define, field, frozen

from kube9.core.errors import FileError, InvalidInput
from kube9.files.fields import shown
from kube9.files.rows import Columns, Table, open_table
from kube9.files.text import open_text

__all__ = ["NameBook", "Record", "is_json_lines", "read_objects", "read_records", "record_of"]

T = TypeVar("T")
D = TypeVar("D")


@frozen(kw_only=True)
class Record:
    """One thing of a file: its fields by name, those left empty not among them."""

    path: str
    line: int
    values: Mapping[str, object]

    def read(self, name: str, parse: Callable[[object], T], default: D) -> T | D:
        """Parse the field ``name``; ``default`` where it is empty or absent.

        :raises FileError: with line and field of what ``parse`` finds wrong.
        """
        if name not in self.values:
            return default
        return self.need(name, parse)

    def need(self, name: str, parse: Callable[[object], T]) -> T:
        """The same for a field that must be there."""
        if name not in self.values:
            raise self.fault("expected a value, there is none", name)
        try:
            return parse(self.values[name])
        except InvalidInput as exc:
            raise self.fault(str(exc), name) from exc

    def fault(self, problem: str, name: str | None = None) -> FileError:
        return FileError(self.path, problem, line=self.line, column=name)


@define
class NameBook:
    """The names given so far and their lines; each may be given once."""

    #: What bears the names: ``pod``.
    what: str
    _lines: dict[object, int] = field(factory=dict)

    def claim(self, name: str, path: str, line: int, namespace: str = "") -> None:
        """:raises FileError: an earlier line, which is named, has the name already."""
        first = self._lines.setdefault((namespace, name) if namespace else name, line)
        if first != line:
            where = f" in namespace {namespace!r}" if namespace else ""
            raise FileError(
                path, f"{self.what} {name!r}{where} is named on line {first} already", line=line, column="name"
            )


def is_json_lines(head: str) -> bool:
    """Whether a file that begins with ``head`` holds JSON objects rather than a table."""
    return head.lstrip().startswith("{")


def read_records(path: str, columns: Columns, *, json_lines: bool, json_only: tuple[str, ...] = ()) -> Iterator[Record]:
    """The records of a file, in its order.

    :param json_only: fields that have no form in a table.
    :raises FileError: the file cannot be read or a line is malformed.
    """
    if json_lines:
        yield from read_objects(path, columns, json_only=json_only)
        return
    with open_table(path, columns) as table:
        for cells in table:
            yield record_of(table, cells)


def record_of(table: Table, cells: list[str]) -> Record:
    """The row last given by ``table``, as a record."""
    values = {name: cell for name, cell in zip(table.header, cells, strict=True) if cell.strip()}
    return Record(path=table.path, line=table.line, values=values)


def read_objects(path: str, columns: Columns, *, json_only: tuple[str, ...] = ()) -> Iterator[Record]:
    """The records of a JSON-lines file: one object a line, blank lines apart.

    :raises FileError: the file cannot be read, or a line is no object of the known fields.
    """
    allowed = Columns(required=columns.required, optional=columns.optional + json_only, prefix=columns.prefix)
    good: set[tuple[str, ...]] = set()  # most objects of a file have the same fields; check each set of them once
    with open_text(path) as stream:
        for line, written in enumerate(stream, start=1):
            if not written.strip():
                continue
            values = _object(path, line, written)
            names = tuple(values)
            if names not in good:
                if problem := allowed.fault(names):
                    raise FileError(path, problem.replace("column", "field"), line=line)
                good.add(names)
            yield Record(path=path, line=line, values={k: v for k, v in values.items() if v not in (None, "")})


def _object(path: str, line: int, written: str) -> dict[str, Any]:
    try:
        value = json.loads(written, object_pairs_hook=_unique, parse_float=Decimal, parse_constant=_refuse)
    except RecursionError:
        raise FileError(path, "this JSON is nested too deeply", line=line) from None
    except json.JSONDecodeError as exc:
        raise FileError(path, f"this is not valid JSON: {exc.msg} at character {exc.pos + 1}", line=line) from exc
    except ValueError as exc:
        raise FileError(path, f"this is not usable JSON: {exc}", line=line) from exc
    if not isinstance(value, dict):
        raise FileError(path, f"expected a JSON object, got {shown(value)}", line=line)
    return value


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    values = dict(pairs)
    if len(values) != len(pairs):
        names = [name for name, _ in pairs]
        raise InvalidInput(f"{next(name for name in names if names.count(name) > 1)!r} is given twice")
    return values


def _refuse(constant: str) -> NoReturn:
    raise InvalidInput(f"{constant} is not a number that can be used")
