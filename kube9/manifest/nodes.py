"""Nodes."""

from __future__ import annotations

from typing import Any

from kube9.core.nodes import NodeSpec
from kube9.manifest.metadata import read_node_metadata
from kube9.manifest.placement import read_device_groups, read_taint
from kube9.manifest.reader import NOTHING, Reader
from kube9.manifest.scalars import amounts, boolean, filled_text, list_of, text, text_map
from kube9.manifest.shape import Field, Shape, Treatment, honoured, warned

__all__ = ["NODE", "NODE_SPEC"]

_CORDON = "is not honoured here: a node is cordoned once it is there; use kube9 node cordon"


def _cordoned(reader: Reader, value: Any) -> Any:
    """What is shown of a node says whether it is cordoned, and must be fit to be applied again."""
    if boolean(reader, value) is True:
        reader.warn(_CORDON)
    return NOTHING


NODE_SPEC = Shape(
    "spec of a Node",
    honoured(
        "backend",
        filled_text,
        "text",
        says="What makes the node and runs its pods: the server's own where it is unsaid.",
    ),
    honoured("capacity", amounts, "quantities by resource", says="`pods` is the most pods it takes."),
    honoured("devices", read_device_groups, "list of devices"),
    honoured("taints", list_of(read_taint), "list of taints"),
    honoured("options", text_map, "texts by name", says="For its backend, which refuses those it does not know."),
    Field(name="unschedulable", treatment=Treatment.WARNED, read=_cordoned, says=_CORDON),
)


def read_node_spec(reader: Reader, value: Any) -> Any:
    before = reader.faults
    found = NODE_SPEC.read(reader, value)
    return NOTHING if found is None else reader.named(NodeSpec, {"backend": "", **found}, before)


NODE = Shape(
    "Node",
    honoured("apiVersion", text, "`kube9/v1`"),
    honoured("kind", text, "`Node`"),
    honoured("metadata", read_node_metadata, "metadata", required=True),
    honoured("spec", read_node_spec, "spec of a Node", required=True),
    warned("status", "kube9 keeps this itself"),
    first=("metadata",),
)
