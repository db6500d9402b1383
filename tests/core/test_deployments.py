from __future__ import annotations

import pytest
from attrs import evolve

from kube9.core import stimuli as s
from kube9.core.deployments import Deployment, DeploymentSpec
from kube9.core.errors import InvalidInput
from kube9.core.pods import PodSpec

TEMPLATE = PodSpec(name="web")


@pytest.mark.parametrize(
    "bad,problem",
    [
        ({"name": ""}, "name must be letters"),
        ({"namespace": "a b"}, "namespace must be letters"),
        ({"name": "a" * 241}, "name of a deployment must have at most 240 characters, got 241"),
        ({"replicas": -1}, "replicas must be a whole number from 0"),
        ({"replicas": 1.5}, "replicas must be a whole number from 0"),
        ({"replicas": 100_001}, "replicas must be at most 100000, got 100001"),
        ({"max_unavailable": 0}, "max_unavailable must be a whole number from 1"),
    ],
    ids=str,
)
def test_a_bad_spec_is_refused(bad, problem):
    with pytest.raises(InvalidInput, match=f"^{problem}"):
        DeploymentSpec(**{"name": "web", "template": TEMPLATE, **bad})


def test_the_longest_name_has_room_for_the_number_of_any_pod(drive):
    driven = drive()
    driven.deploy("a" * 240)
    for _ in range(3):
        (pod,) = driven.alive()
        driven.tell(s.DeletePod, pod)
    assert len(driven.alive()) == 1


def test_it_is_found_by_the_name_of_its_spec():
    deployment = Deployment(
        uid="d", spec=DeploymentSpec(name="web", namespace="team", template=TEMPLATE), ordinal=1, created_at_ms=0
    )
    assert (deployment.name, deployment.namespace) == ("web", "team")


def test_specs_are_equal_where_all_of_them_is():
    spec = DeploymentSpec(name="web", template=TEMPLATE, labels={"a": "b"})
    assert spec == DeploymentSpec(name="web", template=PodSpec(name="web"), labels={"a": "b"})
    assert hash(spec) == hash(evolve(spec))
    assert spec != evolve(spec, template=PodSpec(name="web", annotations={"a": "b"}))
