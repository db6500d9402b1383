"""Many pods at once: a batch, a list, and what they weigh."""

from __future__ import annotations

import threading
from pathlib import Path
from statistics import median

from attrs import frozen

from bench.server.bare import Bare
from bench.server.databases import MakeDatabase
from bench.server.effort import Effort
from bench.server.process import Running, constant, kube9_server
from bench.server.workload import add_nodes, launch_pods, pods_settled

__all__ = ["Batch", "Listing", "Memory", "measure_batch", "measure_memory"]


@frozen(kw_only=True)
class Batch:
    """One request with many pods, beside one commit of the same rows. Medians of the rounds."""

    database: str
    pods: int
    nodes: int
    seconds: float
    bare_seconds: float

    @property
    def ratio(self) -> float:
        return self.seconds / self.bare_seconds


@frozen(kw_only=True)
class Listing:
    """One list of many pods, beside the same bytes as a constant. Medians."""

    pods: int
    answer_bytes: int
    seconds: float
    constant_seconds: float

    @property
    def ratio(self) -> float:
        return self.seconds / self.constant_seconds


@frozen(kw_only=True)
class Memory:
    """What a server holds, empty and full."""

    nodes: int
    pods: int
    empty_bytes: int
    full_bytes: int


def measure_batch(database: str, make: MakeDatabase, folder: Path, effort: Effort) -> tuple[Batch, Listing]:
    """Each round in a new database and with a new server; the list is that of the last round."""
    ours, theirs = [], []
    for turn in range(effort.rounds):
        url = make()
        with kube9_server(folder / f"batch-{turn}", url) as server:
            add_nodes(server, effort.nodes)
            ours.append(launch_pods(server, effort.batch_pods))
            _settle(server)
            if turn == effort.rounds - 1:
                listing = _list(server, folder, effort)
        theirs.append(Bare.of(url).together_s(make()))
    batch = Batch(
        database=database,
        pods=effort.batch_pods,
        nodes=effort.nodes,
        seconds=median(ours),
        bare_seconds=median(theirs),
    )
    return batch, listing


def _list(server: Running, folder: Path, effort: Effort) -> Listing:
    answer = server.ask("GET", "/v1/pods")
    assert len(answer.json()["items"]) == effort.batch_pods
    with constant(folder, server, answer.status, answer.body) as floor:
        pairs = [
            (server.ask("GET", "/v1/pods").seconds, floor.ask("GET", "/v1/pods").seconds) for _ in range(effort.lists)
        ]
    return Listing(
        pods=effort.batch_pods,
        answer_bytes=len(answer.body),
        seconds=median(ours for ours, _ in pairs),
        constant_seconds=median(theirs for _, theirs in pairs),
    )


def measure_memory(make: MakeDatabase, folder: Path, effort: Effort) -> Memory:
    """After all nodes have joined and all pods run."""
    with kube9_server(folder / "memory", make()) as server:
        empty = server.memory_bytes
        add_nodes(server, effort.many_nodes)
        launch_pods(server, effort.many_pods)
        _settle(server)
        full = server.memory_bytes
    return Memory(nodes=effort.many_nodes, pods=effort.many_pods, empty_bytes=empty, full_bytes=full)


def _settle(server: Running) -> None:
    while not pods_settled(server):
        threading.Event().wait(0.1)
