"""What would become of the cluster, for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click

from kube9.cli.documents import Source
from kube9.cli.output import Column, show_document, show_table
from kube9.cli.placements import named, show_warnings

__all__ = ["is_refused", "show_prospect"]

Document = Mapping[str, Any]

_MOVES = (Column("pod", whole=True), Column("from", whole=True), Column("to", whole=True), Column("reason"))
#: More names than that are counted instead.
_NAMES_MAX = 5


def show_prospect(answer: Document, output: str, documents: Sequence[Source]) -> None:
    """Show what would move where, and below it what that comes to."""
    show_warnings(answer, documents)
    if output != "table":
        show_document(answer, output)
        return
    rows = [(named(each), each["fromNode"] or "", each["toNode"] or "", each["reason"]) for each in answer["moves"]]
    rows += [(named(each), "", each["nodeName"] or "", each["reason"]) for each in _new(answer)]
    if rows:
        show_table(_MOVES, rows)
    for line in (*_summary(answer), *_losses(answer["losses"])):
        click.echo(line)


def is_refused(answer: Document, *, losses: bool) -> bool:
    """Whether some pod would be without a place that it has now, or asks for.

    :param losses: or would be, were some one node lost after all that.
    """
    places = [each["toNode"] for each in answer.get("moves", ())] + [each["nodeName"] for each in _new(answer)]
    return not all(places) or bool(losses and answer["losses"]["alone"])


def _new(answer: Document) -> list[Document]:
    """The pods that are asked for and are not there yet."""
    return [each for each in answer["items"] if not each["exists"]]


def _summary(answer: Document) -> Iterator[str]:
    moves = answer["moves"]
    moved = [each for each in moves if each["toNode"]]
    yield f"{_pods(moved)} would move." if moved else "No pod would move."
    for cause, what in (("failed", "would wait"), ("drained", "would stay")):
        if left := [each for each in moves if not each["toNode"] and each["cause"] == cause]:
            yield f"{_pods(left)} {what}: {_names(left)}."
    new = _new(answer)
    if refused := [each for each in new if not each["nodeName"]]:
        yield f"{len(refused)} of {_pods(new)} asked for would wait: {_names(refused)}."
    if waiting := answer["stillWaiting"]:
        yield f"{_count(waiting, 'pod')} would wait as now."


def _losses(losses: Document | None) -> Iterator[str]:
    if losses is None:
        return
    nodes, alone, row = losses["nodes"], losses["alone"], losses["inARow"]
    if alone:
        yield f"{len(alone)} of {_count(nodes, 'node')} cannot be lost:"
        yield from (f"  without {_loss(each)} ({each['reason']})" for each in alone[:_NAMES_MAX])
        if len(alone) > _NAMES_MAX:
            yield f"  and {len(alone) - _NAMES_MAX} more, all of which are in -o json"
    elif nodes:
        yield "The only node can be lost." if nodes == 1 else f"Any one of {nodes} nodes can be lost."
    if row and nodes > 1:
        yield f"The fullest first, {row} can be lost in a row{_next(losses['then'])}."


def _loss(loss: Document) -> str:
    return f"{loss['nodeName']} {_pods(loss['pods'])} would wait: {_names(loss['pods'])}"


def _next(loss: Document | None) -> str:
    if loss is None:
        return ""
    return f"; the next, {loss['nodeName']}, would leave {_pods(loss['pods'])} waiting: {_names(loss['pods'])}"


def _pods(pods: Sequence[Document]) -> str:
    return _count(len(pods), "pod")


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def _names(pods: Sequence[Document]) -> str:
    more = f" and {len(pods) - _NAMES_MAX} more" if len(pods) > _NAMES_MAX else ""
    return ", ".join(map(named, pods[:_NAMES_MAX])) + more
