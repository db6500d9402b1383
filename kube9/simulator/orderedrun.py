"""A run without times: pods come one after the other, and what was placed stays."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kube9.core.nodes import NodeSpec
from kube9.core.ports import Arrival
from kube9.core.stimuli import AddNode, DeletePod, LaunchPod, NodeJoined
from kube9.simulator.demand import Demand
from kube9.simulator.driver import Driver
from kube9.simulator.emptynodes import EmptyNodes
from kube9.simulator.misfits import Misfits
from kube9.simulator.nodespec import NodePlan

__all__ = ["OrderedRun"]


class OrderedRun:
    """Each pod is placed or dropped for good before the next one comes; the clock counts pods.

    There is no backend: nothing happens between two pods that one could tell of.

    :param openable: the shape of node that can be opened, where one can.
    :param misfits: judges by every node there is or could be opened.
    """

    #: How many pods have come when the first one comes.
    start_ms = ahead_ms = 0

    def __init__(
        self,
        plan: NodePlan,
        arrivals: Sequence[Arrival],
        driver: Driver,
        openable: EmptyNodes | None,
        misfits: Misfits,
    ) -> None:
        self._plan, self._arrivals, self.driver = plan, arrivals, driver
        self._openable, self.misfits = openable, misfits
        self.dropped = self.came = self._opened = 0
        #: Allocation by what had been asked for; ``None`` before the run, and where nodes are opened on the way.
        self.demand: Demand | None = None

    def run(self, order: Sequence[int], progress: Callable[[int], None]) -> int:
        """Let the pods come; returns the time at the end."""
        for node in self._plan.nodes:
            self._add_node(node)
        if self._openable is None:
            self.demand = Demand(self.driver.recorder.held, self.driver.recorder.there)
        for position in order:
            self._place(position)
            if self.demand is not None:
                self.demand.note(self._arrivals[position].pod.requests)
            self.came += 1
            progress(1)
        return self.came

    def notes(self) -> Sequence[str]:
        return ()

    def _place(self, position: int) -> None:
        pod, uid, cluster = self._arrivals[position].pod, str(position), self.driver.cluster
        self.driver.handle(LaunchPod(at_ms=self.came, uid=uid, spec=pod))
        if cluster.waiting and self._openable is not None and self._openable.fit(pod):
            self._open_node()
        if cluster.waiting:
            self.driver.handle(DeletePod(at_ms=self.came, uid=uid))
            self.misfits.judge(position, pod)
            self.dropped += 1

    def _open_node(self) -> None:
        self._opened += 1
        self._add_node(self._plan.opened(self._opened))

    def _add_node(self, spec: NodeSpec) -> None:
        self.driver.handle(AddNode(at_ms=self.came, uid=spec.name, spec=spec))
        self.driver.handle(NodeJoined(at_ms=self.came, uid=spec.name))
