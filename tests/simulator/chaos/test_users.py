from __future__ import annotations

from collections import Counter

import pytest

from kube9.core import stimuli as s
from kube9.core.errors import Kube9Error
from kube9.core.nodes import NodeSpec
from kube9.simulator.chaos.users import Users


class Desk:
    """A cluster that always answers, and on which every node is up at once."""

    def __init__(self, cluster):
        self.cluster, self.asked, self.made = cluster, Counter(), 0
        self.add_node()

    def add_node(self):
        self.made += 1
        uid = f"node-{self.made}"
        self.tell(s.AddNode, uid=uid, spec=NodeSpec(name=uid, capacity={"cpu": 8000}))
        self.tell(s.NodeJoined, uid=uid)

    def ask(self, kind, **about):
        self.asked[kind.__name__] += 1
        try:
            self.tell(kind, **about)
        except Kube9Error:
            return False
        if kind is s.DeleteNode:
            self.tell(s.DestroyNodeDone, uid=about["uid"])
        return True

    def tell(self, kind, **about):
        self.cluster.handle(kind(at_ms=self.cluster.now_ms, **about))
        self.cluster.check()


@pytest.fixture
def desk(chaos):
    return Desk(chaos.workbench.make_cluster(scheduler="best-fit"))


def test_they_ask_for_all_there_is_to_ask_for(desk):
    users = Users(desk, 1, 10)
    for _ in range(2_000):
        users.turn()
        assert users.is_lost() == ""
    assert desk.asked.keys() == {
        "LaunchPod",
        "DeletePod",
        "ApplyDeployment",
        "ScaleDeployment",
        "DeleteDeployment",
        "DrainNode",
        "CordonNode",
        "DeleteNode",
        "ForgetNode",
    }
    assert len(desk.cluster.nodes) == 1 < desk.made


def test_a_seed_decides_what_they_ask_for(chaos):
    def asked(seed):
        desk = Desk(chaos.workbench.make_cluster(scheduler="best-fit"))
        users = Users(desk, seed, 10)
        for _ in range(100):
            users.turn()
        return desk.asked, list(desk.cluster.pods.values())

    assert asked(1) == asked(1) != asked(2)


def test_what_was_acknowledged_and_is_gone_is_missed(desk):
    users = Users(desk, 1, 10)
    users.launch()
    (uid,) = users.pods
    desk.tell(s.DeletePod, uid=uid)
    desk.tell(s.StopPodDone, uid=uid, epoch=1)
    assert users.is_lost() == f"pod {uid}, which was acknowledged, is gone"
    users.pods.clear()
    users.deployments.add("web-1")
    assert users.is_lost() == "deployment web-1, which was acknowledged, is gone"


def test_what_was_refused_is_not_missed(desk):
    users = Users(desk, 1, 10)
    desk.tell(s.LaunchPod, uid="pod-1", spec=users._spec("pod-1"))
    users.launch()
    assert (desk.asked["LaunchPod"], users.pods) == (1, set())


def test_at_rest_every_node_takes_pods(desk):
    users = Users(desk, 1, 10)
    desk.add_node()
    desk.tell(s.DrainNode, uid="node-1", deadline_ms=None)
    desk.tell(s.CordonNode, uid="node-2", cordoned=True)
    users.rest()
    assert [node.cordoned for node in desk.cluster.nodes.values()] == [False, False]
