"""What came out of a run."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

from kube9.core.frozen import FrozenMap
from kube9.simulator.chaos.measured import Measures
from kube9.simulator.waits import Waiting

__all__ = ["RunResult", "Series", "named"]


@frozen(kw_only=True)
class Series:
    """How a run went, as means over intervals: the one from ``edges[i]`` to ``edges[i + 1]`` has index ``i``."""

    #: Milliseconds of the trace's clock; in a run without times, how many pods had come.
    edges: tuple[int, ...] = ()
    #: Per resource, the share of what all nodes have that pods held.
    allocation: Mapping[str, tuple[float, ...]] = FrozenMap()
    #: How many nodes had at least one pod.
    nodes_in_use: tuple[float, ...] = ()


@frozen(kw_only=True)
class RunResult:
    """The numbers of one run, and its series; the same job gives an equal result anywhere."""

    instance: str
    scheduler: str
    seed: int | None
    #: How nodes were found to have failed, and how that went; ``None`` where it took a fixed time.
    health: str | None = None
    detection: Measures | None = None
    timed: bool
    #: Pods that came.
    pods: int
    #: Nodes that ever had a pod.
    nodes_used: int
    nodes: int
    #: Nodes with a pod at the end.
    nodes_in_use: int
    #: Pods that were ever bound.
    pods_placed: int
    #: Pods turned away for good.
    pods_dropped: int
    #: Pods without a node at the end.
    pods_waiting: int
    pods_finished: int
    #: Of those dropped or waiting, how many fit no node even when it is empty.
    pods_misfit: int
    #: Bindings of pods that had been bound before.
    moves: int
    node_failures: int
    nodes_lost: int
    #: Per resource, the share of what all nodes have that pods held at the end.
    allocation_final: Mapping[str, float]
    #: The same on average over the run's time; in a run without times, over its pods.
    allocation_mean: Mapping[str, float]
    #: The share held of each resource when so many percent of what there is had been asked for; ``None`` in a run with
    #: times, and where nodes were opened on the way.
    allocation_by_demand: Mapping[str, Mapping[int, float]] | None = None
    #: From creation to first binding, of the pods that were bound; ``None`` in a run without times.
    waiting: Waiting | None
    #: Mean of (time from creation to end) / max(run time, 10 s), at least 1 each, of the pods that finished.
    bounded_slowdown: float | None
    #: On the trace's clock; in a run without times, how many pods had come.
    start_ms: int
    end_ms: int
    #: Empty unless the scenario asked for it.
    series: Series
    #: What people should know of this run, one sentence each.
    notes: tuple[str, ...]

    @property
    def name(self) -> str:
        """What is compared: the scheduler, and the health check where there is one."""
        return named(self.scheduler, self.health)


def named(scheduler: str, health: str | None) -> str:
    """What stands for both."""
    return scheduler if health is None else f"{scheduler}, {health}"
