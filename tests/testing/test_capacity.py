from __future__ import annotations

import pytest

from kube9.core.nodes import DeviceGroup, NodeSpec
from kube9.core.pods import DeviceRequest, Pod, PodSpec
from kube9.testing.capacity import assert_within_capacity
from kube9.testing.tables import ready_node

NODE = ready_node(
    NodeSpec(name="n", capacity={"cpu": 1000, "pods": 2}, devices=(DeviceGroup(kind="gpu", count=2),)), ordinal=0
)


def bound(*asked):
    """Pods on that node: what each asks for, and the devices it got."""
    return [
        Pod(
            uid=f"p{number}",
            spec=PodSpec(name=f"p{number}", requests=requests, devices=devices),
            ordinal=number,
            created_at_ms=0,
            node_uid=NODE.uid,
            devices={"gpu": got},
        )
        for number, (requests, devices, got) in enumerate(asked)
    ]


def gpus(count, milli):
    return (DeviceRequest(kind="gpu", count=count, milli=milli),)


def test_a_node_may_be_full():
    assert_within_capacity(NODE, bound(({"cpu": 400}, gpus(1, 600), (0,)), ({"cpu": 600}, gpus(2, 400), (0, 1))))


TOO_MUCH = {
    "cpu": (({"cpu": 400}, (), ()), ({"cpu": 601}, (), ())),
    "a resource it has not": (({"licence": 1}, (), ()),),
    "pods": (({}, (), ()),) * 3,
    "of one device": (({}, gpus(1, 600), (0,)), ({}, gpus(1, 401), (0,))),
    "one device for two": (({}, gpus(2, 100), (0, 0)),),
}


@pytest.mark.parametrize("asked", TOO_MUCH.values(), ids=TOO_MUCH)
def test_a_node_that_gives_too_much_is_seen(asked):
    with pytest.raises(AssertionError, match="gives|has devices"):
        assert_within_capacity(NODE, bound(*asked))
