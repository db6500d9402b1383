from __future__ import annotations

import pytest

from kube9.core.errors import InvalidInput
from kube9.core.nodes import DeviceGroup, Node, NodePhase, NodeSpec
from kube9.core.pods import DeviceRequest, PodSpec
from kube9.core.table import PHASES
from kube9.testing import table_of

SMALL = NodeSpec(name="small", capacity={"cpu": 1000, "pods": 2})
BIG = NodeSpec(name="big", capacity={"cpu": 8000}, devices=(DeviceGroup(kind="gpu", count=3),))


def gpus(count, milli):
    return PodSpec(name="pod", requests={"cpu": 100}, devices=(DeviceRequest(kind="gpu", count=count, milli=milli),))


def test_nodes_stand_in_the_order_given_and_specs_are_ready():
    table = table_of([BIG, SMALL, Node(uid="x", spec=NodeSpec(name="lost"), ordinal=7, phase=NodePhase.LOST)])
    assert list(table.names) == ["big", "small", "lost"]
    assert [PHASES[code].value for code in table.phase] == ["Ready", "Ready", "Lost"]
    assert table.schedulable.tolist() == [True, True, False]


def test_placed_pods_take_what_they_ask_for():
    pod = PodSpec(name="pod", requests={"cpu": 300})
    table = table_of([SMALL, BIG], {"small": [pod, pod], "big": [pod]})
    assert table.free["cpu"].tolist() == [400, 7700]
    assert table.free["pods"][0] == 0


def test_placed_pods_get_the_first_devices_with_enough_left():
    table = table_of([BIG], {"big": [gpus(1, 600), gpus(2, 400), gpus(1, 700)]})
    assert table.devices["gpu"].tolist() == [[0, 600, 300]]
    assert table.free["gpu"].tolist() == [900]


REFUSED = {
    "no such node": ({"tiny": [gpus(1, 1)]}, "there is no node 'tiny' to place a pod on; the nodes are small, big"),
    "too little left": ({"small": [PodSpec(name="p", requests={"cpu": 600})] * 2}, "node 'small' has 400 of cpu left"),
    "too many pods": ({"small": [PodSpec(name="p")] * 3}, "node 'small' has 0 of pods left"),
    "a resource it has not": ({"small": [PodSpec(name="p", requests={"licence": 1})]}, "has 0 of licence left"),
    "devices it has not": ({"small": [gpus(1, 1)]}, "has 0 of gpu left"),
    "devices too full": ({"big": [gpus(3, 600), gpus(1, 500)]}, r"has \[400, 400, 400\] milli left on its gpu devices"),
}


@pytest.mark.parametrize("placed,message", REFUSED.values(), ids=REFUSED)
def test_what_does_not_fit_is_refused(placed, message):
    with pytest.raises(InvalidInput, match=message):
        table_of([SMALL, BIG], placed)
