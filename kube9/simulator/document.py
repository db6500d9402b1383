"""Results as a document of plain values, for programs; described in docs/reference/simulate-json.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kube9 import __version__
from kube9.simulator.chaos.measured import Measures
from kube9.simulator.notes import gathered
from kube9.simulator.result import RunResult
from kube9.simulator.scenario import Scenario
from kube9.simulator.waits import Waiting

__all__ = ["document_of"]


def document_of(scenario: Scenario, results: Sequence[RunResult]) -> dict[str, Any]:
    """Dicts, lists and scalars; the same scenario gives the same document."""
    told = scenario.told
    return {
        "kube9": __version__,
        "trace": told.trace,
        "nodes": list(told.nodes),
        "mode": "timed" if scenario.timed else "arrivals-only",
        "queue": scenario.queue,
        "arrivalsFirst": scenario.arrivals_first,
        "devices": scenario.devices,
        "fail": told.fail,
        "detectMs": scenario.detect_ms if scenario.faults is not None and not scenario.healths else None,
        "health": list(scenario.healths),
        "faults": told.weather,
        "untilMs": scenario.until_ms,
        "notes": list(gathered(scenario, results)),
        "runs": [_run(result) for result in results],
    }


def _run(result: RunResult) -> dict[str, Any]:
    timed = result.timed
    return {
        "instance": result.instance,
        "scheduler": result.scheduler,
        "health": result.health,
        "seed": result.seed,
        "nodes": result.nodes,
        "nodesUsed": result.nodes_used,
        "nodeFailures": result.node_failures,
        "nodesLost": result.nodes_lost,
        "pods": result.pods,
        "podsPlaced": result.pods_placed,
        "podsDropped": result.pods_dropped,
        "podsWaiting": result.pods_waiting,
        "podsFinished": result.pods_finished,
        "podsMisfit": result.pods_misfit,
        "moves": result.moves,
        "allocation": {
            "final": dict(result.allocation_final),
            "timeWeighted": dict(result.allocation_mean),
            "byDemand": _by_demand(result.allocation_by_demand),
        },
        "waitingMs": _waiting(result.waiting),
        "boundedSlowdown": result.bounded_slowdown,
        "detection": _detection(result.detection),
        "startMs": result.start_ms if timed else None,
        "endMs": result.end_ms if timed else None,
    }


def _by_demand(told: Mapping[str, Mapping[int, float]] | None) -> dict[str, list[list[float]]] | None:
    """Pairs rather than an object: keys of JSON are text."""
    if told is None:
        return None
    return {resource: [[percent, share] for percent, share in shares.items()] for resource, shares in told.items()}


def _detection(told: Measures | None) -> dict[str, Any] | None:
    if told is None:
        return None
    return {
        "crashesFound": told.crashes_found,
        "suspectedMs": {"median": told.suspect_ms, "max": told.suspect_ms_worst},
        "failedMs": {"median": told.fail_ms, "max": told.fail_ms_worst},
        "falseSuspicionsPerNodeDay": told.false_suspicions,
        "falseFailuresPerNodeDay": told.false_failures,
        "evictions": told.moves,
        "downtime": told.downtime,
        "twoCopiesMs": round(1000 * told.two_copies_s),
    }


def _waiting(waiting: Waiting | None) -> dict[str, Any] | None:
    if waiting is None:
        return None
    return {
        "count": waiting.count,
        "mean": waiting.mean_ms,
        "median": waiting.median_ms,
        "p95": waiting.p95_ms,
        "p99": waiting.p99_ms,
        "max": waiting.max_ms,
    }
