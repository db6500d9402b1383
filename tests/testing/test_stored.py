from __future__ import annotations

from functools import partial

import pytest
from attrs import evolve

from kube9.core import stimuli as s
from kube9.core.cluster import Cluster
from kube9.core.deployments import DeploymentSpec
from kube9.core.nodes import NodeSpec
from kube9.core.outcome import InspectNode
from kube9.core.pods import PodSpec
from kube9.testing.stored import Stored

TEMPLATE = PodSpec(name="web", requests={"cpu": 100})
LIFE = (
    s.AddNode(at_ms=0, uid="n", spec=NodeSpec(name="n", capacity={"cpu": 1000})),
    s.NodeJoined(at_ms=0, uid="n"),
    s.LaunchPod(at_ms=1, uid="p", spec=PodSpec(name="p", requests={"cpu": 500})),
    s.LaunchPod(at_ms=1, uid="large", spec=PodSpec(name="large", requests={"cpu": 5000})),
    s.ApplyDeployment(at_ms=2, uid="d", spec=DeploymentSpec(name="web", replicas=2, template=TEMPLATE)),
    s.PodStarted(at_ms=3, uid="p", epoch=1),
)
END = (
    s.DeletePod(at_ms=4, uid="large"),
    s.DeleteDeployment(at_ms=4, uid="d"),
    s.DestroyNodeDone(at_ms=4, uid="n"),
    s.DeletePod(at_ms=4, uid="p"),
)


def live(cluster, stored, life):
    for stimulus in life:
        stored.take(cluster.handle(stimulus))
        stored.check(cluster)


@pytest.fixture
def stored(cluster):
    stored = Stored()
    live(cluster(), stored, LIFE)
    return stored


def test_the_changes_of_a_life_are_all_there_is_to_it(cluster):
    subject, stored = cluster(), Stored()
    live(subject, stored, LIFE)
    assert list(stored.nodes) == ["n"]
    assert list(stored.pods) == ["p", "large", "d-1", "d-2"]
    assert list(stored.deployments) == ["d"]
    live(subject, stored, END)
    assert (stored.nodes, stored.pods, stored.deployments) == ({}, {}, {})


@pytest.mark.parametrize("what,uid", [("nodes", "n"), ("pods", "large"), ("deployments", "d")])
def test_what_differs_is_named(cluster, stored, what, uid):
    subject, _ = stored.restart(cluster, at_ms=5)
    del getattr(stored, what)[uid]
    with pytest.raises(AssertionError, match=f"a store would have other {what} than the cluster"):
        stored.check(subject)


def test_two_changes_for_one_uid_are_one_too_many(cluster):
    outcome = cluster().handle(LIFE[0])
    with pytest.raises(AssertionError, match="more than one change for one uid"):
        Stored().take(evolve(outcome, changes=outcome.changes * 2))


def test_another_cluster_goes_on_from_it(cluster, stored):
    subject, outcome = stored.restart(cluster, at_ms=50)
    assert subject.now_ms == 50
    assert outcome.instructions == (InspectNode(stored.nodes["n"]),)
    live(subject, stored, (s.PodExited(at_ms=60, uid="p", epoch=1), s.NodeJoined(at_ms=70, uid="n")))


class OutOfOrder(Cluster):
    """Thinks the order in which things are handed out is that in which they came."""

    def restore(self, nodes, pods, deployments=(), *, at_ms):
        outcome = super().restore(nodes, pods, deployments, at_ms=at_ms)
        for uid in reversed(list(self._ledger.pods)):
            self._ledger.pods[uid] = self._ledger.pods.pop(uid)
        return outcome


class Uproots(Cluster):
    """Starts everything anew."""

    def restore(self, nodes, pods, deployments=(), *, at_ms):
        super().restore(nodes, pods, deployments, at_ms=at_ms)
        return self.handle(s.NodeJoined(at_ms=at_ms, uid="n"))


@pytest.mark.parametrize(
    "kind,message",
    [(OutOfOrder, "pods are not in the order in which they came"), (Uproots, "a restart made Pod.*'p'.*of Pod")],
)
def test_a_restart_that_changes_what_it_should_not_is_seen(cluster, stored, kind, message):
    with pytest.raises(AssertionError, match=message):
        stored.restart(partial(cluster, kind=kind), at_ms=5)
