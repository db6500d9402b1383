from __future__ import annotations

import pickle

import pytest

from kube9.core.errors import InvalidInput
from kube9.core.nodes import Taint, TaintEffect
from kube9.core.pods import DeviceRequest, PodPhase, PodSpec, Toleration

GPU = DeviceRequest(kind="gpu", count=2, milli=500)


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
        (Toleration(exists=True), Taint("anything", "at all", TaintEffect.NO_EXECUTE), True),
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
        ({"count": 0}, "count must be"),
        ({"milli": 0}, "milli must be"),
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


def test_finished_phases():
    assert {phase for phase in PodPhase if phase.finished} == {PodPhase.SUCCEEDED, PodPhase.FAILED}
