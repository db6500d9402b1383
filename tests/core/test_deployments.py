from __future__ import annotations

import pytest
from attrs import evolve

from kube9.core import stimuli as s
from kube9.core.containers import RestartPolicy
from kube9.core.deployments import Deployment, DeploymentSpec
from kube9.core.errors import InvalidInput
from kube9.core.pods import PodSpec

TEMPLATE = PodSpec(name="web")
ENDING = PodSpec(name="web", restart_policy=RestartPolicy.NEVER)


@pytest.mark.parametrize(
    "bad,problem",
    [
        ({"name": ""}, "name must be letters"),
        ({"namespace": "a b"}, "namespace must be letters"),
        ({"name": "a" * 241}, "name of a deployment must have at most 240 characters, got 241"),
        ({"replicas": -1}, "replicas must be a whole number from 0"),
        ({"replicas": 1.5}, "replicas must be a whole number from 0"),
        ({"replicas": 100_001}, "replicas must be a whole number from 0 to 100000, got 100001"),
        ({"max_unavailable": 0}, "max_unavailable must be a whole number from 1"),
        ({"max_unavailable": 100_001}, "max_unavailable must be a whole number from 1 to 100000"),
        ({"labels": {"a": "b c"}}, "labels: a must be a text"),
        ({"annotations": {"a b": "c"}}, "annotations: 'a b' must be a name"),
        ({"template": ENDING}, "template: restart_policy must be Always, got Never: a deployment keeps its pods up"),
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


def test_its_template_is_called_like_it():
    spec = DeploymentSpec(name="web", namespace="team", template=PodSpec(name="any", labels={"a": "b"}))
    assert spec.template == PodSpec(name="web", namespace="team", labels={"a": "b"})
    assert evolve(spec, name="other").template == PodSpec(name="other", namespace="team", labels={"a": "b"})
    assert evolve(spec, replicas=3).template is spec.template


def test_a_template_of_another_name_is_no_other_template(drive):
    driven = drive()
    driven.node("n")
    driven.deploy("web", 2)
    spec = evolve(driven.deployments["web"].spec, template=PodSpec(name="any", requests={"cpu": 100}))
    driven.tell(s.ApplyDeployment, "web", spec=spec)
    assert driven.deployments["web"].revision == 1
