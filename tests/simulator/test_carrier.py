"""Instructions on their way to the in-memory backend."""

from __future__ import annotations

import pytest

from kube9.backends.memory import MemoryBackend
from kube9.clocks import VirtualClock
from kube9.core.nodes import Node, NodeSpec
from kube9.core.outcome import CreateNode, RestartNode, StartPod
from kube9.core.pods import Pod, PodSpec
from kube9.simulator.carrier import Carrier

NODE = Node(uid="n", spec=NodeSpec(name="n"), ordinal=1)
POD = Pod(uid="p", spec=PodSpec(name="p"), ordinal=2, created_at_ms=0, node_uid="n", epoch=1)


@pytest.fixture
def carried():
    """Carry out instructions, with the node down before the last; returns the names of what was delivered."""

    def carried(*instructions, down_for_ms=None):
        clock, told = VirtualClock(), []
        backend = MemoryBackend(clock, lambda stimulus: told.append(type(stimulus).__name__))
        carrier = Carrier(backend)
        carrier.carry_out(instructions[:-1])
        clock.run_until(10)
        if down_for_ms is not None:
            backend.crash_node("n", down_for_ms)
        carrier.carry_out(instructions[-1:])
        clock.run_until(100)
        return told

    return carried


def test_nodes_are_made_and_restarted_and_pods_started(carried):
    assert carried(CreateNode(NODE)) == ["NodeJoined"]
    assert carried(CreateNode(NODE), RestartNode(NODE)) == ["NodeJoined", "NodeJoined"]
    assert carried(CreateNode(NODE), StartPod(NODE, POD)) == ["NodeJoined", "PodStarted"]


def test_a_dead_node_gives_no_answer(carried):
    assert carried(CreateNode(NODE), StartPod(NODE, POD), down_for_ms=20) == ["NodeJoined", "NodeJoined"]
