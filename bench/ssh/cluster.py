"""kube9 with nodes that are machines, each an sshd of its own on this computer."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any

from attrs import frozen

from bench.containers.waiting import until
from bench.server.process import Running, kube9_server

__all__ = ["Cluster", "cluster"]

_LOOK_S, _START_LOOK_S = 0.01, 0.001
#: A shell that takes itself for one in another reads no settings of its user's, who may be anybody.
MORE = "SetEnv SHLVL=1"


@frozen(eq=False)
class Cluster:
    """:param place: with the user's key, and the keys of the machines."""

    server: Running
    place: Any

    def join_s(self, machines: Sequence[Any]) -> float:
        """Seconds until all of them are ready, which are asked for at the same moment."""
        before = self._ready()
        with ThreadPoolExecutor(len(machines)) as pool:
            begin_s = perf_counter()
            list(pool.map(self._add, machines))
            wanted = before + len(machines)
            until(lambda: self._ready() == wanted, f"{wanted} nodes are ready", _LOOK_S)
            return perf_counter() - begin_s

    def _add(self, machine: Any) -> None:
        options = {**machine.options, "key": str(self.place.key), "runtime": "process"}
        spec = {"backend": "ssh", "capacity": {"cpu": "1", "memory": "256Mi"}, "options": options}
        self.server.ask("POST", "/v1/nodes", {"metadata": {"name": machine.folder.name}, "spec": spec})

    def _ready(self) -> int:
        nodes: dict[str, int] = self.server.ask("GET", "/v1/status").json()["nodes"]
        return nodes.get("Ready", 0)

    def start_s(self, name: str) -> float:
        """Seconds from the request for a pod until the server says that it runs."""
        limits = {"cpu": "10m", "memory": "2Mi"}
        container = {"name": "main", "command": ["sleep", "1000"], "resources": {"requests": limits}}
        spec = {"containers": [container], "terminationGracePeriodSeconds": 0}
        begin_s = perf_counter()
        self.server.ask("POST", "/v1/pods", {"metadata": {"name": name}, "spec": spec})
        until(lambda: self._runs(name), f"pod {name} runs", _START_LOOK_S)
        return perf_counter() - begin_s

    def _runs(self, name: str) -> bool:
        pod = self.server.ask("GET", f"/v1/pods/{name}").json()
        if pod["status"]["phase"] in ("Failed", "Succeeded"):
            raise RuntimeError(f"a pod that was to run has ended: {json.dumps(pod)}")
        return bool(pod["status"]["phase"] == "Running")

    def clear(self) -> None:
        """Have no pods and no nodes, and leave nothing on the machines."""
        for kind in ("pods", "nodes"):
            for each in self._items(kind):
                self.server.ask("DELETE", f"/v1/{kind}/{each['metadata']['name']}")
            until(lambda kind=kind: not self._items(kind), f"{kind} are deleted")  # type: ignore[misc]

    def _items(self, kind: str) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.server.ask("GET", f"/v1/{kind}").json()["items"]
        return items


@contextmanager
def cluster(folder: Path, place: Any) -> Iterator[Cluster]:
    """A server without nodes; what it has on the machines is gone afterwards."""
    backend = f"ssh:known_hosts={place.known_hosts},config={place.config}"
    with kube9_server(folder, f"sqlite:///{folder / 'kube9.db'}", "--backend", backend) as server:
        made = Cluster(server, place)
        try:
            yield made
        finally:
            made.clear()
