from __future__ import annotations

from kube9.core.nodes import NodeSpec
from kube9.core.pods import PodSpec
from kube9.testing.decision import Decision
from kube9.testing.tables import ready_node


def test_every_table_of_a_decision_is_a_new_one():
    node = ready_node(NodeSpec(name="n", capacity={"cpu": 1000}), 0)
    pod = PodSpec(name="pod", requests={"cpu": 400})
    decision = Decision(pod=pod, nodes=(node,), placed={"n": (pod,)})
    first, second = decision.table(), decision.table()
    assert first is not second
    assert first.free["cpu"].tolist() == second.free["cpu"].tolist() == [600]
