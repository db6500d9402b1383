"""What the server is asked for: equal nodes with room for everything, and pods of one shape."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from itertools import count
from typing import Any

from bench.server.process import Running

__all__ = ["CAPACITY", "add_nodes", "launch_pods", "nodes_ready", "pod_text", "pods_settled"]

#: No node runs full: what is measured is a decision among all of them.
CAPACITY = {"cpu": "128", "memory": "512Gi"}
_REQUESTS = {"cpu": "100m", "memory": "128Mi"}
#: Documents in one request.
_BATCH = 10_000


def pod_text(**spec: Any) -> str:
    """A pod whose name is to be completed."""
    return json.dumps(_pod("pod-{n}", spec))


def add_nodes(server: Running, number: int) -> list[str]:
    """Add nodes, one by one as they come in life; returns the token of each, by its number."""
    tokens = []
    for serial in range(number):
        document = {"metadata": {"name": f"node-{serial}"}, "spec": {"capacity": CAPACITY}}
        tokens.append(server.ask("POST", "/v1/nodes", document).json()["ticket"]["token"])
    return tokens


def launch_pods(server: Running, number: int, *, name: str = "batch", **spec: Any) -> float:
    """Launch pods in batches, the last of which may be smaller; returns the seconds until they were acknowledged.

    :param spec: what they want besides.
    :raises RuntimeError: one of them has no node.
    """
    seconds, serials = 0.0, count()
    for size in (min(_BATCH, number - start) for start in range(0, number, _BATCH)):
        items = [_pod(f"{name}-{next(serials)}", spec) for _ in range(size)]
        answer = server.ask("POST", "/v1/pods", {"kind": "PodList", "items": items})
        seconds += answer.seconds
        without = [item for item in answer.json()["items"] if not item.get("nodeName")]
        if without:
            raise RuntimeError(f"{len(without)} of {size} pods got no node, such as {without[0]}")
    return seconds


def nodes_ready(server: Running, number: int) -> None:
    """Return when so many nodes are up."""
    while server.ask("GET", "/v1/status").json()["nodes"].get("Ready", 0) < number:
        threading.Event().wait(0.02)


def pods_settled(server: Running) -> bool:
    """Whether every pod runs."""
    items = server.ask("GET", "/v1/pods?phase=Starting&limit=1").json()["items"]
    return not items


def _pod(name: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    return {"metadata": {"name": name, "labels": {"app": "web"}}, "spec": {"requests": _REQUESTS, **spec}}
