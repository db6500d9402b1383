"""One try to give a pod a node, and why it failed."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import evolve

from kube9.core import podlife
from kube9.core.errors import PluginError, SchedulerError
from kube9.core.events import PodBound, SchedulerFailed
from kube9.core.ledger import Ledger
from kube9.core.nodes import Node
from kube9.core.outcome import StartPod
from kube9.core.pipeline import Pipeline
from kube9.core.podlife import NO_DEVICES
from kube9.core.pods import Owner, Pod, PodSpec
from kube9.core.waitgroup import WaitGroup

__all__ = ["Binder"]


class Binder:
    """Sends pods through their pipelines, and writes what comes of it into the ledger."""

    def __init__(self, ledger: Ledger, pipelines: Mapping[str, Pipeline], default: str) -> None:
        self._ledger = ledger
        #: By the name a pod gives; the default also under the empty name.
        self.pipelines = {**pipelines, "": pipelines[default]}
        #: The same names, the default's own first.
        self.names = tuple(dict.fromkeys((default, *pipelines)))
        #: Whether whoever fits nowhere can only be helped by a node that frees something or comes up.
        self.monotone = all(pipeline.monotone for pipeline in pipelines.values())

    def bind(self, pod: Pod, at_ms: int, group: WaitGroup | None = None) -> str | None:
        """Bind ``pod``, the first of ``group`` if it waits already, if it fits somewhere; if not, return why."""
        try:
            row, devices = self._choose(pod.spec)
            if row < 0:
                return self._why_not(pod.spec, group)
        except PluginError as exc:
            self._ledger.events.append(SchedulerFailed(at_ms=at_ms, pod=pod, message=exc.message))
            if group is not None:
                group.reason_at = None
            return exc.message
        node = self._ledger.table.owner(row)
        self._bind(podlife.bound(pod, node.uid, devices), node, at_ms)
        return None

    def bind_new(self, uid: str, spec: PodSpec, ordinal: int, at_ms: int, owner: Owner | None) -> str | None:
        """The same for a pod that nobody knows yet: on the path of most pods it spares a value that none would see.

        Where a plugin fails the answer is an empty text, and nobody is told: that is for the try from the queue.
        """
        try:
            row, devices = self._choose(spec)
            if row < 0:
                return self._why_not(spec, None)
        except PluginError:
            return ""
        node = self._ledger.table.owner(row)
        self._bind(podlife.bound_at_once(uid, spec, ordinal, at_ms, owner, node.uid, devices), node, at_ms)
        return None

    def would_bind(self, pod: Pod) -> tuple[Pod | None, str]:
        """``pod`` as it would be bound now, or ``None`` and why it would wait. Nothing is written down."""
        try:
            bound = self.on_its_place(pod)
            return bound, "" if bound is not None else self._why_not(pod.spec, None)
        except PluginError as exc:
            return None, exc.message

    def on_its_place(self, pod: Pod) -> Pod | None:
        """The same without counting why not, which takes as long as to decide.

        :raises PluginError: a part of its pipeline failed.
        """
        row, devices = self._choose(pod.spec)
        return None if row < 0 else podlife.bound(pod, self._ledger.table.owner(row).uid, devices)

    def twin(self, ledger: Ledger) -> Binder:
        """One that decides alike over another ledger, and keeps scores of its own."""
        # A pipeline knows the scores of one table; were it shared, both would begin afresh at each change of table.
        return Binder(ledger, {name: evolve(self.pipelines[name]) for name in self.names}, self.names[0])

    def pipeline_of(self, spec: PodSpec) -> Pipeline:
        """What a pod of ``spec`` goes through.

        :raises SchedulerError: its scheduler is not there, which can be after a restart without its plugin.
        """
        pipeline = self.pipelines.get(spec.scheduler_name)
        if pipeline is None:
            # Pods of one shape share their reason, so it names none of them.
            raise SchedulerError(
                f"scheduler {spec.scheduler_name!r} is not there; restart with its plugin, or delete what asks for it"
            )
        return pipeline

    def would_help(self, row: int, spec: PodSpec) -> bool:
        """Whether a pod fits on the node of ``row``; a failure to tell counts as yes, for the try that tells of it."""
        try:
            return self.pipeline_of(spec).fits_on(spec, self._ledger.table, row)
        except PluginError:
            return True

    def _choose(self, spec: PodSpec) -> tuple[int, Mapping[str, tuple[int, ...]]]:
        """The row a pod goes to and the devices it gets there; -1 if it fits nowhere."""
        table = self._ledger.table
        pipeline = self.pipelines.get(spec.scheduler_name) or self.pipeline_of(spec)
        row = pipeline.decide(spec, table)
        if row < 0 or not spec.devices:
            return row, NO_DEVICES
        return row, pipeline.choose_devices(spec, table, row)

    def _bind(self, pod: Pod, node: Node, at_ms: int) -> None:
        ledger = self._ledger
        ledger.bind(pod)
        ledger.instructions.append(StartPod(node, pod))
        ledger.events.append(PodBound(at_ms=at_ms, pod=pod, node=node))

    def _why_not(self, spec: PodSpec, group: WaitGroup | None) -> str:
        """The tally of a pod that fits nowhere; the last one if all of its group know that and little has changed.

        To count takes as long as to decide, and where many wait most tries end here.
        """
        table = self._ledger.table
        if group is not None:
            if group.reason_at is not None and not group.untold:
                generation, version = group.reason_at
                if generation == table.generation and table.version - version <= len(table):
                    return group.reason
            group.reason_at = table.stamp
        return self.pipeline_of(spec).tally(spec, table)
