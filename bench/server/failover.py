"""How long it takes until the pods of a dead node run elsewhere."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from attrs import frozen

from bench.server.databases import MakeDatabase
from bench.server.effort import Effort
from bench.server.process import Running, kube9_server
from bench.server.workload import CAPACITY, launch_pods, nodes_ready, pods_settled

__all__ = ["Delays", "Failover", "measure"]

SUSPECTED, FAILED, MOVED = "suspected", "failed", "all its pods run elsewhere"

_LOOK_S = 0.02
_PATIENCE_S = 120.0


@frozen(kw_only=True)
class Delays:
    """How long one thing took after each death."""

    what: str
    #: In the order of the deaths.
    seconds: tuple[float, ...]

    @property
    def median_s(self) -> float:
        return median(self.seconds)

    @property
    def worst_s(self) -> float:
        return max(self.seconds)


@frozen(kw_only=True)
class Failover:
    """Nodes in memory that are killed one after the other, and stay down."""

    nodes: int
    #: All together.
    pods: int
    lease_seconds: float
    delays: tuple[Delays, ...]

    @property
    def worst_leases(self) -> float:
        """After how many lease times the last pod ran elsewhere, in the worst case."""
        return next(delays.worst_s for delays in self.delays if delays.what == MOVED) / self.lease_seconds


def measure(make: MakeDatabase, folder: Path, effort: Effort) -> Failover:
    """Kill nodes of one cluster, each at another time between two of its beats; judged by the defaults."""
    nodes = "{}xcpu={cpu},memory={memory}".format(effort.failing_nodes, **CAPACITY)
    options = ("--scheduler", "worst-fit", "--nodes", nodes, *effort.failing_options)
    with kube9_server(folder, make(), *options) as server:
        nodes_ready(server, effort.failing_nodes)
        launch_pods(server, effort.failing_pods)
        while not pods_settled(server):
            threading.Event().wait(_LOOK_S)
        names = [item["metadata"]["name"] for item in server.ask("GET", "/v1/nodes").json()["items"]]
        answer = server.ask("POST", f"/v1/nodes/{names[0]}/heartbeat").json()
        # A server that has just started first gives its nodes time to be heard.
        threading.Event().wait((answer["leaseMillis"] + 2 * answer["intervalMillis"]) / 1_000)
        deaths = []
        for turn, name in enumerate(names[: effort.failures]):
            # Each ends at the same time after a beat, at which the next would begin.
            threading.Event().wait(turn / effort.failures * answer["intervalMillis"] / 1_000)
            deaths.append(_kill(server, name))
    return Failover(
        nodes=effort.failing_nodes,
        pods=effort.failing_pods,
        lease_seconds=answer["leaseMillis"] / 1_000,
        delays=tuple(
            Delays(what=what, seconds=tuple(death[what] for death in deaths)) for what in (SUSPECTED, FAILED, MOVED)
        ),
    )


def _kill(server: Running, name: str) -> dict[str, float]:
    """Kill a node for good; returns after how many seconds each thing came about.

    :raises RuntimeError: it did not.
    """
    left = {pod["metadata"]["uid"] for pod in _pods(server) if pod["status"]["nodeName"] == name}
    last_id = server.ask("GET", "/v1/status").json()["lastEventId"]
    start_s, found = perf_counter(), dict[str, float]()
    server.ask("POST", f"/v1/nodes/{name}/fail", {"permanent": True})
    for event in _events(server, last_id, until=lambda: len(found) == 3):
        if event["name"] == name and event["type"] in _NODE_EVENTS:
            found.setdefault(_NODE_EVENTS[event["type"]], perf_counter() - start_s)
        elif event["type"] == "PodRunning" and event["nodeName"] != name:
            left.discard(event["uid"])
            if not left:
                found.setdefault(MOVED, perf_counter() - start_s)
    for pod in _pods(server):
        if pod["status"]["phase"] != "Running" or pod["status"]["nodeName"] == name:
            raise RuntimeError(f"after {name} was killed a pod does not run elsewhere: {pod}")
    return found


_NODE_EVENTS = {"NodeSuspected": SUSPECTED, "NodeFailed": FAILED}


def _pods(server: Running) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = server.ask("GET", "/v1/pods").json()["items"]
    return items


def _events(server: Running, last_id: int, until: Callable[[], bool]) -> Iterator[dict[str, Any]]:
    """Events as they happen.

    :raises RuntimeError: it takes too long.
    """
    over_s = perf_counter() + _PATIENCE_S
    while not until():
        if perf_counter() > over_s:
            raise RuntimeError("the pods of a node that was killed do not run elsewhere")
        answer = server.ask("GET", f"/v1/events?after={last_id}&limit=10000").json()
        last_id = answer["metadata"]["lastId"]
        yield from answer["items"]
        threading.Event().wait(_LOOK_S)
