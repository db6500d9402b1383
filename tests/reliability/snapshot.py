"""All that is there at one moment, as the database has it or as the API tells it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from attrs import frozen

from kube9.core.deployments import Deployment
from kube9.core.nodes import Node, NodePhase
from kube9.core.pods import Owner, Pod, PodPhase
from reliability.documents import spec_of
from reliability.exchange import Connection

__all__ = ["Snapshot"]

_PAGE = 500


@frozen(kw_only=True)
class Snapshot:
    #: Who told, for people.
    source: str
    nodes: tuple[Node, ...]
    pods: tuple[Pod, ...]
    deployments: tuple[Deployment, ...]
    #: Of one moment; else each list, and each page of one, is of its own.
    whole: bool = False

    @classmethod
    def told(cls, connection: Connection) -> Snapshot:
        """Ask a running server. Between two lists and two pages the cluster may go on.

        :raises Unanswered: it ended meanwhile.
        """
        nodes = tuple(_node(document) for document in _listed(connection, "nodes"))
        deployments = tuple(_deployment(document) for document in _listed(connection, "deployments"))
        uid_of = {node.name: node.uid for node in nodes}
        pods = tuple(_pod(document, uid_of) for document in _listed(connection, "pods"))
        return cls(source="the API", nodes=nodes, pods=pods, deployments=deployments)

    def everything(self) -> Iterator[tuple[str, Node | Pod | Deployment]]:
        for kind, things in (("Node", self.nodes), ("Pod", self.pods), ("Deployment", self.deployments)):
            for thing in things:
                yield kind, thing


def _listed(connection: Connection, what: str) -> Iterable[Mapping[str, Any]]:
    token = ""
    while True:
        answer = connection.ask("GET", f"/v1/{what}?limit={_PAGE}" + (f"&continue={token}" if token else ""))
        if not answer.done:
            raise AssertionError(f"GET /v1/{what} was answered with {answer}")
        yield from answer.document["items"]
        token = answer.document.get("metadata", {}).get("continue") or ""
        if not token:
            return


def _node(document: Mapping[str, Any]) -> Node:
    status = document["status"]
    # It is shown there, and cannot be asked for there.
    spec = {key: value for key, value in document["spec"].items() if key != "unschedulable"}
    return Node(
        uid=document["metadata"]["uid"],
        spec=spec_of({**document, "spec": spec}, "Node"),
        ordinal=0,
        phase=NodePhase(status["phase"]),
        cordoned=document["spec"].get("unschedulable", False),
        deleting=status.get("deleting", False),
        reason=status.get("reason", ""),
    )


def _pod(document: Mapping[str, Any], uid_of: Mapping[str, str]) -> Pod:
    status, owners = document["status"], document["metadata"].get("ownerReferences", ())
    name = status.get("nodeName")
    return Pod(
        uid=document["metadata"]["uid"],
        spec=spec_of(document, "Pod"),
        ordinal=0,
        created_at_ms=0,
        phase=PodPhase(status["phase"]),
        # A node that came between the two lists is told by its name.
        node_uid=uid_of.get(name, name) if name else None,
        epoch=status.get("epoch", 0),
        devices={kind: tuple(indices) for kind, indices in status.get("devices", {}).items()},
        deleting=status.get("deleting", False),
        evicting=status.get("evicting", False),
        owner=Owner(owners[0]["uid"]) if owners else None,
        reason=status.get("reason", ""),
    )


def _deployment(document: Mapping[str, Any]) -> Deployment:
    return Deployment(
        uid=document["metadata"]["uid"],
        spec=spec_of(document, "Deployment"),
        ordinal=0,
        created_at_ms=0,
        deleting=document["status"].get("deleting", False),
    )
