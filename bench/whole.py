"""The whole of kube9: every stimulus through ``Cluster.handle``, with the plugins that its program loads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from operator import itemgetter

from attrs import define, evolve

import kube9
from bench.shape import CPU_SHARE, MEMORY_SHARE, NODE_CPU_MILLI, NODE_MEMORY_BYTES, Step
from bench.workload import Workload
from kube9.app import DEFAULT_QUEUE, App
from kube9.core.cluster import Cluster
from kube9.core.livetable import LiveTable
from kube9.core.pipeline import Pipeline
from kube9.core.pods import PodSpec
from kube9.core.policy import NodeView
from kube9.core.ports import QueueDiscipline
from kube9.core.settings import Settings
from kube9.core.stimuli import AddNode, LaunchPod, NodeJoined, PodExited
from kube9.plugins.strategy import make_step

__all__ = ["Exchange", "Script", "Whole"]

#: One step of the course, as stimuli.
Exchange = tuple[PodExited, LaunchPod]


@kube9.node_scheduler("best-fit-per-node", local=True)
def best_fit_per_node(_pod: PodSpec, node: NodeView) -> float:
    """Best-fit as somebody would write it who has never heard of NumPy."""
    free = node.free
    return -(free["cpu"] * CPU_SHARE + free["memory"] * MEMORY_SHARE)


@define(eq=False, kw_only=True)
class _Seating(Pipeline):
    """Puts each pod where it is told, so that a cluster of 100,000 nodes is filled in seconds."""

    rows: Iterator[int]

    def decide(self, pod: PodSpec, table: LiveTable) -> int:  # noqa: ARG002 - the signature is the pipeline's
        return next(self.rows)


class Script:
    """A workload as stimuli, made once and played to any number of clusters."""

    def __init__(self, workload: Workload) -> None:
        self.nodes = workload.nodes
        self.rows = tuple(map(itemgetter(0), workload.residents))
        self.residents = tuple(_launch(name, cpu, memory, "seating") for _, name, cpu, memory in workload.residents)
        self.exchanges = tuple(_exchange(at_ms, step) for at_ms, step in enumerate(workload.steps, start=1))


def _exchange(at_ms: int, step: Step) -> Exchange:
    leaving, name, cpu, memory = step
    return PodExited(at_ms=at_ms, uid=leaving, epoch=1), _launch(name, cpu, memory, "", at_ms)


def _launch(name: str, cpu: int, memory: int, scheduler_name: str, at_ms: int = 0) -> LaunchPod:
    spec = PodSpec(name=name, requests={"cpu": cpu, "memory": memory}, scheduler_name=scheduler_name)
    return LaunchPod(at_ms=at_ms, uid=name, spec=spec)


class Whole:
    """kube9 with best-fit, every built-in filter, and its default queue and choice of devices."""

    def __init__(self, name: str, pipeline: Pipeline, discipline: QueueDiscipline, script: Script) -> None:
        self.name = name
        seating = _Seating(
            name="seating",
            scheduler=pipeline.scheduler,
            filters=(),
            chooser=pipeline.chooser,
            owner="bench",
            rows=iter(script.rows),
        )
        self._cluster = Cluster(
            pipelines={pipeline.name: pipeline, seating.name: seating},
            default=pipeline.name,
            discipline=discipline,
            # Each pod that ends pushes an older one out of memory, as it does in any cluster that has run for a while.
            settings=Settings(finished_kept=0),
        )
        self._join(script.nodes)
        for arrival in script.residents:
            self._cluster.handle(arrival)

    @classmethod
    def built_in(cls, script: Script) -> Whole:
        """With best-fit as it comes with kube9."""
        app = _bare_app()
        return cls("kube9", app.make_pipeline("best-fit"), _discipline(app), script)

    @classmethod
    def per_node(cls, script: Script) -> Whole:
        """With best-fit written per node."""
        app = _bare_app()
        pipeline = evolve(app.make_pipeline("best-fit"), name=best_fit_per_node.name, scheduler=best_fit_per_node)
        return cls("per-node", pipeline, _discipline(app), script)

    def run(self, steps: Iterable[Exchange]) -> None:
        """Let one pod leave and one come, at each step."""
        handle = self._cluster.handle
        for exited, launched in steps:
            handle(exited)
            handle(launched)

    def row_of(self, name: str) -> int:
        """-1 where the pod waits."""
        node_uid = self._cluster.pods[name].node_uid
        return -1 if node_uid is None else self._cluster.table.row_of[node_uid]

    def places(self) -> dict[str, int]:
        """The row of every pod."""
        return {name: self.row_of(name) for name in self._cluster.pods}

    def _join(self, nodes: int) -> None:
        for row in range(nodes):
            name = f"node-{row}"
            spec = kube9.NodeSpec(name=name, capacity={"cpu": NODE_CPU_MILLI, "memory": NODE_MEMORY_BYTES})
            self._cluster.handle(AddNode(at_ms=0, uid=name, spec=spec))
            self._cluster.handle(NodeJoined(at_ms=0, uid=name))


def _bare_app() -> App:
    """kube9 as installed, without the plugins of others."""
    return App.load(env={"KUBE9_PLUGINS": ""}, strict=True)


def _discipline(app: App) -> QueueDiscipline:
    return make_step(app.registries.queue_disciplines, DEFAULT_QUEUE)
