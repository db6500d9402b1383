"""What is filled into the forms, as the documents that the API takes."""

from __future__ import annotations

import shlex
from typing import Any

__all__ = ["node_manifest", "pairs", "pod_manifest"]


def pairs(text: str, what: str) -> dict[str, str]:
    """Of ``zone=a, disk=ssd``, by commas or lines.

    :raises ValueError: a part has no name or no ``=``.
    """
    found: dict[str, str] = {}
    for part in text.replace("\n", ",").split(","):
        name, sign, value = part.strip().partition("=")
        if not part.strip():
            continue
        if not sign or not name.strip():
            raise ValueError(f"{what}: expected name=value, got {part.strip()!r}")
        found[name.strip()] = value.strip()
    return found


def node_manifest(
    *, name: str, backend: str, cpu: str, memory: str, others: str = "", labels: str = ""
) -> dict[str, Any]:
    """:raises ValueError: a text cannot be read."""
    capacity = _given(cpu=cpu, memory=memory) | pairs(others, "Other resources")
    return {
        "metadata": {"name": name.strip(), **_given(labels=pairs(labels, "Labels"))},
        "spec": {"backend": backend, "capacity": capacity},
    }


def pod_manifest(
    *,
    name: str,
    namespace: str = "",
    image: str = "",
    command: str = "",
    cpu: str = "",
    memory: str = "",
    others: str = "",
    labels: str = "",
    node_selector: str = "",
    scheduler: str = "",
    restart_policy: str = "",
    priority: int = 0,
) -> dict[str, Any]:
    """Fields that are left empty are left out. :raises ValueError: a text cannot be read."""
    container = _given(image=image.strip(), command=shlex.split(command))
    spec = _given(
        containers=[{"name": "main", **container}] if container else [],
        requests=_given(cpu=cpu, memory=memory) | pairs(others, "Other resources"),
        nodeSelector=pairs(node_selector, "Node selector"),
        schedulerName=scheduler,
        restartPolicy=restart_policy,
        priority=priority,
    )
    metadata = _given(name=name.strip(), namespace=namespace.strip(), labels=pairs(labels, "Labels"))
    return {"metadata": metadata, "spec": spec}


def _given(**fields: Any) -> dict[str, Any]:
    return {name: value.strip() if isinstance(value, str) else value for name, value in fields.items() if value}
