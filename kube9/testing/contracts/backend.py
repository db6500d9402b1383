"""What every backend must keep to."""

from __future__ import annotations

from kube9.testing.contracts.backend_commands import BackendCommands
from kube9.testing.contracts.backend_heartbeats import BackendHeartbeats
from kube9.testing.contracts.backend_lives import BackendLives
from kube9.testing.contracts.backend_logs import BackendLogs
from kube9.testing.contracts.backend_nodes import BackendNodes
from kube9.testing.contracts.backend_pods import BackendPods

__all__ = ["BackendContract"]


class BackendContract(BackendNodes, BackendHeartbeats, BackendPods, BackendLives, BackendLogs, BackendCommands):
    """Holds a :class:`~kube9.core.ports.NodeBackend` to its port.

    Override the fixture ``backend``, which makes one from the fixtures ``clock`` and ``deliver``; for a backend in
    the outside world override ``clock`` too. What is run, and how a node is killed, is for the methods
    ``node_spec``, ``long_pod``, ``short_pod``, ``crashing_pod``, ``unready_pod``, ``unstartable_pod``,
    ``echoing_command``, ``failing_command``, ``lose_node`` and ``reconnected`` to say; and ``running_copies``, where
    copies can be counted from outside.
    """
