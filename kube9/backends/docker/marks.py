"""How what belongs to one cluster is named and labelled on an engine that others use too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from kube9.agent import labels
from kube9.core.nodes import Node

__all__ = ["Marks"]

#: The value of the role label of nodes' containers, and of those of others.
_NODE, _NETWORK = "node", "network"


@frozen
class Marks:
    """:param cluster: unlike the mark of any other cluster on the engine."""

    cluster: str

    @property
    def of_cluster(self) -> str:
        return f"{labels.CLUSTER}={self.cluster}"

    @property
    def of_nodes(self) -> tuple[str, ...]:
        """The labels that all containers of nodes have."""
        return (self.of_cluster, f"{labels.ROLE}={_NODE}")

    def of_node(self, uid: str) -> tuple[str, ...]:
        """The labels of all that belongs to a node, its own container included."""
        return (self.of_cluster, f"{labels.NODE_UID}={uid}")

    def of_copy(self, uid: str, pod_uid: str, epoch: int) -> tuple[str, ...]:
        """The labels of all containers of one copy of a pod."""
        return (*self.of_node(uid), f"{labels.POD_UID}={pod_uid}", f"{labels.EPOCH}={epoch}")

    def node_labels(self, node: Node) -> dict[str, str]:
        """What a node's container is labelled with."""
        return {
            labels.CLUSTER: self.cluster,
            labels.NODE: node.name,
            labels.NODE_UID: node.uid,
            labels.ROLE: _NODE,
        }

    def network_labels(self) -> dict[str, str]:
        """What the cluster's network is labelled with."""
        return {labels.CLUSTER: self.cluster, labels.ROLE: _NETWORK}

    def container_name(self, node: Node) -> str:
        return f"kube9-{self.cluster}-{node.name}"

    @property
    def network_name(self) -> str:
        return f"kube9-{self.cluster}"

    def is_node(self, container: Mapping[str, Any]) -> bool:
        """Whether what the engine listed is the container of a node of this cluster."""
        found = container.get("Labels") or {}
        return found.get(labels.CLUSTER) == self.cluster and found.get(labels.ROLE) == _NODE

    @staticmethod
    def node_uid(container: Mapping[str, Any]) -> str:
        """Whose it is; empty for no node's."""
        return str((container.get("Labels") or {}).get(labels.NODE_UID, ""))
