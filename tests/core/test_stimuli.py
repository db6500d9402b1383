from __future__ import annotations

import pickle

import pytest
from attrs import fields
from attrs.exceptions import FrozenInstanceError

from kube9.core import stimuli
from kube9.core.deployments import DeploymentSpec
from kube9.core.nodes import NodeSpec
from kube9.core.pods import PodPhase, PodReport, PodSpec
from kube9.core.stimuli import Stimulus

KINDS = Stimulus.__subclasses__()

VALUES = {
    "at_ms": 5,
    "uid": "u",
    "epoch": 2,
    "reason": "because",
    "exit_code": 1,
    "grace_ms": 10,
    "cordoned": False,
    "deadline_ms": None,
    "parallel": 2,
    "interval_ms": 7,
    "move_batch": True,
    "token_digest": "ab" * 32,
    "pods": (PodReport(pod_uid="q", epoch=1, phase=PodPhase.RUNNING),),
    "replicas": 3,
    "incarnation": "boot-1",
    "lease_left_ms": 10,
    "ready": True,
    "restarts": 2,
    "capacity": {"cpu": 4_000},
    "labels": {"zone": "a"},
}
SPECS = {
    stimuli.LaunchPod: PodSpec(name="p"),
    stimuli.AddNode: NodeSpec(name="n"),
    stimuli.ApplyDeployment: DeploymentSpec(name="d", template=PodSpec(name="d")),
}
ABOUT_DEPLOYMENTS = (stimuli.ScaleDeployment, stimuli.DeleteDeployment)


def make(kind):
    values = {**VALUES, "spec": SPECS.get(kind)}
    return kind(**{each.name: values[each.name] for each in fields(kind)})


def test_they_are_those_of_the_module():
    here = {each for each in vars(stimuli).values() if isinstance(each, type) and issubclass(each, Stimulus)}
    assert here == {Stimulus, *KINDS}


@pytest.mark.parametrize("kind", KINDS)
def test_each_is_a_value_that_can_be_sent_anywhere(kind):
    stimulus = make(kind)
    assert stimulus == make(kind)
    assert hash(stimulus) == hash(make(kind))
    assert pickle.loads(pickle.dumps(stimulus)) == stimulus
    with pytest.raises(FrozenInstanceError):
        stimulus.at_ms = 6


@pytest.mark.parametrize("kind", KINDS)
def test_each_is_known_to_the_cluster(drive, kind):
    """Whatever it is about may be unknown, never the kind itself."""
    driven = drive()
    driven.node("u")
    driven.now_ms = 5
    if kind in SPECS:
        driven.tell(kind, "another", spec=make(kind).spec)
    elif kind is stimuli.ForgetNode:
        driven.tell(stimuli.GiveUpNode, "u")
        driven.tell(kind, "u")
    elif kind in ABOUT_DEPLOYMENTS:
        driven.deploy("u")
        driven.cluster.handle(make(kind))
    elif kind is stimuli.DeletePod:
        driven.pod("p")
        driven.tell(kind, "p")
    else:
        stimulus = make(kind)
        assert driven.cluster.handle(stimulus) is not None
    assert driven.cluster.now_ms == 5
