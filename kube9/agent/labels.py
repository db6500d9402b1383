"""What is written on everything that is made on an engine, so that it is found again and told from what others made."""

from __future__ import annotations

__all__ = ["CLUSTER", "CONTAINER", "EPOCH", "NAMESPACE", "NODE", "NODE_UID", "POD", "POD_UID", "ROLE"]

#: Of the cluster, unlike any other that uses the engine.
CLUSTER = "kube9.cluster"
NODE = "kube9.node"
NODE_UID = "kube9.node-uid"
#: node, sandbox, init, container, network or volume.
ROLE = "kube9.role"
NAMESPACE = "kube9.namespace"
POD = "kube9.pod"
POD_UID = "kube9.pod-uid"
EPOCH = "kube9.epoch"
CONTAINER = "kube9.container"
