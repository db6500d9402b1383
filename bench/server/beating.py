"""What a server costs whose nodes beat once a second while pods are launched."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from attrs import evolve, frozen

from bench.server.databases import MakeDatabase
from bench.server.effort import Effort
from bench.server.load import prepared
from bench.server.process import Answer, Running, constant, kube9_server
from bench.server.workload import CAPACITY, add_nodes, nodes_ready

__all__ = ["Beating", "measure"]

AGENTS, IN_MEMORY = "by agents", "in memory"

#: Under this one each node gets as many pods as any other.
_SPREAD = ("--scheduler", "worst-fit")
#: Nodes that neither beat by themselves nor say that a pod runs: both are for the agents to tell.
_MUTE = ("--backend", "memory:heartbeat_ms=0,start_delay_ms=1000000000")


@frozen(kw_only=True)
class Beating:
    """One server for some time, by its own process's use of processors."""

    #: Who beats.
    nodes_beat: str
    nodes: int
    #: That run at a time.
    pods: int
    pods_per_second: int
    seconds: float
    requests: int
    cpu_seconds: float
    pod_p50_ms: float
    pod_p99_ms: float
    #: Events that tell of a node that was suspected or failed. All were up, all the time.
    suspected: int
    failed: int
    #: ``None`` where nodes beat within the server.
    beat_p50_ms: float | None = None
    beat_p99_ms: float | None = None
    constant_cpu_us: float | None = None

    @property
    def cpu_percent(self) -> float:
        """Of one processor."""
        return 100 * self.cpu_seconds / self.seconds

    @property
    def cpu_us(self) -> float:
        """Of each request, with everything that the server does besides."""
        return 1e6 * self.cpu_seconds / self.requests

    @property
    def ratio(self) -> float | None:
        """How many times as much as the same web server takes for a constant."""
        return None if self.constant_cpu_us is None else self.cpu_us / self.constant_cpu_us

    @property
    def doubted(self) -> int:
        """How often a node was not counted on that was there."""
        return self.suspected + self.failed


def measure(make: MakeDatabase, folder: Path, effort: Effort) -> tuple[Beating, ...]:
    """With agents over HTTP, then with nodes that beat within the server."""
    folder.mkdir()
    return _by_agents(make(), folder / "agents", effort), _in_memory(make(), folder / "memory", effort)


def _by_agents(url: str, folder: Path, effort: Effort) -> Beating:
    folder.mkdir()
    with kube9_server(folder, url, *_SPREAD, *_MUTE) as server:
        tokens = add_nodes(server, effort.beating_nodes)
        nodes_ready(server, effort.beating_nodes)
        answer = _answer_to_a_beat(server, tokens[0])
        job = _job(effort, tokens, effort.beating_pods)
        found = _play(server, job, {"beat": "200", "pod": "201"})
    # Only when that server is gone: its nodes are silent now, which gives it much to do.
    with constant(folder, server, answer.status, answer.body) as floor:
        beside = _play(floor, {**job, "constant": True}, {"beat": "200", "pod": "200"})
    return _beating(
        AGENTS,
        effort,
        effort.beating_pods,
        found,
        beat_p50_ms=found.told["beat"]["p50Ms"],
        beat_p99_ms=found.told["beat"]["p99Ms"],
        constant_cpu_us=1e6 * beside.cpu_s / beside.requests,
    )


def _in_memory(url: str, folder: Path, effort: Effort) -> Beating:
    nodes = "{}xcpu={cpu},memory={memory}".format(effort.beating_nodes, **CAPACITY)
    # So that as many have ended as have come, once it is warm.
    ending = f"memory:run_for_ms={int(effort.warm_up_seconds * 1_000)}"
    with kube9_server(folder, url, *_SPREAD, "--nodes", nodes, "--backend", ending) as server:
        nodes_ready(server, effort.beating_nodes)
        found = _play(server, _job(effort, [], 0), {"pod": "201"})
    return _beating(IN_MEMORY, effort, int(effort.warm_up_seconds * effort.pods_per_second), found)


@frozen(kw_only=True)
class _Found:
    """What came of one fleet."""

    told: dict[str, Any]
    requests: int
    cpu_s: float
    suspected: int = 0
    failed: int = 0


def _job(effort: Effort, tokens: list[str], pods: int) -> dict[str, Any]:
    return {
        "tokens": tokens,
        "pods": pods,
        "podsPerSecond": effort.pods_per_second,
        "connections": max(effort.clients),
        "warmUpSeconds": effort.warm_up_seconds,
        "seconds": effort.beating_seconds,
        "constant": False,
    }


def _play(server: Running, job: dict[str, Any], statuses: dict[str, str]) -> _Found:
    """:raises RuntimeError: not everything was answered as it should be."""
    with prepared("bench.server.fleet", {**job, "port": server.port, "token": server.token}) as go:
        last_id = 0 if job["constant"] else server.ask("GET", "/v1/status").json()["lastEventId"]
        began_s = server.cpu_s
        told = go()
        cpu_s = server.cpu_s - began_s
    for kind, status in statuses.items():
        if set(told[kind]["statuses"]) != {status}:
            raise RuntimeError(f"expected each {kind} to be answered with {status}, got {told[kind]['statuses']}")
    requests = sum(sum(told[kind]["statuses"].values()) for kind in statuses)
    found = _Found(told=told, requests=requests, cpu_s=cpu_s)
    if job["constant"]:
        return found
    _check_pods(server, job)
    return evolve(
        found, suspected=_events(server, last_id, "NodeSuspected"), failed=_events(server, last_id, "NodeFailed")
    )


def _check_pods(server: Running, job: dict[str, Any]) -> None:
    """:raises RuntimeError: pods do not run as they should, so what was measured is something else."""
    there = server.ask("GET", "/v1/status").json()["pods"]
    # Those of the last second wait for beats that do not come any more.
    enough = job["pods"] - 2 * job["podsPerSecond"]
    if there.get("Running", 0) < enough or not there.keys() <= {"Starting", "Running", "Succeeded"}:
        raise RuntimeError(f"expected at least {enough} pods to run and none to fail or wait, got {there}")


def _events(server: Running, after: int, kind: str) -> int:
    """How many events of a type there were, ten thousand at the most."""
    path = f"/v1/events?after={after}&type={kind}&limit=10000"
    return len(server.ask("GET", path).json()["items"])


def _answer_to_a_beat(server: Running, token: str) -> Answer:
    """What a node is told that has joined."""
    node, said = Running(port=server.port, token=token, pid=0), {"boot": "first", "token": "", "sequence": 1}
    for _ in range(2):
        answer = node.ask("POST", "/v1/nodes/node-0/heartbeat", said)
        said = {"boot": "first", "token": answer.json()["token"], "sequence": 2}
    return answer


def _beating(nodes_beat: str, effort: Effort, pods: int, found: _Found, **more: float) -> Beating:
    return Beating(
        nodes_beat=nodes_beat,
        nodes=effort.beating_nodes,
        pods=pods,
        pods_per_second=effort.pods_per_second,
        seconds=found.told["seconds"],
        requests=found.requests,
        cpu_seconds=found.cpu_s,
        pod_p50_ms=found.told["pod"]["p50Ms"],
        pod_p99_ms=found.told["pod"]["p99Ms"],
        suspected=found.suspected,
        failed=found.failed,
        **more,
    )
