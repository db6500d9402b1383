from __future__ import annotations

from kube9.controlplane.backends import Backends
from kube9.controlplane.farewell import Farewell
from kube9.core.nodes import Node, NodeSpec
from kube9.core.stimuli import DestroyNodeDone, NodeJoined

NODES = [Node(uid=name, spec=NodeSpec(name=name), ordinal=1) for name in "ab"]


class Backend:
    def __init__(self, deliver, silent=(), broken=()):
        self.deliver, self.silent, self.broken, self.destroyed = deliver, silent, broken, []

    def destroy_node(self, node):
        if node.uid in self.broken:
            raise ZeroDivisionError("of all things")
        self.destroyed.append(node.uid)
        self.deliver(NodeJoined(at_ms=0, uid=node.uid))
        if node.uid not in self.silent:
            self.deliver(DestroyNodeDone(at_ms=0, uid=node.uid))


def say_goodbye(timeout_s=60, **knobs):
    farewell = Farewell()
    backend = Backend(farewell.hear, **knobs)
    farewell.destroy(NODES, Backends(lambda name, deliver: backend, ["memory"], print), timeout_s)
    return backend.destroyed


def test_every_node_is_destroyed(caplog):
    assert say_goodbye() == ["a", "b"]
    assert caplog.text == ""


def test_one_that_cannot_be_destroyed_keeps_nobody(caplog):
    assert say_goodbye(broken="a") == ["b"]
    assert "node a could not be destroyed: of all things" in caplog.text


def test_one_that_does_not_go_is_waited_for_a_while(caplog):
    assert say_goodbye(timeout_s=0.01, silent="b") == ["a", "b"]
    assert "1 nodes were told to go, and had not gone in time" in caplog.text
