"""What a request supposes, and what would come of it as a document."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from kube9.api.endpoint import Call
from kube9.api.manifests import below
from kube9.core.errors import ManifestError, Problem
from kube9.core.losses import Loss, Losses
from kube9.core.nodes import NodeSpec
from kube9.core.whatif import PodMove, Prospect, WhatIf

__all__ = ["FIELDS", "prospect_document", "supposed"]

#: The fields of a body that suppose something.
FIELDS = ("fail", "drain", "add", "losses")

Document = dict[str, Any]
T = TypeVar("T")


def supposed(call: Call, body: Mapping[str, Any]) -> tuple[WhatIf, list[str]]:
    """What ``body`` supposes of nodes, and what of the nodes to be added is not honoured.

    :raises ManifestError: with everything that is wrong in these fields.
    """
    problems: list[Problem] = []
    warnings: list[str] = []

    def node(place: str, document: object) -> NodeSpec | None:
        try:
            manifest = call.services.parser.document(document, kind="Node")  # type: ignore[arg-type]  # it looks
        except ManifestError as exc:
            problems.extend(below(place, exc).problems)
            return None
        warnings.extend(f"{place}: {warning}" for warning in manifest.warnings)
        return manifest.spec if isinstance(manifest.spec, NodeSpec) else None

    def name(place: str, value: object) -> str | None:
        if isinstance(value, str):
            return value
        problems.append(Problem(place, f"expected the name of a node, got {str(value)[:100]}"))
        return None

    most = call.services.limits.items
    fail, drain = (_each(body, field, name, problems, most) for field in ("fail", "drain"))
    add = _each(body, "add", node, problems, most)
    losses = body.get("losses", any(field in body for field in ("fail", "drain", "add")))
    if not isinstance(losses, bool):
        problems.append(Problem("losses", f"expected true or false, got {str(losses)[:100]}"))
    if problems:
        raise ManifestError(problems)
    return WhatIf(fail=fail, drain=drain, add=add, losses=losses), warnings


def _each(
    body: Mapping[str, Any],
    field: str,
    read: Callable[[str, object], T | None],
    problems: list[Problem],
    most: int,
) -> list[T]:
    values = body.get(field, [])
    if not isinstance(values, list) or len(values) > most:
        problems.append(Problem(field, f"expected a list of at most {most}"))
        return []
    done = (read(f"{field}[{index}]", value) for index, value in enumerate(values))
    return [value for value in done if value is not None]


def prospect_document(prospect: Prospect) -> Document:
    """All but where the pods that are asked for would go."""
    return {
        "moves": [_move(each) for each in prospect.moves],
        "stillWaiting": prospect.still_waiting,
        "losses": None if prospect.losses is None else _losses(prospect.losses),
    }


def _move(move: PodMove) -> Document:
    return {
        "name": move.pod.name,
        "namespace": move.pod.namespace,
        "cause": move.cause,
        "fromNode": move.from_node,
        "toNode": move.to_node,
        "reason": move.reason,
    }


def _losses(losses: Losses) -> Document:
    return {
        "nodes": losses.nodes,
        "alone": [_loss(each) for each in losses.alone],
        "inARow": losses.in_a_row,
        "then": None if losses.then is None else _loss(losses.then),
    }


def _loss(loss: Loss) -> Document:
    pods = [{"name": pod.name, "namespace": pod.namespace} for pod in loss.pods]
    return {"nodeName": loss.node_name, "pods": pods, "reason": loss.reason}
