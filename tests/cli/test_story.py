"""Events as sentences."""

from __future__ import annotations

import pytest
from attrs import evolve

from kube9.cli.story import Story
from kube9.core import events
from kube9.core.nodes import Node, NodePhase, NodeSpec
from kube9.core.pods import Pod, PodSpec
from kube9.simulator.demo import NodeDied

NODE = Node(uid="u", spec=NodeSpec(name="n1"), ordinal=0, phase=NodePhase.READY, reason="it is dead")
POD = Pod(uid="v", spec=PodSpec(name="p1"), ordinal=1, created_at_ms=0, epoch=1, reason="0 of 1 nodes fit")


@pytest.mark.parametrize(
    "event,sentence",
    [
        (events.NodeAdded(at_ms=0, node=NODE), "node n1 is asked for"),
        (NodeDied(at_ms=0, node=NODE), "node n1 dies; nobody knows yet"),
        (events.NodeFailed(at_ms=0, node=NODE), "node n1 has failed: it is dead"),
        (events.NodeFenced(at_ms=0, node=NODE), "node n1 surely runs nothing any more"),
        (events.NodeRecovering(at_ms=0, node=NODE), "node n1 is being restarted"),
        (events.NodeLost(at_ms=0, node=NODE), "node n1 is lost: it is dead"),
        (events.PodBound(at_ms=0, pod=POD, node=NODE), "pod p1 goes to n1"),
        (events.PodBound(at_ms=0, pod=evolve(POD, epoch=2), node=NODE), "pod p1 moves to n1"),
        (events.PodEvicted(at_ms=0, pod=POD, node_name="n1"), "pod p1 has lost its node"),
        (events.PodUnschedulable(at_ms=0, pod=POD), "pod p1 waits: 0 of 1 nodes fit"),
        (events.PodFinished(at_ms=0, pod=POD), "pod p1 is done"),
        (events.PodRunning(at_ms=0, pod=POD), ""),
        (events.NodeCordoned(at_ms=0, node=NODE), ""),
        (events.MovesHeld(at_ms=0, reason="most look dead"), "pods of nodes that are down stay"),
        (events.MovesResumed(at_ms=0, reason="most look dead"), "pods of nodes that are down move again"),
        (events.StaleReport(at_ms=0, what="?"), ""),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, events.Event) else "",
)
def test_each_event_is_a_sentence_or_nothing(event, sentence):
    assert Story().tell(event) == sentence


def test_a_node_joins_once_and_is_back_after_that():
    story = Story()
    ready = events.NodeReady(at_ms=0, node=NODE)
    other = events.NodeReady(at_ms=0, node=evolve(NODE, spec=NodeSpec(name="n2")))
    assert [story.tell(event) for event in (ready, other, ready)] == [
        "node n1 joins",
        "node n2 joins",
        "node n1 is back",
    ]
