"""The Docker backend: a node is a container that runs kube9's agent, and its pods are containers beside it.

The agent starts and looks after the pods. What is here makes, watches, fences and removes nodes, and reads from
containers, with docker-py.
"""

from __future__ import annotations
