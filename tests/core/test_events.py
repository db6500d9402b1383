from __future__ import annotations

import pytest
from attrs import fields
from attrs.exceptions import FrozenInstanceError

from kube9.core import events
from kube9.core import stimuli as s
from kube9.core.deployments import DeploymentSpec
from kube9.core.nodes import NodeSpec
from kube9.core.pods import PodSpec
from kube9.core.policy import scheduler

SPEC = NodeSpec(name="n", capacity={"cpu": 1000})


@scheduler("broken")
def broken(pod, nodes):
    raise ZeroDivisionError


def kinds(parent=events.Event):
    """The kinds of event that the core tells, not those that only sum up others."""
    children = [child for child in parent.__subclasses__() if child.__module__ == events.__name__]
    return {parent} if not children else set().union(*map(kinds, children))


def everything_that_can_happen(drive):
    """Every event of a run in which everything happens once."""
    driven, told = drive(others={"broken": broken}), []

    def tell(kind, uid, **more):
        told.extend(driven.tell(kind, uid, **more).events)

    tell(s.AddNode, "n", spec=SPEC)
    tell(s.NodeJoined, "n")
    tell(s.SuspectNode, "n")
    tell(s.TrustNode, "n")
    for name, more in (("p", {}), ("large", {"requests": {"cpu": 9999}}), ("odd", {"scheduler_name": "broken"})):
        tell(s.LaunchPod, name, spec=PodSpec(**{"name": name, "requests": {"cpu": 1}, **more}))
    tell(s.FailNode, "n", reason="silent", lease_left_ms=1000)
    tell(s.HoldMoves, None, reason="most nodes look dead")
    tell(s.HoldMoves, None, reason="")
    tell(s.NodeFenced, "n")
    tell(s.NodeJoined, "n")
    tell(s.PodStarted, "p", epoch=2)
    tell(s.PodHealthChanged, "p", epoch=2, ready=False, reason="Unhealthy: it hangs")
    tell(s.PodHealthChanged, "p", epoch=2, ready=True, restarts=1)
    tell(s.PodExited, "p", epoch=1)
    tell(s.PodExited, "p", epoch=2)
    tell(s.DeletePod, "large")
    tell(s.CordonNode, "n")
    tell(s.CordonNode, "n", cordoned=False)
    tell(s.DrainNode, "n")
    tell(s.CancelDrain, "n")
    tell(s.LaunchPod, "stays", spec=PodSpec(name="stays"))
    tell(s.DrainNode, "n", deadline_ms=None)
    tell(s.DeletePod, "stays")
    tell(s.CancelDrain, "n")
    tell(s.StopPodDone, "stays", epoch=1)
    tell(s.GiveUpNode, "n")
    tell(s.DestroyNodeDone, "n")
    tell(s.ApplyDeployment, "d", spec=DeploymentSpec(name="d", replicas=0, template=PodSpec(name="d")))
    tell(s.DeleteDeployment, "d")
    return told


def test_each_kind_is_told_some_time(drive):
    assert {type(event) for event in everything_that_can_happen(drive)} == kinds()


def test_each_is_a_value_with_its_time_and_its_subject(drive):
    for event in everything_that_can_happen(drive):
        assert event.at_ms == 0
        assert hash(event) == hash(event)
        subjects = {"node", "pod", "deployment", "what", "reason"}
        assert {field.name for field in fields(type(event))} & subjects
        with pytest.raises(FrozenInstanceError):
            event.at_ms = 1


def test_the_subject_is_as_it_was_right_after(drive):
    told = {type(event): event for event in everything_that_can_happen(drive)}
    assert told[events.NodeFailed].node.phase.value == "Failed"
    assert told[events.NodeFailed].node.lease_left_ms == 1000
    assert told[events.NodeFenced].node.lease_left_ms == 0
    assert (told[events.MovesHeld].reason, told[events.MovesResumed].reason) == ("most nodes look dead",) * 2
    assert told[events.NodeRecovering].node.phase.value == "Recovering"
    assert told[events.NodeLost].node.phase.value == "Lost"
    assert told[events.NodeSuspected].node.phase.value == "Suspect"
    assert told[events.NodeCordoned].node.cordoned is True
    assert told[events.NodeUncordoned].node.cordoned is False
    assert told[events.NodeDrainStarted].node.drain.pods == 1
    assert (told[events.NodeDrained].node.drain, told[events.NodeDrainCancelled].node.drain) == (None, None)
    assert told[events.PodBound].pod.phase.value == "Starting"
    assert told[events.PodBound].pod.node_uid == "n"
    assert told[events.PodRunning].pod.phase.value == "Running"
    assert (told[events.PodUnready].pod.ready, told[events.PodUnready].pod.reason) == (False, "Unhealthy: it hangs")
    assert (told[events.PodReady].pod.ready, told[events.ContainerRestarted].pod.restarts) == (True, 1)
    assert told[events.PodEvicted].pod.phase.value == "Pending"
    assert told[events.PodEvicted].pod.node_uid is None
    assert told[events.PodEvicted].node_name == "n"
    assert told[events.PodFinished].pod.phase.value == "Succeeded"
    assert told[events.DeploymentDeleted].deployment.deleting is True
    assert told[events.PodUnschedulable].pod.reason == "0 of 1 nodes fit: 1 recovering"
