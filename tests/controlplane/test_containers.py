from __future__ import annotations

import pytest

from kube9.controlplane.containers import Containers
from kube9.controlplane.view import View
from kube9.core.errors import Conflict, UnknownName
from kube9.core.nodes import Node, NodeSpec
from kube9.core.outcome import NodeStored, PodStored
from kube9.core.pods import Pod, PodSpec
from kube9.core.ports import LogOptions


class Backend:
    """Notes what it is asked for."""

    def __init__(self):
        self.asked = []

    def logs(self, node, pod, options):
        self.asked.append((node.name, pod.name, options))
        return iter([b"line\n"])


class Runner(Backend):
    def run_command(self, node, pod, container, command, *, terminal=False):
        self.asked.append((node.name, pod.name, container, command, terminal))
        return "session"


class Backends:
    def __init__(self, backend):
        self.backend = backend

    def get(self, name):
        assert name == "memory"
        return self.backend


def containers(backend):
    view = View()
    node = Node(uid="u", spec=NodeSpec(name="n"), ordinal=1)
    pods = [
        Pod(uid=name, spec=PodSpec(name=name), ordinal=number, created_at_ms=0, node_uid=node_uid)
        for number, (name, node_uid) in enumerate([("web", "u"), ("waits", None)])
    ]
    view.apply([NodeStored(node), *map(PodStored, pods)])
    return Containers(view, Backends(backend))


def test_the_backend_of_its_node_is_asked():
    backend = Runner()
    there = containers(backend)
    options = LogOptions(container="c", tail=3)
    assert list(there.logs("default", "web", options)) == [b"line\n"]
    assert there.run_command("default", "web", "c", ["ls"], terminal=True) == "session"
    assert backend.asked == [("n", "web", options), ("n", "web", "c", ["ls"], True)]


def test_a_pod_without_a_node_has_nothing():
    there = containers(Runner())
    with pytest.raises(Conflict, match="pod 'waits' is Pending on no node, and has no logs"):
        there.logs("default", "waits")
    with pytest.raises(Conflict, match="pod 'waits' is Pending on no node, and takes no commands"):
        there.run_command("default", "waits", "", ["ls"])
    with pytest.raises(UnknownName, match="there is no pod 'no'"):
        there.logs("default", "no")


def test_a_backend_that_runs_no_commands_is_told_of():
    with pytest.raises(Conflict, match="pod 'web' is on node 'n' of backend 'memory', which cannot run commands"):
        containers(Backend()).run_command("default", "web", "", ["ls"])
