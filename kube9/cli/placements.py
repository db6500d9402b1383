"""What became of manifests, or would become of them, as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click

from kube9.cli.documents import Source, source_of
from kube9.cli.output import Column, show_document, show_table

__all__ = ["named", "show_applied", "show_plan", "show_warnings"]

Document = Mapping[str, Any]

_PLANNED = (Column("pod", whole=True), Column("node", whole=True), Column("reason"))


def show_applied(answer: Document, output: str, documents: Sequence[Source]) -> None:
    """Show what became of each document: a line each, and on stderr what was not honoured."""
    show_warnings(answer, documents)
    if output != "table":
        show_document(answer, output)
        return
    for item in answer["items"]:
        click.echo(f"{item['kind'].lower()} {named(item)} {item['result']}{_whither(item)}")


def show_plan(answer: Document, output: str, documents: Sequence[Source]) -> None:
    """Show where each pod would go, and on stderr what would not be honoured."""
    show_warnings(answer, documents)
    if output != "table":
        show_document(answer, output)
        return
    items = answer["items"]
    show_table(_PLANNED, [(named(item), item.get("nodeName") or "", item.get("reason") or "") for item in items])
    waiting = sum(not item.get("nodeName") for item in items)
    if waiting:
        click.echo(f"{waiting} of {len(items)} pods would wait.", err=True)


def named(item: Document) -> str:
    """A pod or deployment by its name, with its namespace unless that is the default one."""
    namespace = item.get("namespace") or "default"
    return str(item["name"]) if namespace == "default" else f"{namespace}/{item['name']}"


def _whither(item: Document) -> str:
    """Where a pod went, or why it waits."""
    if item.get("nodeName"):
        return f", on {item['nodeName']}"
    return f", waits: {item['reason']}" if item.get("reason") else ""


def show_warnings(answer: Document, documents: Sequence[Source]) -> None:
    """Say on stderr what is not honoured."""
    for warning in answer.get("warnings") or ():
        click.echo(f"Warning: {source_of(str(warning), documents)}", err=True)
