"""How a node comes to exist and runs pods. Each backend implements :class:`kube9.core.ports.NodeBackend`."""

from __future__ import annotations
