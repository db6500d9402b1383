"""Strategies for whole situations: nodes with pods on them, and a pod to place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from attrs import evolve
from hypothesis import assume
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from kube9.core.frozen import FrozenMap
from kube9.core.livetable import LiveTable
from kube9.core.nodes import Node, NodePhase
from kube9.core.pods import DeviceRequest, PodSpec, Toleration
from kube9.core.table import NodeTable
from kube9.testing.decision import Decision
from kube9.testing.strategies.values import Draw, dressed, more_labels, node_specs, seldom
from kube9.testing.tables import place, ready_node

__all__ = ["decisions", "labelled", "tables"]

#: Phase, cordoned, and being deleted; most nodes are as they should be.
_STATES = (
    *((NodePhase.READY, False, False),) * 20,
    (NodePhase.READY, True, False),
    (NodePhase.READY, False, True),
    *((phase, False, False) for phase in NodePhase),
)
_RESOURCES = ("cpu", "memory", "licence", "gpu")
_SUBSETS = tuple(
    tuple(each for number, each in enumerate(_RESOURCES) if bits >> number & 1) for bits in range(2 ** len(_RESOURCES))
)


@st.composite
def decisions(draw: Draw, *, nodes_max: int = 5, whole: bool = False) -> Decision:
    """A pod and nodes, at least one of which it fits on.

    :param whole: the pod, and all that is placed, asks for some cpu and some memory, and every node has some.
    """
    nodes = _draw_nodes(draw, nodes_max, whole=whole)
    table, placed = _draw_load(draw, nodes, whole=whole)
    rows = [row for row in range(len(table)) if table.schedulable[row] and _has_room(table, row, whole=whole)]
    assume(rows)
    row = draw(st.sampled_from(rows))
    return Decision(pod=_draw_fitting(draw, table, row, "pod", whole=whole), nodes=nodes, placed=placed)


@st.composite
def labelled(draw: Draw, plain: SearchStrategy[Decision], choices: Mapping[str, Sequence[str]]) -> Decision:
    """Those of ``plain``, whose pod and nodes may carry some labels more, with keys and values of ``choices``.

    A label that is there already stays as it is: the pod fits where it fitted.
    """
    decision: Decision = draw(plain)
    more = more_labels(choices)
    nodes = tuple(
        evolve(node, spec=evolve(node.spec, labels={**draw(more), **node.spec.labels})) for node in decision.nodes
    )
    return evolve(decision, pod=evolve(decision.pod, labels={**draw(more), **decision.pod.labels}), nodes=nodes)


@st.composite
def tables(draw: Draw, *, nodes_max: int = 5) -> NodeTable:
    """Nodes of any kind in any phase, with pods on them."""
    table, _ = _draw_load(draw, _draw_nodes(draw, nodes_max, whole=False), whole=False)
    return table


def _draw_nodes(draw: Draw, nodes_max: int, *, whole: bool) -> tuple[Node, ...]:
    # A list of them, named afterwards, so that any of them can be left out on the way to the smallest example.
    drawn = st.tuples(node_specs("n", whole=whole), st.sampled_from(_STATES))
    nodes = []
    for ordinal, (spec, state) in enumerate(draw(st.lists(drawn, min_size=1, max_size=nodes_max))):
        phase, cordoned, deleting = state
        node = ready_node(evolve(spec, name=f"n{ordinal}"), ordinal)
        nodes.append(evolve(node, phase=phase, cordoned=cordoned, deleting=deleting))
    return tuple(nodes)


def _draw_load(
    draw: Draw, nodes: tuple[Node, ...], *, whole: bool
) -> tuple[LiveTable, Mapping[str, tuple[PodSpec, ...]]]:
    """Up to two pods on each node."""
    table = LiveTable()
    for node in nodes:
        table.add(node)
    placed: dict[str, tuple[PodSpec, ...]] = {}
    for row, node in enumerate(nodes):
        for number in range(draw(st.sampled_from((0, 0, 1, 2)))):
            if _has_room(table, row, whole=whole):
                spec = _draw_fitting(draw, table, row, f"{node.name}-{number}", whole=whole)
                place(table, node.uid, spec, spec.name)
                placed[node.name] = (*placed.get(node.name, ()), spec)
    return table, FrozenMap(placed)


def _has_room(table: NodeTable, row: int, *, whole: bool) -> bool:
    needed = ("cpu", "memory", "pods") if whole else ("pods",)
    return all(table.free[resource][row] >= 1 for resource in needed)


def _draw_fitting(draw: Draw, table: NodeTable, row: int, name: str, *, whole: bool) -> PodSpec:
    """A pod that fits on the node of ``row``, were the node Ready."""
    requests = {}
    asked = draw(st.sampled_from(_SUBSETS))
    for resource in _RESOURCES:
        needed = whole and resource in ("cpu", "memory")
        as_devices = resource in table.device_count and table.device_count[resource][row] > 0
        if resource in table.free and not as_devices and (needed or resource in asked):
            left = int(table.free[resource][row])
            requests[resource] = left if draw(seldom()) else draw(st.integers(int(needed), left))
    devices = _draw_devices(draw, table, row) if draw(st.booleans()) else ()
    wanted = table.labels[row] if draw(seldom()) else {}
    needed_tolerations = tuple(
        Toleration(key=taint.key, value=taint.value) for taint in table.taint_sets[table.taint_code[row]]
    )
    return dressed(draw, name, requests, devices, wanted, needed_tolerations, affinity=False)


def _draw_devices(draw: Draw, table: NodeTable, row: int) -> tuple[DeviceRequest, ...]:
    if "gpu" not in table.device_count:
        return ()
    free = sorted(table.devices["gpu"][row, : table.device_count["gpu"][row]].tolist(), reverse=True)
    most = sum(milli > 0 for milli in free)
    if not most:
        return ()
    count = draw(st.integers(1, most))
    model = table.models[table.device_model["gpu"][row]]
    request = DeviceRequest(
        kind="gpu",
        count=count,
        milli=draw(st.integers(1, free[count - 1])),
        models=draw(st.sampled_from(((), (model,)) if model else ((),))),
    )
    return (request,)
