"""Requests as they are counted: how many, how they were answered, and how long they took."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.metrics_core import Metric

__all__ = ["RequestCounts"]

_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class RequestCounts:
    """Durations by endpoint and class of status, such as ``2xx``: labels that nobody outside can make more of."""

    def __init__(self) -> None:
        registry = CollectorRegistry()
        self._durations = Histogram(
            "kube9_request_duration_seconds",
            "How long requests took, from their headers to the end of their answers' first part.",
            ("endpoint", "status"),
            buckets=_BUCKETS_S,
            registry=registry,
        )
        # Finding a child by its labels takes longer than counting with it.
        self._children: dict[tuple[str, int], Histogram] = {}

    def observe(self, endpoint: str, status: int, duration_s: float) -> None:
        """Count one request."""
        key = (endpoint, status // 100)
        child = self._children.get(key)
        if child is None:
            child = self._children[key] = self._durations.labels(endpoint, f"{key[1]}xx")
        child.observe(duration_s)

    def metrics(self) -> list[Metric]:
        """What was counted so far."""
        return list(self._durations.collect())
