"""The built-in filters: may this pod go to that node?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from kube9.core.hookspecs import hookimpl
from kube9.core.nodes import NodePhase, Taint, TaintEffect
from kube9.core.table import PHASES
from kube9.plugins.runtimes import Runtimes

if TYPE_CHECKING:
    from kube9.core.affinity import NodeSelectorTerm
    from kube9.core.hookspecs import RegisterFilter
    from kube9.core.pods import DeviceRequest, PodSpec
    from kube9.core.ports import BoolArray
    from kube9.core.table import NodeTable


class NodeReady:
    """Only nodes that are Ready, not cordoned and not being deleted take pods."""

    reason = "not ready"
    local = monotone = True

    def fits(self, _pod: PodSpec, nodes: NodeTable) -> BoolArray | None:
        return nodes.schedulable if nodes.unschedulable else None

    def rejections(self, _pod: PodSpec, nodes: NodeTable) -> Iterator[tuple[str, BoolArray]]:
        for code, phase in enumerate(PHASES):
            if phase is not NodePhase.READY:
                yield f"{phase.value.lower()}", nodes.phase == code
        yield "cordoned", nodes.cordoned
        yield "being deleted or looked for", ~nodes.schedulable


class NodeSelector:
    """A node must carry every label the pod selects."""

    reason = "node selector"
    local = monotone = True

    def fits(self, pod: PodSpec, nodes: NodeTable) -> BoolArray | None:
        mask = None
        for key, value in pod.node_selector.items():
            has = nodes.has_label(key, value)
            mask = has if mask is None else mask & has
        return mask

    def rejections(self, pod: PodSpec, nodes: NodeTable) -> Iterator[tuple[str, BoolArray]]:
        for key, value in pod.node_selector.items():
            yield f"not labelled {key}={value}", ~nodes.has_label(key, value)


class NodeAffinity:
    """A node must meet one of the terms that the pod requires, if it requires any."""

    reason = "node affinity"
    local = monotone = True

    def fits(self, pod: PodSpec, nodes: NodeTable) -> BoolArray | None:
        if not pod.node_affinity:
            return None
        mask = np.zeros(len(nodes), dtype=np.bool_)
        for term in pod.node_affinity:
            mask |= self._meets(term, nodes)
        return mask

    @staticmethod
    def _meets(term: NodeSelectorTerm, nodes: NodeTable) -> BoolArray:
        if not term.expressions and not term.fields:
            return np.zeros(len(nodes), dtype=np.bool_)
        mask = np.ones(len(nodes), dtype=np.bool_)
        for asked in term.expressions:
            # Each value that occurs is judged once. Code -1, a node without the label, indexes the last entry.
            values = [*nodes.label_values.get(asked.key, ()), None]
            judged = [asked.matches({} if value is None else {asked.key: value}) for value in values]
            mask &= np.array(judged, dtype=np.bool_)[nodes.label_codes(asked.key)]
        for asked in term.fields:
            mask &= np.array([asked.matches({asked.key: name}) for name in nodes.names], dtype=np.bool_)
        return mask


class Taints:
    """A pod must tolerate every taint of its node that forbids scheduling; ``PreferNoSchedule`` forbids nothing."""

    reason = "untolerated taint"
    local = monotone = True

    def fits(self, pod: PodSpec, nodes: NodeTable) -> BoolArray | None:
        if len(nodes.taint_sets) == 1:
            return None
        tolerated = [self._first_untolerated(pod, taints) is None for taints in nodes.taint_sets]
        return np.array(tolerated, dtype=np.bool_)[nodes.taint_code]

    def rejections(self, pod: PodSpec, nodes: NodeTable) -> Iterator[tuple[str, BoolArray]]:
        for code, taints in enumerate(nodes.taint_sets):
            taint = self._first_untolerated(pod, taints)
            if taint is not None:
                yield f"taint {taint}", nodes.taint_code == code

    @staticmethod
    def _first_untolerated(pod: PodSpec, taints: tuple[Taint, ...]) -> Taint | None:
        for taint in taints:
            forbids = taint.effect is not TaintEffect.PREFER_NO_SCHEDULE
            if forbids and not any(toleration.tolerates(taint) for toleration in pod.tolerations):
                return taint
        return None


class Resources:
    """A node must have enough left of every resource the pod asks for, and room for one more pod.

    What the pod asks for as devices is for the filter of devices to judge.
    """

    reason = "insufficient resources"
    local = monotone = True

    def fits(self, pod: PodSpec, nodes: NodeTable) -> BoolArray | None:
        mask: BoolArray | None = None
        for resource, amount in self._asked(pod):
            enough = self._enough(nodes, resource, amount)
            if mask is None:
                mask = enough
            else:
                mask &= enough
        if nodes.limited_pods:
            room = nodes.free["pods"] >= 1
            mask = room if mask is None else np.logical_and(mask, room, out=mask)
        return mask

    def rejections(self, pod: PodSpec, nodes: NodeTable) -> Iterator[tuple[str, BoolArray]]:
        for resource, amount in self._asked(pod):
            yield f"insufficient {resource}", ~self._enough(nodes, resource, amount)
        yield "too many pods", nodes.free["pods"] < 1

    @staticmethod
    def _asked(pod: PodSpec) -> Iterable[tuple[str, int]]:
        if not pod.devices:
            return pod.requests.items()
        kinds = [request.kind for request in pod.devices]
        return [(resource, amount) for resource, amount in pod.requests.items() if resource not in kinds]

    @staticmethod
    def _enough(nodes: NodeTable, resource: str, amount: int) -> BoolArray:
        enough: BoolArray = nodes.free[resource] >= amount
        if nodes.models and resource in nodes.devices:
            # A bare amount of what a node has as devices could not be taken from any one of them.
            enough &= nodes.device_count[resource] == 0
        return enough


class Devices:
    """A node must have enough devices of an allowed model, each with enough left on it."""

    reason = "insufficient devices"
    local = monotone = True

    def fits(self, pod: PodSpec, nodes: NodeTable) -> BoolArray | None:
        mask: BoolArray | None = None
        for request in pod.devices:
            enough = self._enough(request, nodes)
            if request.models:
                enough &= self._allowed(request, nodes)
            mask = enough if mask is None else mask & enough
        return mask

    def rejections(self, pod: PodSpec, nodes: NodeTable) -> Iterator[tuple[str, BoolArray]]:
        for request in pod.devices:
            if request.models:
                yield f"no {request.kind} of model {' or '.join(request.models)}", ~self._allowed(request, nodes)
            yield f"no {request.count} x {request.milli} milli of {request.kind} left", ~self._enough(request, nodes)

    @staticmethod
    def _enough(request: DeviceRequest, nodes: NodeTable) -> BoolArray:
        fitting = nodes.devices[request.kind] >= request.milli
        if request.count == 1:
            return np.asarray(fitting.any(axis=1))
        return np.asarray(np.count_nonzero(fitting, axis=1) >= request.count)

    @staticmethod
    def _allowed(request: DeviceRequest, nodes: NodeTable) -> BoolArray:
        models = nodes.device_model[request.kind]
        allowed = np.zeros(len(nodes), dtype=np.bool_)
        for code, model in enumerate(nodes.models):
            if model in request.models:
                allowed |= models == code
        return allowed


@hookimpl
def kube9_register_filters(register: RegisterFilter) -> None:
    # In the order in which a node's reason is looked for: what cannot change soon comes first.
    register("node-ready", NodeReady)
    register("node-selector", NodeSelector)
    register("node-affinity", NodeAffinity)
    register("taints", Taints)
    register("runtimes", Runtimes)
    register("resources", Resources)
    register("devices", Devices)
