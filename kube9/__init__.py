"""kube9: write a scheduling policy in ten lines, prove it on a real trace, run it on real machines."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kube9.client import Client
    from kube9.core.errors import Kube9Error
    from kube9.core.hookspecs import hookimpl
    from kube9.core.nodes import DeviceGroup, NodeSpec, Taint
    from kube9.core.pods import DeviceRequest, PodSpec, Toleration
    from kube9.core.policy import NodeView, node_scheduler, scheduler
    from kube9.core.table import NodeTable

__version__ = "0.1.0"

__all__ = [
    "Client",
    "DeviceGroup",
    "DeviceRequest",
    "Kube9Error",
    "NodeSpec",
    "NodeTable",
    "NodeView",
    "PodSpec",
    "Taint",
    "Toleration",
    "hookimpl",
    "node_scheduler",
    "scheduler",
]

_HOME = {
    "Client": "kube9.client",
    "DeviceGroup": "kube9.core.nodes",
    "DeviceRequest": "kube9.core.pods",
    "Kube9Error": "kube9.core.errors",
    "NodeSpec": "kube9.core.nodes",
    "NodeTable": "kube9.core.table",
    "NodeView": "kube9.core.policy",
    "PodSpec": "kube9.core.pods",
    "Taint": "kube9.core.nodes",
    "Toleration": "kube9.core.pods",
    "hookimpl": "kube9.core.hookspecs",
    "node_scheduler": "kube9.core.policy",
    "scheduler": "kube9.core.policy",
}


def __getattr__(name: str) -> object:
    # Loaded on first use: `kube9 --help` must not pay for NumPy.
    if name in _HOME:
        value = getattr(import_module(_HOME[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'kube9' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*globals(), *__all__]
