from __future__ import annotations

import itertools
import pickle

import pytest
from attrs.exceptions import FrozenInstanceError

from kube9.core.errors import InvalidInput
from kube9.core.nodes import DeviceGroup, Node, NodePhase, NodeSpec, Taint, TaintEffect

GPUS = DeviceGroup(kind="gpu", count=8, model="A100")


def test_devices_are_added_to_the_capacity():
    spec = NodeSpec(name="n", capacity={"cpu": 1000}, devices=[GPUS])
    assert spec.capacity == {"cpu": 1000, "gpu": 8000}
    assert spec.devices == (GPUS,)


@pytest.mark.parametrize(
    "bad,problem",
    [
        ({"name": "no spaces"}, "name must be letters"),
        ({"capacity": {"cpu": -1}}, "capacity: cpu must be a whole number"),
        ({"capacity": {"cpu": 1.5}}, "capacity: cpu must be a whole number"),
        ({"capacity": {"gpu": 1}, "devices": (GPUS,)}, "capacity: gpu is given as 1 and also as devices"),
        ({"devices": (GPUS, GPUS)}, "devices: 'gpu' is listed 2 times"),
        ({"backend": None}, "backend must be a text"),
        ({"capacity": {"a b": 1}}, "capacity: 'a b' must be a name of letters"),
        ({"labels": {"a": "b c"}}, "labels: a must be a text that is empty or of letters"),
        ({"options": {"": "x"}}, "options: a name must be a text with something in it"),
        ({"options": {"delay": 5}}, "options: 'delay' must be a text, got int"),
    ],
)
def test_a_bad_spec_is_refused(bad, problem):
    with pytest.raises(InvalidInput, match=f"^{problem}"):
        NodeSpec(**{"name": "n", **bad})


@pytest.mark.parametrize(
    "bad,problem",
    [
        ({"kind": ""}, "kind must be"),
        ({"kind": "cpu"}, "kind must be that of a device, such as gpu, got 'cpu'"),
        ({"kind": "memory"}, "kind must be that of a device"),
        ({"kind": "pods"}, "kind must be that of a device"),
        ({"kind": "a/b/c"}, "kind must be a name of letters"),
        ({"model": "A\0"}, "model must be a text without NUL"),
        ({"count": 0}, "count must be"),
        ({"count": 1025}, "count must be a whole number from 1 to 1024"),
        ({"milli": 0}, "milli must be"),
        ({"milli": -5}, "milli must be"),
    ],
)
def test_a_bad_group_of_devices_is_refused(bad, problem):
    with pytest.raises(InvalidInput, match=f"^{problem}"):
        DeviceGroup(**{"kind": "gpu", "count": 1, **bad})


def test_a_spec_is_a_value():
    make = lambda: NodeSpec(name="n", capacity={"cpu": 1}, devices=[GPUS], labels={"a": "b"}, taints=[Taint("k")])  # noqa: E731
    assert make() == make()
    assert hash(make()) == hash(make())
    assert pickle.loads(pickle.dumps(make())) == make()
    with pytest.raises(FrozenInstanceError):
        make().name = "m"


def test_a_spec_keeps_no_hold_of_what_it_was_made_of():
    capacity, labels, taints = {"cpu": 1}, {"a": "b"}, [Taint("k")]
    spec = NodeSpec(name="n", capacity=capacity, labels=labels, taints=taints)
    capacity["cpu"], labels["a"] = 2, "c"
    taints.clear()
    assert (spec.capacity, spec.labels, spec.taints) == ({"cpu": 1}, {"a": "b"}, (Taint("k"),))


def test_only_a_ready_node_that_is_neither_cordoned_nor_on_its_way_out_takes_pods():
    spec = NodeSpec(name="n")
    taking = {
        (phase, cordoned, deleting)
        for phase, cordoned, deleting in itertools.product(NodePhase, (False, True), (False, True))
        if Node(uid="u", spec=spec, ordinal=1, phase=phase, cordoned=cordoned, deleting=deleting).schedulable
    }
    assert taking == {(NodePhase.READY, False, False)}


def test_a_spec_tells_what_it_has_not_as_none():
    spec = NodeSpec(name="n", capacity={"cpu": 1000, "memory": 0}, devices=[GPUS])
    assert (spec.capacity["cpu"], spec.capacity["gpu"], spec.capacity["licence"]) == (1000, 8000, 0)
    # Unlike a request, a capacity of zero is kept: a node that has none is not one of which nothing is known.
    assert dict(spec.capacity) == {"cpu": 1000, "memory": 0, "gpu": 8000}


@pytest.mark.parametrize("effect", TaintEffect)
def test_a_taints_effect_may_be_given_by_its_name(effect):
    taint = Taint("k", effect=effect.value)
    assert taint == Taint("k", effect=effect)
    assert taint.effect is effect


def test_a_taint_of_no_known_effect_is_refused():
    with pytest.raises(InvalidInput, match="effect"):
        Taint("k", effect="NoSuchThing")


@pytest.mark.parametrize(
    "key,value,problem", [("", "", "key must be"), ("a b", "", "key must be"), ("a", "b c", "value must be")]
)
def test_a_taint_that_no_manifest_can_tell_is_refused(key, value, problem):
    with pytest.raises(InvalidInput, match=f"^{problem}"):
        Taint(key, value)


def test_a_taint_is_written_as_people_know_it():
    assert str(Taint("gpu")) == "gpu"
    assert str(Taint("gpu", "yes", TaintEffect.NO_EXECUTE)) == "gpu=yes"
