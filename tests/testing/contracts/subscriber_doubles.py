"""Subscribers: one that keeps to its hooks, and others that break them in one way each."""

from __future__ import annotations

import kube9


class Sound:
    """Counts what it hears, by hook."""

    def __init__(self):
        self.heard = {}

    @kube9.hookimpl
    def kube9_pod_bound(self, pod, node, at_ms):
        self.note("bound", pod.name, node.name, at_ms)

    @kube9.hookimpl
    def kube9_pod_finished(self, pod):
        self.note("finished", pod.exit_code)

    @kube9.hookimpl
    def kube9_node_failed(self, node):
        self.note("failed", node.reason)

    def note(self, *what):
        self.heard[what] = self.heard.get(what, 0) + 1


class Deaf:
    """Offers something, and hears nothing."""

    @kube9.hookimpl
    def kube9_register_schedulers(self, register):
        pass


class Remembers(Sound):
    """Takes it that it has heard of the binding of every pod that ends."""

    @kube9.hookimpl
    def kube9_pod_finished(self, pod):
        raise KeyError(pod.uid)


class OnceOnly(Sound):
    """Takes no word twice; on its own it forgets between one word and the next."""

    @kube9.hookimpl
    def kube9_moves_held(self, reason, at_ms):
        if self.heard.pop("held", None) == (reason, at_ms):
            raise ValueError(f"held already, for {reason!r}")
        self.heard["held"] = (reason, at_ms)

    @kube9.hookimpl
    def kube9_moves_resumed(self, reason):
        self.heard.pop("held", None)


class Writes(Sound):
    """Marks what it is told of."""

    @kube9.hookimpl
    def kube9_node_ready(self, node):
        object.__setattr__(node, "reason", "seen")


class Prints(Sound):
    @kube9.hookimpl
    def kube9_node_ready(self, node):
        print(node.name)  # noqa: T201  (that is the fault)
