"""What each node has to say to a pod, as a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from kube9.cli.output import Column, show_document, show_table

__all__ = ["show_explanation"]

_COLUMNS = (
    Column("node", whole=True),
    Column("fits", colour=lambda cell: "green" if cell == "yes" else "red"),
    Column("score", right=True),
    Column("winner"),
    Column("reason"),
)


def show_explanation(explanation: Mapping[str, Any], output: str) -> None:
    """Show the nodes with the best first, as the scheduler sees them, and below them those that do not fit."""
    if output != "table":
        show_document(explanation, output)
        return
    nodes = sorted(explanation["nodes"], key=_place)
    winner, node_name = explanation.get("winner"), explanation.get("nodeName")
    show_table(_COLUMNS, [_row(node, winner) for node in nodes])
    decided = f"{winner} wins" if winner else explanation["tally"]
    elsewhere = f" The pod is on {node_name}." if node_name and node_name != winner else ""
    click.echo(f"Scheduler {explanation['scheduler']}: {decided}.{elsewhere}", err=True)


def _place(node: Mapping[str, Any]) -> tuple[bool, bool, float]:
    return not node["fits"], node["triedLast"], -(node.get("score") or 0.0)


def _row(node: Mapping[str, Any], winner: str | None) -> list[str]:
    score = node.get("score")
    return [
        node["name"],
        "yes" if node["fits"] else "no",
        "" if score is None else f"{score:.6g}",
        "*" if node["name"] == winner else "",
        node.get("reason") or ("tried last, as it failed again and again" if node["triedLast"] else ""),
    ]
