"""kube9 with nodes that are containers, on the same engine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from time import perf_counter
from typing import Any

from attrs import define, field

from bench.containers.waiting import until
from bench.containers.work import COMMAND, Limits
from bench.server.process import Running, kube9_server

__all__ = ["Cluster", "cluster"]

#: Of each node: together they have room for all pods, and two of three for those of one that dies.
CAPACITY = {"cpu": "2", "memory": "2Gi"}


@define(eq=False)
class Cluster:
    server: Running
    engine: Any
    _numbers: Iterator[int] = field(factory=count, init=False)

    def nodes(self) -> list[dict[str, Any]]:
        return self._items("/v1/nodes")

    def pods(self) -> list[dict[str, Any]]:
        return self._items("/v1/pods")

    def _items(self, path: str) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.server.ask("GET", path).json()["items"]
        return items

    def launch_s(self, number: int, limits: Limits) -> float:
        """Seconds from the one request until all of its pods run and are ready."""
        name = f"pods-{next(self._numbers)}"
        body = {"kind": "PodList", "items": [self._pod(f"{name}-{serial}", limits) for serial in range(number)]}
        begin_s = perf_counter()
        self.server.ask("POST", "/v1/pods", body)
        until(self._all_run, f"{number} pods run")
        return perf_counter() - begin_s

    def _pod(self, name: str, limits: Limits) -> dict[str, Any]:
        resources = {"cpu": f"{limits.cpu_milli}m", "memory": str(limits.memory_bytes)}
        container = {
            "name": "main",
            "image": self.engine.busybox,
            "command": list(COMMAND),
            "resources": {"limits": resources},
        }
        spec = {"containers": [container], "schedulerName": "worst-fit", "terminationGracePeriodSeconds": 0}
        return {"metadata": {"name": name}, "spec": spec}

    def _all_run(self) -> bool:
        # The numbers first, which cost the server less than the list does.
        phases = self.server.ask("GET", "/v1/status").json()["pods"]
        if phases.keys() & {"Pending", "Starting"}:
            return False
        pods = self.pods()
        for pod in pods:
            if pod["status"]["phase"] in ("Failed", "Succeeded"):
                raise RuntimeError(f"a pod that was to run has ended: {json.dumps(pod)}")
        return all(pod["status"]["phase"] == "Running" and pod["status"].get("ready", True) for pod in pods)

    def clear(self) -> None:
        """Have no pods."""
        for pod in self.pods():
            self.server.ask("DELETE", f"/v1/pods/{pod['metadata']['name']}")
        until(lambda: not self.pods(), "pods are deleted")

    def kill_s(self, pods_per_node: int) -> float:
        """Seconds from ``docker kill`` of a node's container until all pods run on other nodes.

        :raises RuntimeError: the node had not as many pods as it should.
        """
        node = self.nodes()[0]["metadata"]
        had = [pod for pod in self.pods() if pod["status"].get("nodeName") == node["name"]]
        if len(had) != pods_per_node:
            raise RuntimeError(f"{node['name']} has {len(had)} pods, expected {pods_per_node}")
        filters = {"label": [f"kube9.node-uid={node['uid']}", "kube9.role=node"]}
        (container,) = self.engine.client.containers.list(filters=filters)
        begin_s = perf_counter()
        container.kill()
        until(lambda: self._run_without(node["name"]), f"the pods of {node['name']} run elsewhere")
        return perf_counter() - begin_s

    def _run_without(self, node: str) -> bool:
        return self._all_run() and all(pod["status"]["nodeName"] != node for pod in self.pods())

    def ready(self, number: int) -> None:
        until(lambda: self._ready() == number, f"{number} nodes are ready")

    def _ready(self) -> int:
        nodes: dict[str, int] = self.server.ask("GET", "/v1/status").json()["nodes"]
        return nodes.get("Ready", 0)

    def marks(self) -> set[str]:
        """What is written on all that this cluster has on the engine; nothing, while it has nothing there."""
        uids = [node["metadata"]["uid"] for node in self.nodes()]
        list_of = self.engine.client.api.containers
        found = [made for uid in uids for made in list_of(all=True, filters={"label": f"kube9.node-uid={uid}"})]
        return {made["Labels"]["kube9.cluster"] for made in found}


@contextmanager
def cluster(engine: Any, folder: Path, nodes: int) -> Iterator[Cluster]:
    """A server with nodes that are ready; nothing of it is on the engine afterwards."""
    wanted = "{}xcpu={cpu},memory={memory}".format(nodes, **CAPACITY)
    options = ("--backend", f"docker:base={engine.node_base}", "--nodes", wanted)
    with kube9_server(folder, f"sqlite:///{folder / 'kube9.db'}", *options) as server:
        made = Cluster(server, engine)
        try:
            made.ready(nodes)
            yield made
        finally:
            _delete(made)


def _delete(made: Cluster) -> None:
    marks = made.marks()
    try:
        for node in made.nodes():
            made.server.ask("DELETE", f"/v1/nodes/{node['metadata']['name']}")
        until(lambda: not made.nodes(), "nodes are deleted")
        until(lambda: not any(map(made.engine.left, marks)), "what the cluster had is gone from the engine")
    finally:
        for mark in marks:
            made.engine.remove(mark)
