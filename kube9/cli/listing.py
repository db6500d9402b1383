"""One document or many, shown as is asked for: as a table of chosen fields, or unchanged."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import click
from attrs import frozen

from kube9.cli.output import Column, show_document, show_table

__all__ = ["Field", "columns_of", "row_of", "show_list", "show_object", "show_on_one_line"]

Document = Mapping[str, Any]


@frozen
class Field:
    """One column of a table and where its cells come from."""

    column: Column
    cell: Callable[[Document], str]
    #: Shown only where much is asked for.
    wide: bool = False


def columns_of(fields: Iterable[Field], output: str) -> list[Column]:
    return [field.column for field in fields if output == "wide" or not field.wide]


def row_of(document: Document, fields: Iterable[Field], output: str) -> list[str]:
    return [field.cell(document) for field in fields if output == "wide" or not field.wide]


def show_list(kind: str, documents: Iterable[Document], output: str, fields: Sequence[Field]) -> None:
    """Show ``documents``, which are all of one ``kind``; the pages that they came in are gone."""
    documents = list(documents)
    if output in ("table", "wide"):
        if sys.stdout.isatty() and output == "table":
            # Room is scarce there, and whoever cuts columns out is not there.
            fields = [field for field in fields if not documents or any(map(field.cell, documents))]
        show_table(columns_of(fields, output), [row_of(document, fields, output) for document in documents])
    else:
        show_document({"apiVersion": "kube9/v1", "kind": f"{kind}List", "items": documents}, output)


def show_object(document: Document, output: str, lines: Callable[[Document], Iterable[tuple[str, str]]]) -> None:
    """Show one document; as a table it is a name and a text per line, without those that have nothing to say."""
    if output in ("json", "yaml"):
        show_document(document, output)
        return
    told = [(name, text) for name, text in lines(document) if text]
    width = max(len(name) for name, _ in told) + 3
    for name, text in told:
        first, *more = text.splitlines()
        click.echo("\n".join([f"{name + ':':{width}}{first}", *(" " * width + line for line in more)]))


def show_on_one_line(document: Document, output: str) -> None:
    """Show one of a stream of documents: a line of JSON, or a document of YAML."""
    if output == "json":
        click.echo(json.dumps(document, ensure_ascii=False))
    else:
        click.echo("---")
        show_document(document, output)
