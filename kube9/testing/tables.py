"""Node tables made on the spot, with pods already on their nodes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kube9.core.errors import InvalidInput
from kube9.core.frozen import FrozenMap
from kube9.core.livetable import LiveTable
from kube9.core.nodes import Node, NodePhase, NodeSpec
from kube9.core.pods import DeviceRequest, Pod, PodPhase, PodSpec
from kube9.core.table import NodeTable

__all__ = ["table_of"]

_NOTHING: Mapping[str, Iterable[PodSpec]] = FrozenMap()


def table_of(nodes: Iterable[NodeSpec | Node], placed: Mapping[str, Iterable[PodSpec]] = _NOTHING) -> NodeTable:
    """The table of ``nodes`` in this order; those given as a spec are Ready.

    :param placed: by node name, the pods that run there already. Each gets the node's first devices with enough left.
    :raises InvalidInput: a name of ``placed`` is no node's, or a node has no room for what is to be placed there.
    """
    table = LiveTable()
    uids: dict[str, str] = {}
    for ordinal, each in enumerate(nodes):
        node = each if isinstance(each, Node) else ready_node(each, ordinal)
        uids[node.name] = node.uid
        table.add(node)
    for name, specs in placed.items():
        if name not in uids:
            raise InvalidInput(f"there is no node {name!r} to place a pod on; the nodes are {', '.join(uids)}")
        for number, spec in enumerate(specs):
            place(table, uids[name], spec, f"{name}/{number}")
    return table


def ready_node(spec: NodeSpec, ordinal: int) -> Node:
    """A node that has joined as number ``ordinal``."""
    return Node(uid=f"uid-{spec.name}", spec=spec, ordinal=ordinal, phase=NodePhase.READY)


def place(table: LiveTable, node_uid: str, spec: PodSpec, uid: str) -> Pod:
    """Let a pod of ``spec`` run on a node, and return it."""
    row = table.row_of[node_uid]
    for resource, amount in {**spec.requests, "pods": 1}.items():
        left = int(table.free[resource][row]) if resource in table.free else 0
        if left < amount:
            raise InvalidInput(f"node {table.names[row]!r} has {left} of {resource} left, pod {uid!r} takes {amount}")
    devices = FrozenMap({request.kind: _first_with_room(table, row, request) for request in spec.devices})
    pod = Pod(
        uid=uid,
        spec=spec,
        ordinal=0,
        created_at_ms=0,
        phase=PodPhase.RUNNING,
        node_uid=node_uid,
        epoch=1,
        devices=devices,
    )
    table.place(pod)
    return pod


def _first_with_room(table: NodeTable, row: int, request: DeviceRequest) -> tuple[int, ...]:
    free = table.devices[request.kind][row].tolist() if request.kind in table.devices else []
    indices = [index for index, milli in enumerate(free) if milli >= request.milli]
    if len(indices) < request.count:
        raise InvalidInput(
            f"node {table.names[row]!r} has {free} milli left on its {request.kind} devices; a pod takes "
            f"{request.count} x {request.milli}"
        )
    return tuple(indices[: request.count])
