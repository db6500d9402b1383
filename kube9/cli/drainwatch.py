"""Watching nodes get empty: a line for each pod that goes, and meanwhile what is waited for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import click
from attrs import define, field, frozen

from kube9.cli.nodetable import drain_text
from kube9.cli.remaining import count_of, found
from kube9.cli.waiting import wait_until

if TYPE_CHECKING:
    from kube9.client import Client

__all__ = ["DrainWatch", "Ended"]

Document = dict[str, Any]

_OVER = ("Succeeded", "Failed")


@frozen
class Ended:
    """What became of some drains."""

    #: Names of the nodes on which no pod is left.
    drained: tuple[str, ...]
    #: Names of those whose drains were undone before.
    undone: tuple[str, ...]
    #: Those nodes that are still there.
    documents: tuple[Document, ...]


class DrainWatch:
    """Watches some nodes; to be made before they are drained, or the pods that go first are missed."""

    def __init__(self, client: Client, names: Sequence[str]) -> None:
        self._views = {name: _View(client, name) for name in names}
        for view in self._views.values():
            view.begin()

    def wait(self, names: Sequence[str], timeout_s: float | None) -> Ended:
        """Wait until no pod is left on ``names``, or somebody undoes their drain; say meanwhile who goes.

        :param timeout_s: ``None`` to wait for as long as it takes.
        :raises Conflict: time is up.
        """
        views = [self._views[name] for name in dict.fromkeys(names)]

        def left() -> str:
            return ", ".join(text for view in views if (text := view.look()))

        try:
            wait_until(f"{count_of('node', names)} to be empty", left, math.inf if timeout_s is None else timeout_s)
        except KeyboardInterrupt:
            those = " ".join(view.name for view in views if not view.over)
            click.echo(f"\nThe drain goes on; 'kube9 node drain {those} --cancel' undoes it.", err=True)
            raise
        return _ended(views)


def _ended(views: Sequence[_View]) -> Ended:
    undone = [view for view in views if view.undone]
    for view in undone:
        click.echo(f"Error: the drain of node {view.name} was undone; {view.pods_left} pods stay on it", err=True)
    return Ended(
        tuple(view.name for view in views if not view.undone),
        tuple(view.name for view in undone),
        tuple(view.document for view in views if view.document is not None),
    )


@define
class _View:
    """What is known of one node and of the pods that were on it."""

    client: Client
    name: str
    document: Document | None = None
    over: bool = False
    undone: bool = False
    pods_left: int = 0
    #: By uid, as they were last seen there.
    _there: dict[str, Document] = field(factory=dict)
    #: Those that went, and have no other node yet.
    _away: dict[str, Document] = field(factory=dict)

    def begin(self) -> None:
        """Note who is there."""
        pods = {pod["metadata"]["uid"]: pod for pod in self.client.pods(node=self.name)}
        self._there = {uid: pod for uid, pod in pods.items() if pod["status"]["phase"] not in _OVER}
        self.pods_left = len(self._there)

    def look(self) -> str:
        """Say who went since the last look, and return what is waited for; empty when it is over."""
        if self.over:
            return ""
        self.document = found(self.client.node, self.name)
        before = self._there
        self.begin()
        self._away.update((uid, pod) for uid, pod in before.items() if uid not in self._there)
        drain = None if self.document is None else self.document["status"].get("drain")
        self.over = drain is None
        self.undone = self.over and self.document is not None and bool(self._there)
        for uid in list(self._away):
            if line := self._went(self._away[uid]):
                del self._away[uid]
                click.echo(line, err=True)
        return "" if drain is None else f"{self.name} has {drain_text(drain)}"

    def _went(self, before: Document) -> str:
        """What became of a pod that went; empty where that is still open."""
        meta = before["metadata"]
        name, namespace = meta["name"], meta["namespace"]
        shown = name if namespace == "default" else f"{namespace}/{name}"
        now = found(partial(self.client.pod, namespace=namespace), name)
        if now is None or now["metadata"]["uid"] != meta["uid"]:
            owners = meta.get("ownerReferences", ())
            instead = f"; deployment {owners[0]['name']} has others" if owners else ""
            return f"pod {shown} is gone from {self.name}{instead}"
        status = now["status"]
        if status["phase"] in _OVER:
            return f"pod {shown} ended on {self.name}: {status['phase']}"
        if status["nodeName"] not in (None, self.name):
            return f"pod {shown} moved from {self.name} to {status['nodeName']}"
        return f"pod {shown} left {self.name} and waits: {status['reason']}" if self.over else ""
