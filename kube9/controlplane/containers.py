"""What goes on in the containers of pods: what they write, and commands that are run in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kube9.controlplane.backends import Backends
from kube9.controlplane.view import View
from kube9.core.errors import Conflict
from kube9.core.nodes import Node
from kube9.core.pods import Pod
from kube9.core.ports import ALL_LOGS, CommandRunner, CommandSession, LogOptions, NodeBackend

__all__ = ["Containers"]


class Containers:
    """Finds the node of a pod, and asks its backend. Any thread may call; a backend may take its time."""

    def __init__(self, view: View, backends: Backends) -> None:
        self._view, self._backends = view, backends

    def logs(self, namespace: str, name: str, options: LogOptions = ALL_LOGS) -> Iterator[bytes]:
        """What the present copy of a pod has written, in pieces.

        :raises Conflict: it has no node yet.
        :raises InvalidInput: it has no such container, or its backend keeps nothing of what is asked for.
        :raises BackendError: its node cannot tell now.
        """
        backend, node, pod = self._find(namespace, name, "has no logs")
        return backend.logs(node, pod, options)

    def run_command(
        self, namespace: str, name: str, container: str, command: Sequence[str], *, terminal: bool = False
    ) -> CommandSession:
        """Begin a command in a container of a pod, as :class:`~kube9.core.ports.CommandRunner` says.

        :raises Conflict: it has no node yet, does not run just now, or its backend can run no commands.
        :raises InvalidInput: it has no such container.
        :raises BackendError: its node cannot be reached now.
        """
        backend, node, pod = self._find(namespace, name, "takes no commands")
        if not isinstance(backend, CommandRunner):
            raise Conflict(
                f"pod {name!r} is on node {node.name!r} of backend {node.spec.backend!r}, which cannot run commands in "
                "containers"
            )
        return backend.run_command(node, pod, container, command, terminal=terminal)

    def _find(self, namespace: str, name: str, so: str) -> tuple[NodeBackend, Node, Pod]:
        pod = self._view.pod(namespace, name)
        node = None if pod.node_uid is None else self._view.node_by_uid(pod.node_uid)
        if node is None:
            raise Conflict(f"pod {name!r} is {pod.phase.value} on no node, and {so}")
        return self._backends.get(node.spec.backend), node, pod
