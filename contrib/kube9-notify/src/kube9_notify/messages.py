"""What is told: one JSON document for each event, of what any receiver could want to know."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kube9.core.ports import Node, Pod

__all__ = ["EVENTS", "Message", "about_node", "about_pod"]

#: Every event that there is a message for, by its name there; the hook is ``kube9_`` and the name with underscores.
EVENTS = (
    "container-restarted",
    "moves-held",
    "moves-resumed",
    "node-drained",
    "node-failed",
    "node-fenced",
    "node-lost",
    "node-ready",
    "pod-bound",
    "pod-evicted",
    "pod-finished",
    "pod-ready",
    "pod-unready",
)


@dataclass(frozen=True, kw_only=True)
class Message:
    """One thing that happened."""

    event: str
    #: On the cluster's clock, which is that of Unix.
    at_ms: int
    about: Mapping[str, Any]
    #: The same in every try, so that a receiver can tell a repetition.
    id: str = field(default_factory=lambda: str(uuid.uuid4()))

    def body(self, dropped: int) -> bytes:
        """The document.

        :param dropped: how many messages had to be dropped since the last that was delivered.
        """
        document = {"id": self.id, "event": self.event, "atMs": self.at_ms, "dropped": dropped, **self.about}
        # Escaped, since the words of a program that failed may hold what UTF-8 has no bytes for.
        return json.dumps(document, separators=(",", ":")).encode("ascii")


def about_pod(pod: Pod) -> dict[str, Any]:
    return {
        "pod": {
            "namespace": pod.namespace,
            "name": pod.name,
            "uid": pod.uid,
            "phase": pod.phase.value,
            "epoch": pod.epoch,
            "restarts": pod.restarts,
            "exitCode": pod.exit_code,
            "reason": pod.reason,
        }
    }


def about_node(node: Node) -> dict[str, Any]:
    return {"node": {"name": node.name, "uid": node.uid, "phase": node.phase.value, "reason": node.reason}}
