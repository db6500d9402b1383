"""Data on stdout: a table for people, JSON or YAML for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click
from attrs import frozen

__all__ = ["FORMATS", "Column", "output_option", "show_document", "show_table"]

F = TypeVar("F", bound=Callable[..., Any])

#: What ``-o`` takes. JSON and YAML hold the same and are stable; the table may change its looks.
FORMATS = ("table", "json", "yaml")


@frozen
class Column:
    """One column of a table."""

    title: str
    #: For numbers.
    right: bool = False


def output_option(function: F) -> F:
    """Give a command ``-o table|json|yaml`` as ``output``."""
    return click.option(
        "-o",
        "--output",
        type=click.Choice(FORMATS),
        default="table",
        show_default=True,
        help="A table for people, or JSON or YAML for programs.",
    )(function)


def show_document(document: object, output: str) -> None:
    """Write a document of dicts, lists and scalars as ``json`` or ``yaml``, its keys in their order."""
    if output == "json":
        click.echo(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        import yaml

        click.echo(yaml.safe_dump(document, sort_keys=False, allow_unicode=True), nl=False)


def show_table(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
    """Write a table: fitted to a terminal, or whole and plain, without colour or wrapping, to anything else."""
    if sys.stdout.isatty():
        _show_on_terminal(columns, rows)
    else:
        click.echo("\n".join(_plain_lines(columns, rows)))


def _show_on_terminal(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(column.title, justify="right" if column.right else "left", overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))  # Text: what stands in brackets in a cell is no markup
    # Console sees to NO_COLOR and to the terminal's width.
    Console().print(table)


def _plain_lines(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> list[str]:
    """One line a row, whatever a cell holds, for ``grep`` and ``awk``."""
    cells = [[column.title.upper() for column in columns], *[[" ".join(cell.split()) for cell in row] for row in rows]]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return ["  ".join(map(_padded, row, columns, widths)).rstrip() for row in cells]


def _padded(cell: str, column: Column, width: int) -> str:
    return cell.rjust(width) if column.right else cell.ljust(width)
