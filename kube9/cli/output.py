"""Data on stdout: a table for people, JSON or YAML for programs."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal, TypeVar

import click
from attrs import frozen

__all__ = [
    "FORMATS",
    "WIDE_FORMATS",
    "Column",
    "LinePrinter",
    "output_option",
    "show_document",
    "show_table",
    "wide_output_option",
]

F = TypeVar("F", bound=Callable[..., Any])

#: What ``-o`` takes. JSON and YAML hold the same and are stable; the table may change its looks.
FORMATS = ("table", "json", "yaml")
#: The same where a table has more columns than are good for a narrow terminal.
WIDE_FORMATS = ("table", "wide", "json", "yaml")


@frozen
class Column:
    """One column of a table."""

    title: str
    #: For numbers.
    right: bool = False
    #: Never broken on a terminal, however narrow it is: for names, which are copied from there.
    whole: bool = False
    #: The colour of a cell by what it says, on terminals; ``None`` for none.
    colour: Callable[[str], str] | None = None


def output_option(function: F) -> F:
    """Give a command ``-o table|json|yaml`` as ``output``."""
    return _option(FORMATS, "A table for people, or JSON or YAML for programs.")(function)


def wide_output_option(function: F) -> F:
    """Give a command ``-o table|wide|json|yaml`` as ``output``."""
    return _option(WIDE_FORMATS, "A table for people, one with more columns, or JSON or YAML for programs.")(function)


def _option(formats: Sequence[str], told: str) -> Callable[[F], F]:
    return click.option("-o", "--output", type=click.Choice(formats), default="table", show_default=True, help=told)


def show_document(document: object, output: str) -> None:
    """Write a document of dicts, lists and scalars as ``json`` or ``yaml``, its keys in their order."""
    if output == "json":
        click.echo(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        from kube9.manifest.yamltext import yaml_text

        click.echo(yaml_text(document), nl=False)


def show_table(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
    """Write a table: fitted to a terminal, or whole and plain, without colour or wrapping, to anything else."""
    if sys.stdout.isatty():
        _show_on_terminal(columns, rows)
    else:
        click.echo("\n".join(_plain_lines(columns, rows)))


class LinePrinter:
    """Writes a table whose rows come one by one, each at once; the head comes with the first."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = columns
        self._widths: list[int] = []

    def begin(self, rows: Iterable[Sequence[str]]) -> None:
        """Write the rows that are there already, and the head in any case."""
        shown = [_cells(row) for row in rows]
        self._widths = [len(column.title) for column in self._columns]
        for cells in shown:
            self._widen(cells)
        titles = [column.title.upper() for column in self._columns]
        click.echo(self._line(titles, [{"bold": True}] * len(titles)))
        for cells in shown:
            self._show(cells)

    def show(self, row: Sequence[str]) -> None:
        if not self._widths:
            self.begin([row])
        else:
            self._show(_cells(row))

    def _show(self, cells: Sequence[str]) -> None:
        self._widen(cells)
        looks = [
            {"fg": column.colour(cell) or None} if column.colour else {}
            for column, cell in zip(self._columns, cells, strict=True)
        ]
        click.echo(self._line(cells, looks))
        sys.stdout.flush()

    def _widen(self, cells: Sequence[str]) -> None:
        self._widths = [max(width, len(cell)) for width, cell in zip(self._widths, cells, strict=True)]

    def _line(self, cells: Sequence[str], looks: Sequence[Mapping[str, Any]]) -> str:
        # The last cell is not padded, so that nothing but a long text breaks a line.
        padded = [*map(_padded, cells[:-1], self._columns, self._widths), cells[-1]]
        if os.environ.get("NO_COLOR") or not sys.stdout.isatty():
            return "  ".join(padded).rstrip()
        return "  ".join(click.style(cell, **look) for cell, look in zip(padded, looks, strict=True))


def _show_on_terminal(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False)
    for column in columns:
        side: Literal["left", "right"] = "right" if column.right else "left"
        table.add_column(column.title, justify=side, overflow="fold", no_wrap=column.whole)
    for row in rows:
        # Text: what stands in brackets in a cell is no markup.
        looks = (column.colour(cell) if column.colour else "" for column, cell in zip(columns, row, strict=True))
        table.add_row(*map(Text, row, looks))
    # Console sees to NO_COLOR and to the terminal's width.
    Console().print(table)


def _plain_lines(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> list[str]:
    """One line a row, whatever a cell holds, for ``grep`` and ``awk``."""
    cells = [[column.title.upper() for column in columns], *[[" ".join(cell.split()) for cell in row] for row in rows]]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return ["  ".join(map(_padded, row, columns, widths)).rstrip() for row in cells]


def _cells(row: Sequence[str]) -> list[str]:
    """Each on one line."""
    return [" ".join(cell.split()) for cell in row]


def _padded(cell: str, column: Column, width: int) -> str:
    return cell.rjust(width) if column.right else cell.ljust(width)
