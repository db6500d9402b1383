from __future__ import annotations

import pickle

import pytest
from attrs import evolve

from kube9.core import stimuli as s
from kube9.core.affinity import NodeRequirement, NodeSelectorTerm
from kube9.core.containers import Config, Container, RestartPolicy, Volume
from kube9.core.deployments import DeploymentSpec
from kube9.core.errors import InvalidInput
from kube9.core.nodes import Taint, TaintEffect
from kube9.core.pods import DeviceRequest, PodPhase, PodSpec, Toleration, renamed
from kube9.core.quantities import QUANTITY_MAX

GPU = DeviceRequest(kind="gpu", count=2, milli=500)
#: It asks for as much as there can be.
CONTAINER = Container(name="c", requests={"cpu": QUANTITY_MAX})
#: On a label that no node can have.
AFFINITY = NodeSelectorTerm(expressions=[NodeRequirement(key="a b", operator="Exists")])


@pytest.mark.parametrize(
    "toleration,taint,tolerated",
    [
        (Toleration("k"), Taint("k"), True),
        (Toleration("k"), Taint("k", "v"), False),
        (Toleration("k", "v"), Taint("k", "v"), True),
        (Toleration("k", "v"), Taint("k", "w"), False),
        (Toleration("k", "v"), Taint("j", "v"), False),
        (Toleration("k", exists=True), Taint("k", "v"), True),
        (Toleration("k", exists=True), Taint("j", "v"), False),
        (Toleration(exists=True), Taint("anything", "at-all", TaintEffect.NO_EXECUTE), True),
        (Toleration("k", effect=TaintEffect.NO_SCHEDULE), Taint("k"), True),
        (Toleration("k", effect=TaintEffect.NO_EXECUTE), Taint("k"), False),
        (Toleration("k"), Taint("k", effect=TaintEffect.NO_EXECUTE), True),
        (Toleration(exists=True, effect=TaintEffect.NO_EXECUTE), Taint("k"), False),
    ],
)
def test_tolerations(toleration, taint, tolerated):
    assert toleration.tolerates(taint) is tolerated


def test_a_tolerations_effect_may_be_given_by_its_name():
    assert Toleration("k", effect="NoExecute").tolerates(Taint("k", effect=TaintEffect.NO_EXECUTE))


def test_a_toleration_without_a_key_must_be_for_all():
    with pytest.raises(InvalidInput, match="a toleration without a key must have the operator Exists"):
        Toleration(value="v")


@pytest.mark.parametrize(
    "bad,problem",
    [
        ({"name": ""}, "name must be letters"),
        ({"namespace": "a b"}, "namespace must be letters"),
        ({"requests": {"cpu": -1}}, "requests: cpu must be a whole number"),
        ({"requests": {"pods": 1}}, "requests: pods is a limit of nodes"),
        (
            {"requests": {"gpu": 1}, "devices": (GPU,)},
            "requests: gpu is given as 1 and also as devices, which make 1000",
        ),
        ({"devices": (GPU, GPU)}, "devices: 'gpu' is listed 2 times"),
        ({"requests": {"a b": 1}}, "requests: 'a b' must be a name of letters"),
        ({"labels": {"a": "b c"}}, "labels: a must be a text"),
        ({"node_selector": {"a b": "c"}}, "node_selector: 'a b' must be a name"),
        ({"annotations": {"a": "\0"}}, "annotations: a must be a text without NUL"),
        ({"priority": 2**31}, "priority must be a whole number from -2147483648 to 2147483647"),
        ({"priority": -(2**31) - 1}, "priority must be a whole number from"),
        ({"priority": 0.5}, "priority must be a whole number from"),
        ({"scheduler_name": "a\0"}, "scheduler_name must be a text without NUL"),
        ({"scheduler_name": "default-scheduler"}, "scheduler_name must be empty for the cluster's default"),
        ({"grace_ms": -1}, "grace_ms must be a whole number from 0"),
        ({"grace_ms": 10**12 + 1}, "grace_ms must be a whole number from 0 to 1000000000000"),
        ({"restart_policy": "Sometimes"}, "restart_policy must be one of Always, OnFailure, Never, got 'Sometimes'"),
        ({"node_affinity": [AFFINITY]}, "node_affinity: 'a b' must be a name"),
        ({"containers": [CONTAINER, CONTAINER]}, "containers: 'c' is there twice"),
        ({"volumes": [Volume(name="v")] * 2}, "volumes: 'v' is there twice"),
        ({"configs": [Config(name="v")] * 2}, "configs: 'v' is there twice"),
        ({"containers": [CONTAINER, evolve(CONTAINER, name="d")]}, "containers: they ask for 18014398509481984 of cpu"),
    ],
)
def test_a_bad_spec_is_refused(bad, problem):
    with pytest.raises(InvalidInput, match=f"^{problem}"):
        PodSpec(**{"name": "p", **bad})


@pytest.mark.parametrize(
    "bad,problem",
    [
        ({"kind": ""}, "kind must be letters"),
        ({"kind": "cpu"}, "kind must be that of a device, such as gpu, got 'cpu'"),
        ({"kind": "memory"}, "kind must be that of a device, such as gpu, got 'memory'"),
        ({"kind": "pods"}, "kind must be that of a device, such as gpu, got 'pods'"),
        ({"kind": "a/b/c"}, "kind must be a name of letters"),
        ({"count": 0}, "count must be"),
        ({"count": 1025}, "count must be a whole number from 1 to 1024"),
        ({"milli": 0}, "milli must be"),
        ({"models": ("A100", "")}, "models: a model must not be empty"),
        ({"models": ("A100\0",)}, "models must be a text without NUL"),
    ],
)
def test_a_bad_request_for_devices_is_refused(bad, problem):
    with pytest.raises(InvalidInput, match=f"^{problem}"):
        DeviceRequest(**{"kind": "gpu", "count": 1, **bad})


@pytest.mark.parametrize(
    "requests,kept",
    [
        ({}, {}),
        ({"cpu": 0}, {}),
        ({"cpu": 0, "nvidia.com/gpu": 0, "memory": 1}, {"memory": 1}),
    ],
)
def test_asking_for_none_is_not_asking(requests, kept):
    spec = PodSpec(name="p", requests=requests)
    assert dict(spec.requests) == kept
    assert spec == PodSpec(name="p", requests=kept)
    assert spec.shape == PodSpec(name="other", requests=kept).shape


def test_what_was_not_asked_for_reads_as_none_of_it():
    spec = PodSpec(name="p", requests={"cpu": 5})
    assert (spec.requests["cpu"], spec.requests["memory"]) == (5, 0)
    assert "memory" not in spec.requests


def test_devices_are_not_at_odds_with_none_of_their_kind():
    assert PodSpec(name="p", requests={"gpu": 0}, devices=(GPU,)).requests == {"gpu": 1000}


def test_a_spec_survives_pickling():
    spec = PodSpec(name="p", requests={"cpu": 5}, devices=(GPU,))
    twin = pickle.loads(pickle.dumps(spec))
    assert (twin, twin.shape, hash(twin)) == (spec, spec.shape, hash(spec))
    assert twin.requests["memory"] == 0


def test_containers_may_each_ask_for_as_much_as_there_can_be_where_one_follows_the_other():
    spec = PodSpec(name="p", containers=[CONTAINER], init_containers=[evolve(CONTAINER, name="i")])
    assert spec.requests == {"cpu": QUANTITY_MAX}


def test_a_pod_under_another_name_is_the_same_but_for_that():
    spec = PodSpec(name="p", requests={"cpu": 0}, containers=[CONTAINER], labels={"a": "b"})
    twin = renamed(spec, "team", "q")
    assert (twin.namespace, twin.name, spec.namespace, spec.name) == ("team", "q", "default", "p")
    assert renamed(twin, "default", "p") == spec
    assert twin.shape is spec.shape


def test_a_restart_policy_may_be_given_by_its_name():
    assert PodSpec(name="p", restart_policy="Never").restart_policy is RestartPolicy.NEVER


def test_devices_are_added_to_the_requests():
    assert PodSpec(name="p", requests={"cpu": 5}, devices=(GPU,)).requests == {"cpu": 5, "gpu": 1000}


def test_pods_that_differ_in_name_alone_have_one_shape():
    one = PodSpec(name="a", requests={"cpu": 1, "memory": 2}, labels={"x": "1", "y": "2"})
    other = PodSpec(name="b", namespace="else", requests={"memory": 2, "cpu": 1}, labels={"y": "2", "x": "1"})
    assert one.shape == other.shape
    assert hash(one.shape) == hash(other.shape)
    assert one != other


@pytest.mark.parametrize(
    "different",
    [
        {"requests": {"cpu": 2}},
        {"requests": {"cpu": 1, "memory": 1}},
        {"devices": (GPU,)},
        {"labels": {"a": "b"}},
        {"node_selector": {"a": "b"}},
        {"tolerations": (Toleration("k"),)},
        {"priority": 1},
        {"scheduler_name": "other"},
        {"node_affinity": (NodeSelectorTerm(),)},
    ],
    ids=str,
)
def test_everything_else_makes_another_shape(different):
    usual = {"name": "p", "requests": {"cpu": 1}}
    assert PodSpec(**usual).shape != PodSpec(**{**usual, **different}).shape


@pytest.mark.parametrize(
    "devices",
    [
        {"kind": "nic"},
        {"count": 1},
        {"milli": 501},
        {"models": ("A100",)},
    ],
    ids=str,
)
def test_each_part_of_a_device_request_makes_another_shape(devices):
    usual = {"kind": "gpu", "count": 2, "milli": 500}
    shapes = {PodSpec(name="p", devices=(DeviceRequest(**each),)).shape for each in (usual, {**usual, **devices})}
    assert len(shapes) == 2


def test_labels_and_selector_are_not_taken_for_each_other():
    assert PodSpec(name="p", labels={"a": "b"}).shape != PodSpec(name="p", node_selector={"a": "b"}).shape


@pytest.mark.parametrize(
    "bad,problem",
    [
        ({"key": "a b"}, "key must be a name of letters"),
        ({"key": "a", "value": "b c"}, "value must be a text that is empty or of letters"),
    ],
)
def test_a_bad_toleration_is_refused(bad, problem):
    with pytest.raises(InvalidInput, match=f"^{problem}"):
        Toleration(**bad)


@pytest.mark.parametrize("namespace", ["default", "team"])
@pytest.mark.parametrize("name", ["web", "web-1", "a.b-10-c"])
def test_a_pod_of_a_deployment_knows_its_name(drive, name, namespace):
    driven = drive()
    spec = DeploymentSpec(name=name, namespace=namespace, replicas=11, template=PodSpec(name=name))
    driven.tell(s.ApplyDeployment, "d", spec=spec)
    driven.pod("alone-1")
    owners = {pod.owner_name for pod in driven.pods.values() if pod.owner is not None}
    assert owners == {name}
    assert driven.pods["alone-1"].owner_name is None


def test_finished_phases():
    assert {phase for phase in PodPhase if phase.finished} == {PodPhase.SUCCEEDED, PodPhase.FAILED}
