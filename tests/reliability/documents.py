"""What clients ask for: nodes, pods and deployments as manifests, drawn from a seed."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from kube9.manifest import parse_document

__all__ = ["deployment_document", "large_node_document", "node_document", "pod_document", "spec_of"]

Document = dict[str, Any]

#: Shapes of nodes: some with GPUs, some with a limit of pods that is reached.
_NODES = (
    {"capacity": {"cpu": "8", "memory": "32Gi"}},
    {"capacity": {"cpu": "16", "memory": "32Gi", "pods": "20"}},
    {"capacity": {"cpu": "4", "memory": "64Gi"}, "devices": [{"kind": "gpu", "count": 4, "model": "A100"}]},
)
_PODS = (
    {"cpu": "100m", "memory": "128Mi"},
    {"cpu": "250m", "memory": "1Gi"},
    {"cpu": "1", "memory": "512Mi"},
    {"cpu": "2500m", "memory": "6Gi"},
)


def node_document(name: str, rng: random.Random) -> Document:
    return {"metadata": {"name": name, "labels": {"made-by": "reliability"}}, "spec": dict(rng.choice(_NODES))}


def large_node_document(name: str) -> Document:
    """A node with room for everything that anybody waits for."""
    capacity = {"cpu": "2000", "memory": "8000Gi"}
    return {
        "metadata": {"name": name, "labels": {"made-by": "reliability"}},
        "spec": {"capacity": capacity, "devices": [{"kind": "gpu", "count": 100}]},
    }


def pod_document(name: str, rng: random.Random) -> Document:
    spec: Document = {"requests": dict(rng.choice(_PODS)), "priority": rng.choice((0, 0, 0, 10))}
    if rng.random() < 0.1:
        spec["devices"] = [{"kind": "gpu", "count": 1, "milli": rng.choice((250, 500, 1000))}]
    return {"metadata": {"name": name, "labels": {"app": f"app-{rng.randrange(5)}"}}, "spec": spec}


def deployment_document(name: str, rng: random.Random) -> Document:
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": {"requests": dict(rng.choice(_PODS[:2]))}}
    return {
        "metadata": {"name": name, "labels": labels},
        "spec": {"replicas": rng.randint(1, 5), "template": template},
    }


def spec_of(document: Mapping[str, Any], kind: str) -> Any:
    """What a document asks for, whether it was sent or is shown."""
    return parse_document(document, kind=kind).spec
