from __future__ import annotations

import pytest

from kube9.agent.brain import CopyReport
from kube9.core import stimuli as s
from kube9.core.agenda import Agenda, Stop, agenda
from kube9.core.nodes import NodeSpec
from kube9.core.pods import PodSpec
from kube9.testing import cluster_with


class Setting:
    """A cluster with one node, and what that is to do."""

    def __init__(self):
        self.cluster = cluster_with()
        self.tell(s.AddNode, uid="n", spec=NodeSpec(name="n", capacity={"cpu": 1_000}))

    def tell(self, kind, **about):
        self.cluster.handle(kind(at_ms=0, **about))
        return self

    def launch(self, uid="p"):
        return self.tell(s.LaunchPod, uid=uid, spec=PodSpec(name=uid, requests={"cpu": 100}))

    def to_do(self, *copies):
        return agenda(self.cluster, self.cluster.nodes["n"], copies)


@pytest.fixture
def setting():
    return Setting().tell(s.NodeJoined, uid="n")


RUNS = CopyReport("p", 1, "Running")


def test_what_is_bound_and_not_listed_is_to_be_started_until_it_is_listed(setting):
    setting.launch()
    assert setting.to_do() == Agenda((setting.cluster.pods["p"],), ())
    assert setting.to_do(CopyReport("p", 1, "Starting")) == Agenda()


def test_what_ran_and_is_gone_is_not_started_again_in_the_same_epoch(setting):
    setting.launch().tell(s.PodStarted, uid="p", epoch=1)
    assert setting.to_do() == Agenda()


@pytest.mark.parametrize("copy", [CopyReport("q", 1, "Running"), CopyReport("p", 0, "Running")])
def test_what_is_not_meant_to_be_there_is_stopped_at_once(setting, copy):
    setting.launch()
    assert setting.to_do(copy, RUNS) == Agenda((), (Stop(copy.uid, copy.epoch, 0),))


def test_a_pod_that_is_deleted_gets_its_grace(setting):
    setting.launch().tell(s.DeletePod, uid="p")
    assert setting.to_do(RUNS) == Agenda((), (Stop("p", 1, 30_000),))
    assert setting.to_do() == Agenda(), "it is neither there nor to be started"


def test_a_pod_that_is_moved_away_is_stopped(setting):
    setting.launch().tell(s.DrainNode, uid="n", deadline_ms=0)
    assert setting.to_do(RUNS).stop == (Stop("p", 1, 30_000),)


def test_one_that_has_ended_is_kept_until_nobody_wants_it(setting):
    ended = CopyReport("p", 1, "Succeeded", 0)
    setting.launch().tell(s.PodStarted, uid="p", epoch=1).tell(s.PodExited, uid="p", epoch=1)
    assert setting.to_do(ended) == Agenda()
    setting.tell(s.DeletePod, uid="p")
    assert setting.to_do(ended) == Agenda((), (Stop("p", 1, 0),))


@pytest.mark.parametrize("kind", [s.FailNode, s.GiveUpNode, s.DeleteNode])
def test_a_node_that_is_down_or_leaves_is_told_nothing(setting, kind):
    setting.launch().tell(kind, uid="n")
    assert setting.to_do(CopyReport("q", 1, "Running")) == Agenda()


def test_a_node_that_has_not_joined_is_told_nothing():
    assert Setting().launch().to_do(CopyReport("q", 1, "Running")) == Agenda()


def test_a_node_is_told_nothing_before_it_is_known_what_it_runs(setting):
    setting.launch()
    nodes, pods = setting.cluster.nodes.values(), setting.cluster.pods.values()
    setting.cluster = cluster_with()
    setting.cluster.restore(nodes, pods, (), at_ms=0)
    assert setting.to_do(CopyReport("q", 1, "Running")) == Agenda()
    setting.tell(s.NodeReported, uid="n")
    assert setting.to_do() == Agenda((setting.cluster.pods["p"],), ())
