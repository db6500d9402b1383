"""Pods per second, one at a time by POST, and heartbeats per second."""

from __future__ import annotations

from pathlib import Path
from statistics import median

from attrs import evolve, frozen

from bench.server.bare import Bare
from bench.server.databases import MakeDatabase
from bench.server.effort import Effort
from bench.server.load import Load, beats, posts
from bench.server.process import Running, constant, kube9_server
from bench.server.workload import add_nodes, pod_text

__all__ = ["Rate", "measure"]


@frozen(kw_only=True)
class Rate:
    """Requests of one kind, beside the same web server answering a constant. Medians of the rounds."""

    what: str
    database: str
    clients: int
    per_second: float
    p99_ms: float
    constant_per_second: float
    #: Commits of one pod each that the bare store does; ``None`` where nothing is stored.
    commits_per_second: float | None = None

    @property
    def ratio(self) -> float:
        """How many times as many constants the web server answers."""
        return self.constant_per_second / self.per_second


def measure(database: str, make: MakeDatabase, folder: Path, effort: Effort) -> list[Rate]:
    """Pods with each number of clients, then heartbeats with the largest."""
    url, rates = make(), []
    with kube9_server(folder, url) as server:
        tokens = add_nodes(server, effort.nodes)
        first = server.ask("POST", "/v1/pods", {"metadata": {"name": "first"}, "spec": {"requests": {"cpu": "100m"}}})
        with constant(folder, server, first.status, first.body) as floor:
            serial = 0
            for clients, count in effort.clients.items():
                rates.append(_pods(database, server, floor, clients, count, effort.rounds, serial))
                serial += count * effort.rounds
        rates.append(_heartbeats(database, server, folder, tokens, effort))
    bare = Bare.of(url)
    number = min(len(bare.pods), next(iter(effort.clients.values())))
    commits = number / median(bare.one_by_one_s(make(), number) for _ in range(effort.rounds))
    return [_with_commits(rate, commits) for rate in rates]


def _pods(database: str, server: Running, floor: Running, clients: int, count: int, rounds: int, serial: int) -> Rate:
    """Server and floor by turns, with requests that are alike."""
    ours: list[Load] = []
    theirs: list[Load] = []
    for turn in range(rounds):
        first = serial + turn * count
        for target, loads in ((floor, theirs), (server, ours)):
            loads.append(
                posts(target, "/v1/pods", pod_text(), connections=clients, count=count, first=first, status="201")
            )
    return _rate("pods", database, clients, ours, theirs)


def _heartbeats(database: str, server: Running, folder: Path, tokens: list[str], effort: Effort) -> Rate:
    """Each node beats with its own token."""
    clients = max(effort.clients)
    answer = server.ask("POST", "/v1/nodes/node-0/heartbeat")
    ours: list[Load] = []
    theirs: list[Load] = []
    with constant(folder, server, answer.status, answer.body) as floor:
        for _ in range(effort.rounds):
            for target, loads in ((floor, theirs), (server, ours)):
                heads = [
                    Running(port=target.port, token=token, pid=0).head("POST", f"/v1/nodes/node-{number}/heartbeat")
                    for number, token in enumerate(tokens)
                ]
                loads.append(beats(target, heads, connections=clients, count=effort.heartbeats, status="200"))
    return _rate("heartbeats", database, clients, ours, theirs)


def _rate(what: str, database: str, clients: int, ours: list[Load], theirs: list[Load]) -> Rate:
    return Rate(
        what=what,
        database=database,
        clients=clients,
        per_second=median(load.per_second for load in ours),
        p99_ms=median(load.p99_ms for load in ours),
        constant_per_second=median(load.per_second for load in theirs),
    )


def _with_commits(rate: Rate, commits: float) -> Rate:
    return evolve(rate, commits_per_second=commits) if rate.what == "pods" else rate
