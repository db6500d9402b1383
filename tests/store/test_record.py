from __future__ import annotations

import pytest
from attrs import evolve

from kube9.core import events as e
from kube9.core.containers import Config, Container, EnvVar
from kube9.core.drains import Drain
from kube9.core.nodes import NodePhase
from kube9.core.pods import PodPhase, PodSpec
from kube9.store.record import MESSAGE_LENGTH_MAX, StoredEvent, event_record

SECRET = "hunter2"


@pytest.fixture
def told(make):
    """Events of every kind, each with the name of the pod's node as the caller may know it, and what is said of it."""
    node = make.node(phase=NodePhase.READY)
    container = Container(name="c", image="nginx", command=(SECRET,), env=(EnvVar(name="PASSWORD", value=SECRET),))
    config = Config(name="passwords", data={"a": SECRET}, secret=True)
    spec = PodSpec(name="p1", containers=(container,), configs=(config,), annotations={"note": SECRET})
    pod = make.pod(spec=spec, epoch=2, node_uid="node-1")

    def of_pod(kind, node_name="", more=(), **changed):
        return kind(at_ms=5, pod=evolve(pod, **changed), **dict(more)), node_name

    def of_node(kind, **changed):
        return kind(at_ms=5, node=evolve(node, **changed)), ""

    tally = "0 of 3 nodes fit: 3 insufficient cpu"
    lost = "node n1 failed: silent for 40 s"
    deployment = make.deployment(revision=2)
    several = make.deployment(spec=evolve(deployment.spec, replicas=3))
    return [
        (of_pod(e.PodBound, more={"node": node}), "bound to node n1 (epoch 2)"),
        (of_pod(e.PodUnschedulable, reason=tally), tally),
        (of_pod(e.PodUnschedulable), "fits on no node"),
        (of_pod(e.PodRunning), "running (epoch 2)"),
        (of_pod(e.PodRunning, "n1"), "running on node n1 (epoch 2)"),
        (of_pod(e.PodReady, "n1"), "ready on node n1"),
        (of_pod(e.PodUnready, "n1", reason="Unhealthy: it hangs"), "not ready on node n1: Unhealthy: it hangs"),
        (of_pod(e.ContainerRestarted, "n1", restarts=1), "a container was started again on node n1, once by now"),
        (
            of_pod(e.ContainerRestarted, restarts=3, reason="NotReady: not yet"),
            "a container was started again, 3 times by now: NotReady: not yet",
        ),
        (of_pod(e.PodEvicted, more={"node_name": "n1"}, reason=lost), f"lost node n1: {lost}; queued again"),
        (of_pod(e.PodFinished, phase=PodPhase.SUCCEEDED, exit_code=0), "succeeded with exit code 0"),
        (of_pod(e.PodFinished, "n1", phase=PodPhase.FAILED, reason="no image"), "failed on node n1: no image"),
        (of_pod(e.PodDeleted), "deleted"),
        (of_pod(e.SchedulerFailed, more={"message": "mine returned NaN"}), "not scheduled: mine returned NaN"),
        (of_node(e.NodeAdded), "asked of backend memory"),
        (of_node(e.NodeReady), "ready"),
        (of_node(e.NodeReady, cordoned=True), "up, but takes no new pods: it is cordoned"),
        (of_node(e.NodeSuspected, reason="silent"), "suspected: silent; takes no new pods"),
        (of_node(e.NodeFailed, reason="silent"), "failed: silent; its pods move"),
        (
            of_node(e.NodeFailed, reason="silent", lease_left_ms=1500),
            "failed: silent; its pods move in 1500 ms, when its lease is over",
        ),
        (of_node(e.NodeFenced), "fenced: surely runs nothing any more; its pods move"),
        (of_node(e.NodeRecovering, recovery_attempts=2), "being restarted, attempt 2"),
        (of_node(e.NodeLost, reason="not created: quota"), "given up: not created: quota"),
        (of_node(e.NodeCordoned), "cordoned: takes no new pods"),
        (of_node(e.NodeUncordoned), "uncordoned: takes new pods again"),
        (
            of_node(e.NodeDrainStarted, drain=Drain(began_at_ms=5, deadline_at_ms=1500, pods=2)),
            "being drained: 2 pods, 1 at a time, until 1970-01-01T00:00:01.500Z at the latest",
        ),
        (
            of_node(e.NodeDrainStarted, drain=Drain(began_at_ms=5, deadline_at_ms=None, pods=1, parallel=3)),
            "being drained: 1 pod, 3 at a time, no deadline",
        ),
        (of_node(e.NodeDrained), "drained: no pod is left on it; stays cordoned"),
        (of_node(e.NodeDrainCancelled), "not drained any more; the pods that are left stay"),
        (of_node(e.NodeDeleted), "deleted"),
        ((e.DeploymentApplied(at_ms=5, deployment=deployment), ""), "asked for 1 pod of revision 2"),
        ((e.DeploymentApplied(at_ms=5, deployment=several), ""), "asked for 3 pods of revision 1"),
        ((e.DeploymentDeleted(at_ms=5, deployment=deployment), ""), "deleted with all its pods"),
        ((e.MovesHeld(at_ms=5, reason="9 of 9 dead"), ""), "pods stay on nodes that are down: 9 of 9 dead"),
        (
            (e.MovesResumed(at_ms=5, reason="9 of 9 dead"), ""),
            "pods move off nodes that are down again; they stayed: 9 of 9 dead",
        ),
        ((e.StaleReport(at_ms=5, what="pod p1 of epoch 1"), ""), "ignored a report: pod p1 of epoch 1"),
    ]


def kinds(parent=e.Event):
    """The kinds of event that the core tells, not those that only sum up others."""
    children = [child for child in parent.__subclasses__() if child.__module__ == e.__name__]
    return {parent} if not children else set().union(*map(kinds, children))


def test_every_kind_has_its_words(told):
    assert {type(event) for (event, _), _ in told} >= kinds()
    said = [event_record(1, event, node_name).message for (event, node_name), _ in told]
    assert said == [message for _, message in told]


def test_nothing_that_a_pod_carries_is_told(told):
    for (event, node_name), _ in told:
        assert SECRET not in str(event_record(1, event, node_name))


def test_an_event_can_be_found_by_what_it_is_about(make):
    pod, node = make.pod(), make.node()
    bound = event_record(3, e.PodBound(at_ms=9, pod=pod, node=node))
    assert bound[:-1] == (3, 9, "PodBound", "Pod", "pod-1", "default", "p1", "n1")
    assert event_record(3, e.PodEvicted(at_ms=9, pod=pod, node_name="n2")).node_name == "n2"
    assert event_record(4, e.NodeReady(at_ms=9, node=node))[:-1] == (
        4,
        9,
        "NodeReady",
        "Node",
        "node-1",
        "",
        "n1",
        "n1",
    )
    of_deployment = event_record(5, e.DeploymentApplied(at_ms=9, deployment=make.deployment()))
    assert of_deployment[2:-1] == ("DeploymentApplied", "Deployment", "deployment-1", "default", "d1", "")
    for event in (
        e.StaleReport(at_ms=9, what="x"),
        e.MovesHeld(at_ms=9, reason="x"),
        e.MovesResumed(at_ms=9, reason="x"),
    ):
        assert event_record(6, event)[2:-1] == (type(event).__name__, "", "", "", "", "")


@pytest.mark.parametrize("said", ["long " * 1000, "nul \0", "half a pair \ud800"], ids=["long", "nul", "surrogate"])
def test_what_plugins_say_is_cut_and_cleaned(make, said):
    message = event_record(1, e.SchedulerFailed(at_ms=1, pod=make.pod(), message=said)).message
    assert len(message) <= MESSAGE_LENGTH_MAX
    assert "\0" not in message
    assert message.encode()


def test_its_fields_are_the_columns_of_its_table():
    from kube9.store.schema import events

    assert StoredEvent._fields == tuple(events.columns.keys())
