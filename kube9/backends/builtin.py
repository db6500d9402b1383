"""The plugin that offers kube9's own backends."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from kube9.core.hookspecs import hookimpl
from kube9.core.ports import Clock, NodeBackend
from kube9.core.stimuli import Stimulus

if TYPE_CHECKING:
    from kube9.core.hookspecs import RegisterBackend


@hookimpl
def kube9_register_backends(register: RegisterBackend) -> None:
    register("memory", memory_backend)


def memory_backend(clock: Clock, deliver: Callable[[Stimulus], None], **options: Any) -> NodeBackend:
    """Make the in-memory backend; the options are the fields of its two behaviours, as text, and ``heartbeat_ms``.

    :raises InvalidInput: there is no such option, or its value cannot be used.
    """
    from kube9.backends.behaviour import read_behaviours, read_whole
    from kube9.backends.memory import MemoryBackend

    heartbeat_ms = read_whole("heartbeat_ms", options.pop("heartbeat_ms", "0"))
    pods, nodes = read_behaviours(options)
    return MemoryBackend(clock, deliver, behaviour=pods, node_behaviour=nodes, heartbeat_ms=heartbeat_ms)
