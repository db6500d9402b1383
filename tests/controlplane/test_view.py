from __future__ import annotations

import threading
from collections import Counter

import pytest

from kube9.controlplane.tickets import Tickets
from kube9.controlplane.turn import Turn
from kube9.controlplane.view import View, stored
from kube9.core import stimuli as s
from kube9.core.deployments import Deployment, DeploymentSpec
from kube9.core.errors import UnknownName
from kube9.core.nodes import Node, NodeSpec
from kube9.core.outcome import DeploymentRemoved, NodeRemoved, PodRemoved, PodStored
from kube9.core.pods import Owner, Pod, PodPhase, PodSpec
from kube9.testing.clusters import cluster_with
from kube9.testing.random_run import random_run


def node(name, ordinal=1):
    return Node(uid=f"u-{name}", spec=NodeSpec(name=name), ordinal=ordinal)


def pod(name, node_uid=None, **more):
    spec = PodSpec(name=name, requests={"cpu": 100})
    return Pod(uid=f"u-{name}", spec=spec, ordinal=1, created_at_ms=0, node_uid=node_uid, **more)


def deployment(name):
    spec = DeploymentSpec(name=name, template=PodSpec(name=name))
    return Deployment(uid=f"u-{name}", spec=spec, ordinal=1, created_at_ms=0)


@pytest.fixture
def view():
    view = View()
    pods = [pod("p", "u-a"), pod("q", owner=Owner("u-web"))]
    view.apply(stored([node("b"), node("a")], pods, [deployment("web")]))
    return view


def test_things_are_found_by_name_and_uid(view):
    assert [each.name for each in view.nodes()] == ["b", "a"]
    assert view.node("a") is view.node_by_uid("u-a")
    assert view.node_name("u-a") == "a"
    assert (view.node_name("x"), view.node_name(None)) == (None, None)
    assert view.pod("default", "p") is view.pod_by_uid("u-p")
    assert view.deployment("default", "web") is view.deployment_by_uid("u-web")
    assert (view.node_uid("a"), view.pod_uid("default", "q"), view.deployment_uid("x", "web")) == ("u-a", "u-q", None)
    assert view.counts() == (2, 2, 1)
    assert [each.name for each in view.pods_of("u-web")] == ["q"]
    assert view.pods_of("none") == view.pods_on("none") == []


@pytest.mark.parametrize(
    "ask, message",
    [
        (lambda view: view.node("x"), "there is no node 'x'; 'kube9 node list' shows"),
        (lambda view: view.pod("there", "p"), "there is no pod 'p' in namespace 'there'"),
        (lambda view: view.deployment("default", "x"), "there is no deployment 'x' in namespace 'default'"),
    ],
)
def test_what_is_not_there_is_said_with_what_to_do(view, ask, message):
    with pytest.raises(UnknownName, match=message):
        ask(view)


def test_what_is_gone_frees_its_name_unless_another_has_it(view):
    again = Pod(uid="again", spec=PodSpec(name="p"), ordinal=9, created_at_ms=0)
    view.apply([PodStored(again), PodRemoved("u-p"), NodeRemoved("u-b"), DeploymentRemoved("u-web"), PodRemoved("?")])
    assert view.pod("default", "p") is again
    assert [each.name for each in view.nodes()] == ["a"]
    assert view.deployments() == []
    assert view.used("u-a") == ({}, 0)


PLACES = [
    # the pod as it becomes, after it was bound to a
    (pod("p", "u-a", phase=PodPhase.RUNNING), 1, 0),
    (pod("p"), 0, 0),
    (pod("p", "u-b", epoch=2), 0, 1),
    (pod("p", "u-a", phase=PodPhase.SUCCEEDED), 0, 0),
]


@pytest.mark.parametrize("after, on_a, on_b", PLACES, ids=str)
def test_what_is_used_follows_the_pods(view, after, on_a, on_b):
    view.apply([PodStored(after)])
    assert [view.used(uid).pods for uid in ("u-a", "u-b")] == [on_a, on_b]
    assert [view.used(uid).amounts.get("cpu", 0) for uid in ("u-a", "u-b")] == [on_a * 100, on_b * 100]
    assert [(each.name, used.pods) for each, used in view.node_usage()] == [("b", on_b), ("a", on_a)]


@pytest.mark.parametrize("seed", range(5))
def test_it_follows_a_cluster_through_anything(seed):
    view, clusters = View(), []

    def follow(act):
        def act_and_follow(*args, **more):
            outcome = act(*args, **more)
            view.apply(outcome.changes)
            return outcome

        return act_and_follow

    def make_cluster():
        cluster = cluster_with()
        cluster.handle, cluster.restore = follow(cluster.handle), follow(cluster.restore)
        clusters.append(cluster)
        return cluster

    random_run(make_cluster, seed, steps=400, check_every=400)
    cluster = clusters[-1]
    assert (view.nodes(), view.pods()) == ([*cluster.nodes.values()], [*cluster.pods.values()])
    assert view.deployments() == [*cluster.deployments.values()]
    for each in cluster.nodes.values():
        placed = [pod for pod in cluster.pods.values() if pod.node_uid == each.uid and not pod.phase.finished]
        assert {pod.uid for pod in view.pods_on(each.uid)} == {pod.uid for pod in placed}
        amounts = Counter()
        for pod in placed:
            amounts.update(pod.spec.requests)
        assert view.used(each.uid) == ({name: amount for name, amount in amounts.items() if amount}, len(placed))


def test_each_commit_is_a_revision_that_can_be_waited_for(view):
    revision, woken = view.revision, []
    thread = threading.Thread(target=lambda: woken.append(view.wait(revision, 60)))
    thread.start()
    view.apply([])
    thread.join(60)
    assert woken == [True]
    assert view.revision == revision + 1
    assert not view.wait(view.revision, 0)


def test_nobody_waits_for_a_closed_one(view):
    assert not view.closed
    view.close()
    assert view.closed
    assert not view.wait(view.revision, 20)


def test_lists_belong_to_the_caller(view):
    view.nodes().clear()
    view.pods().clear()
    assert view.counts() == (2, 2, 1)


def test_a_turn_s_changes_are_all_it_needs(view):
    turn = Turn(cluster_with(), Tickets(), 0)
    turn.tell(s.LaunchPod, uid="new", spec=PodSpec(name="new"))
    view.apply(turn.changes())
    assert view.pod("default", "new").phase is PodPhase.PENDING
