"""Keeps the numbers of a run from what the cluster tells; it never looks at all nodes or pods."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from typing import Any

from kube9.core import events
from kube9.core.pods import Pod
from kube9.simulator.level import Level
from kube9.simulator.result import Series
from kube9.simulator.timeline import Timeline
from kube9.simulator.waits import Waits

__all__ = ["Recorder"]

#: Run times shorter than this count as this much, so that a pod of a second that waits a minute is no catastrophe.
SLOWDOWN_BOUND_MS = 10_000


class Recorder:
    """What happened so far in one run. Node uids must be node names.

    :param resources: of which allocation is kept, in the order they are shown.
    :param start_ms: when the run begins.
    :param run_for_ms: how long the pod of a uid runs; ``None`` for ever.
    """

    def __init__(self, resources: Iterable[str], start_ms: int, run_for_ms: Callable[[str], int | None]) -> None:
        self._run_for_ms = run_for_ms
        #: Per resource, what pods hold and what the nodes have.
        self.held = {resource: Level() for resource in resources}
        self.there = {resource: Level() for resource in self.held}
        self.nodes_in_use = Level()
        self.nodes = self.placed = self.finished = self.moves = self.node_failures = self.nodes_lost = 0
        self.waits = Waits()
        #: How many pods each node has; a node stays here once it had one.
        self.pods_on: dict[str, int] = {}
        self._slowdowns = 0.0
        self._timeline = Timeline((*self.held.values(), *self.there.values(), self.nodes_in_use), start_ms)
        self._hear: Mapping[type[events.Event], Callable[[Any], None]] = {
            events.NodeAdded: self._node_added,
            events.NodeFailed: self._node_failed,
            events.NodeLost: self._node_lost,
            events.PodBound: self._pod_bound,
            events.PodEvicted: self._pod_evicted,
            events.PodFinished: self._pod_finished,
        }

    def hear(self, event: events.Event) -> None:
        """Take note of ``event``; they must come in order of time."""
        if event.at_ms >= self._timeline.next_ms:
            self._timeline.catch_up(event.at_ms)
        hear = self._hear.get(type(event))
        if hear is not None:
            hear(event)

    def allocation_final(self) -> dict[str, float]:
        """Per resource, the share of what all nodes have that pods hold now."""
        return {name: _share(level.value, self.there[name].value) for name, level in self.held.items()}

    def allocation_mean(self, end_ms: int) -> dict[str, float]:
        """The same on average from the start to ``end_ms``."""
        return {name: _share(level.area(end_ms), self.there[name].area(end_ms)) for name, level in self.held.items()}

    @property
    def bounded_slowdown(self) -> float | None:
        """The mean over the pods that finished; ``None`` where none has."""
        return self._slowdowns / self.finished if self.finished else None

    def series(self, end_ms: int) -> Series:
        """How the levels went until ``end_ms``."""
        edges, areas = self._timeline.finish(end_ms)
        size = len(self.held)
        steps = tuple(pairwise(areas))
        return Series(
            edges=edges,
            allocation={
                name: tuple(_share(b[held] - a[held], b[size + held] - a[size + held]) for a, b in steps)
                for held, name in enumerate(self.held)
            },
            nodes_in_use=tuple(
                (b[-1] - a[-1]) / (right - left) for (a, b), (left, right) in zip(steps, pairwise(edges), strict=True)
            ),
        )

    def _node_added(self, event: events.NodeAdded) -> None:
        self.nodes += 1
        for resource, amount in event.node.spec.capacity.items():
            if resource in self.there:
                self.there[resource].change(amount, event.at_ms)

    def _node_failed(self, _: events.NodeFailed) -> None:
        self.node_failures += 1

    def _node_lost(self, _: events.NodeLost) -> None:
        self.nodes_lost += 1

    def _pod_bound(self, event: events.PodBound) -> None:
        pod, at_ms = event.pod, event.at_ms
        if pod.epoch == 1:
            self.placed += 1
            self.waits.add(at_ms - pod.created_at_ms)
        else:
            self.moves += 1
        before = self.pods_on.get(event.node.name, 0)
        self.pods_on[event.node.name] = before + 1
        if not before:
            self.nodes_in_use.change(1, at_ms)
        self._hold(pod, at_ms, 1)

    def _pod_evicted(self, event: events.PodEvicted) -> None:
        self._leave(event.pod, event.node_name, event.at_ms)

    def _pod_finished(self, event: events.PodFinished) -> None:
        pod = event.pod
        assert pod.node_uid is not None, f"pod {pod.name} finished on no node"
        self.finished += 1
        needed_ms = max(self._run_for_ms(pod.uid) or 0, SLOWDOWN_BOUND_MS)
        self._slowdowns += max(1.0, (event.at_ms - pod.created_at_ms) / needed_ms)
        self._leave(pod, pod.node_uid, event.at_ms)

    def _leave(self, pod: Pod, node_name: str, at_ms: int) -> None:
        left = self.pods_on[node_name] = self.pods_on[node_name] - 1
        if not left:
            self.nodes_in_use.change(-1, at_ms)
        self._hold(pod, at_ms, -1)

    def _hold(self, pod: Pod, at_ms: int, sign: int) -> None:
        for resource, amount in pod.spec.requests.items():
            level = self.held.get(resource)
            if level is not None:
                level.change(sign * amount, at_ms)


def _share(held: int, there: int) -> float:
    return held / there if there else 0.0
