"""What became of manifests, or would become of them, as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click

from kube9.cli.documents import Source, source_of
from kube9.cli.output import Column, show_document, show_table

__all__ = ["show_applied", "show_plan"]

Document = Mapping[str, Any]

_PLANNED = (Column("pod", whole=True), Column("node", whole=True), Column("reason"))


def show_applied(answer: Document, output: str, documents: Sequence[Source]) -> None:
    """Show what became of each document: a line each, and on stderr what was not honoured."""
    _warn(answer, documents)
    if output != "table":
        show_document(answer, output)
        return
    for item in answer["items"]:
        click.echo(f"{item['kind'].lower()} {_named(item)} {item['result']}{_whither(item)}")


def show_plan(answer: Document, output: str, documents: Sequence[Source]) -> None:
    """Show where each pod would go, and on stderr what would not be honoured."""
    _warn(answer, documents)
    if output != "table":
        show_document(answer, output)
        return
    items = answer["items"]
    show_table(_PLANNED, [(_named(item), item.get("nodeName") or "", item.get("reason") or "") for item in items])
    waiting = sum(not item.get("nodeName") for item in items)
    if waiting:
        click.echo(f"{waiting} of {len(items)} pods would wait.", err=True)


def _named(item: Document) -> str:
    namespace = item.get("namespace") or "default"
    return str(item["name"]) if namespace == "default" else f"{namespace}/{item['name']}"


def _whither(item: Document) -> str:
    """Where a pod went, or why it waits."""
    if item.get("nodeName"):
        return f", on {item['nodeName']}"
    return f", waits: {item['reason']}" if item.get("reason") else ""


def _warn(answer: Document, documents: Sequence[Source]) -> None:
    for warning in answer.get("warnings") or ():
        click.echo(f"Warning: {source_of(str(warning), documents)}", err=True)
