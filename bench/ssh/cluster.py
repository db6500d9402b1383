"""kube9 with nodes that are machines, each an sshd of its own on this computer."""

from __future__ import annotations

import http.client
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

_TIMEOUT_S = 300.0
#: A shell that takes itself for one in another reads no settings of its user's, who may be anybody.
MORE = "SetEnv SHLVL=1"


@frozen(eq=False)
class Cluster:
    """:param place: with the user's key, and the keys of the machines."""

    server: Running
    place: Any

    def join_s(self, machines: Sequence[Any]) -> float:
        """Seconds until all of them are ready, which are asked for at the same moment."""
        names = {machine.folder.name for machine in machines}
        with self.events("NodeReady") as stream, ThreadPoolExecutor(len(machines)) as pool:
            begin_s = perf_counter()
            list(pool.map(self._add, machines))
            while names:
                names.discard(_next_name(stream))
            return perf_counter() - begin_s

    def _add(self, machine: Any) -> None:
        options = {**machine.options, "key": str(self.place.key), "runtime": "process"}
        spec = {"backend": "ssh", "capacity": {"cpu": "1", "memory": "256Mi"}, "options": options}
        self.server.ask("POST", "/v1/nodes", {"metadata": {"name": machine.folder.name}, "spec": spec})

    def start_s(self, name: str, stream: Any) -> float:
        """Seconds from the request for a pod until whoever watches the server's events hears that it runs.

        :param stream: of :meth:`events`, of the kind ``PodRunning``.
        """
        limits = {"cpu": "10m", "memory": "2Mi"}
        container = {"name": "main", "command": ["sleep", "1000"], "resources": {"requests": limits}}
        spec = {"containers": [container], "terminationGracePeriodSeconds": 0}
        begin_s = perf_counter()
        self.server.ask("POST", "/v1/pods", {"metadata": {"name": name}, "spec": spec})
        while _next_name(stream) != name:
            pass
        return perf_counter() - begin_s

    @contextmanager
    def events(self, kind: str) -> Iterator[Any]:
        """The server's, of one kind, from now on. To ask again and again would take as long as what is asked about."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=_TIMEOUT_S)
        try:
            headers = {"Authorization": f"Bearer {self.server.token}"}
            connection.request("GET", f"/v1/events/stream?type={kind}", headers=headers)
            stream = connection.getresponse()
            stream.readline()  # it has begun
            yield stream
        finally:
            connection.close()

    def clear(self) -> None:
        """Have no pods and no nodes, and leave nothing on the machines."""
        for kind in ("pods", "nodes"):
            for each in self._items(kind):
                self.server.ask("DELETE", f"/v1/{kind}/{each['metadata']['name']}")
            until(lambda kind=kind: not self._items(kind), f"{kind} are deleted")  # type: ignore[misc]

    def _items(self, kind: str) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.server.ask("GET", f"/v1/{kind}").json()["items"]
        return items


def _next_name(stream: Any) -> str:
    """Whom the next event is about."""
    for line in iter(stream.readline, b""):
        if line.startswith(b"data:"):
            return str(json.loads(line[len(b"data:") :])["name"])
    raise RuntimeError("the server's events ended before that which was waited for")


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
