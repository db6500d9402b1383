"""Prometheus metrics. Labels are phases, resources and endpoints: none that nodes or pods can make more of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from typing import TYPE_CHECKING

from flask import Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from kube9 import __version__
from kube9.api.endpoint import Answer, Call, Resource
from kube9.core.nodes import NodePhase
from kube9.core.pods import PodPhase

if TYPE_CHECKING:
    from kube9.api.services import Services

__all__ = ["RESOURCE", "PlaneMetrics"]

RESOURCE = Resource("metrics", "Numbers for Prometheus.")


@RESOURCE.endpoint(
    "GET",
    "/metrics",
    answers={200: Answer("Metrics in Prometheus's text format.", media_type="text/plain")},
)
def show_metrics(call: Call) -> Response:
    """Tell Prometheus how many of everything there are, and how long it takes."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(PlaneMetrics(call.services))
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class PlaneMetrics(Collector):
    """Reads the numbers when they are asked for: nothing is counted twice, and nothing is out of date."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def collect(self) -> Iterator[Metric]:
        """Every metric there is."""
        yield InfoMetricFamily("kube9", "The server.", {"version": __version__})
        yield from self._cluster()
        yield from self._resources()
        yield from self._plane()
        yield _gauge(
            "kube9_event_streams", "Streams of events, logs and commands that are open.", self._services.streams.open
        )
        yield _gauge("kube9_commands", "Commands in containers that run.", self._services.sessions.count)
        yield from self._services.requests.metrics()

    def _cluster(self) -> Iterator[Metric]:
        view = self._services.plane.view
        nodes, pods = view.nodes(), view.pods()
        yield _by_word("kube9_nodes", "Nodes by phase.", "phase", _counted(NodePhase, (node.phase for node in nodes)))
        yield _gauge("kube9_nodes_cordoned", "Nodes that take no new pods.", sum(node.cordoned for node in nodes))
        yield _by_word("kube9_pods", "Pods by phase.", "phase", _counted(PodPhase, (pod.phase for pod in pods)))
        yield _gauge("kube9_pods_ready", "Pods that run and are ready.", sum(pod.ready for pod in pods))
        restarts = "How often containers were started again on their nodes, of the pods that there are."
        yield _gauge("kube9_container_restarts", restarts, sum(pod.restarts for pod in pods))
        yield _gauge("kube9_deployments", "Deployments.", view.counts()[2])

    def _resources(self) -> Iterator[Metric]:
        capacity: Counter[str] = Counter()
        allocated: Counter[str] = Counter()
        for node, used in self._services.plane.view.node_usage():
            capacity.update(node.spec.capacity)
            allocated.update(used.amounts)
        unit = "cpu in thousandths of a core, memory in bytes"
        yield _by_word("kube9_capacity", f"What all nodes have: {unit}.", "resource", capacity)
        yield _by_word("kube9_allocated", f"What pods hold of it: {unit}.", "resource", allocated)
        if (measured := self._services.plane.usage.total()) is not None:
            amounts = dict(zip(("cpu", "memory"), measured, strict=True))
            yield _by_word("kube9_measured", f"What pods really take: {unit}.", "resource", amounts)

    def _plane(self) -> Iterator[Metric]:
        status = self._services.plane.status()
        yield _gauge("kube9_ready", "1 while the server takes on work.", status.ready)
        yield _gauge("kube9_store_ok", "1 while the last commit went well.", status.store_ok)
        yield _gauge("kube9_pods_waiting", "Pods that wait for a node.", status.pods_waiting)
        held = "1 while pods of nodes that are down stay there, since most nodes seem to be dead."
        yield _gauge("kube9_moves_held", held, bool(status.moves_held))
        yield _gauge("kube9_stimuli_waiting", "What waits for the loop.", status.stimuli_waiting)
        yield _gauge("kube9_instructions_waiting", "What backends are still to be told.", status.instructions_waiting)
        yield _gauge("kube9_last_commit_seconds", "How long the last commit took.", status.last_commit_us / 1e6)
        counted = {
            "kube9_turns": ("Turns of the loop; stimuli per turn tell how full they are.", status.turns),
            "kube9_stimuli": ("What the loop has handled.", status.stimuli_handled),
            "kube9_commits": ("Transactions of the store.", status.commits),
            "kube9_commit_failures": ("Transactions that failed, and were tried again.", status.commit_failures),
            "kube9_instructions": ("What backends were told.", status.instructions_begun),
            "kube9_heartbeats": ("Heartbeats that were heard.", status.heartbeats),
            "kube9_events": ("Events so far, those of earlier lives included.", status.last_event_id),
        }
        for name, (about, value) in counted.items():
            yield CounterMetricFamily(name, about, value)


def _gauge(name: str, about: str, value: float) -> Metric:
    return GaugeMetricFamily(name, about, float(value))


def _by_word(name: str, about: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(name, about, labels=[label])
    for word, value in sorted(values.items()):
        family.add_metric([word], value)
    return family


def _counted(words: type[Enum], found: Iterable[Enum]) -> dict[str, int]:
    """How often each word was found; 0 for those that were not, so that no series comes and goes."""
    counts = Counter(found)
    return {str(word.value): counts[word] for word in words}
