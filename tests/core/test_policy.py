from __future__ import annotations

import numpy as np
import pytest

from kube9.core.livetable import LiveTable
from kube9.core.nodes import DeviceGroup, Node, NodePhase, NodeSpec
from kube9.core.pods import DeviceRequest, Pod, PodSpec
from kube9.core.policy import NodeView, Policy, node_scheduler, scheduler
from kube9.core.ports import Scheduler

POD = PodSpec(name="p", requests={"cpu": 10})


@pytest.fixture
def table():
    table = LiveTable()
    gpus = DeviceGroup(kind="gpu", count=2)
    for number, (cpu, devices) in enumerate(((100, ()), (200, (gpus,)), (300, ()))):
        spec = NodeSpec(name=f"n{number}", capacity={"cpu": cpu}, labels={"rack": str(number)}, devices=devices)
        table.add(Node(uid=spec.name, spec=spec, ordinal=number, phase=NodePhase.READY))
    spec = PodSpec(name="there", requests={"cpu": 50}, devices=(DeviceRequest(kind="gpu", count=1, milli=300),))
    table.place(Pod(uid="u", spec=spec, ordinal=0, created_at_ms=0, node_uid="n1", devices={"gpu": (1,)}))
    return table


def test_a_function_becomes_a_scheduler(table):
    @scheduler("most-free")
    def most_free(pod, nodes):
        return nodes.free["cpu"] - pod.requests["cpu"]

    assert isinstance(most_free, Policy)
    assert isinstance(most_free, Scheduler)
    assert most_free.name == "most-free"
    assert most_free.local is False
    assert most_free.score(POD, table).tolist() == [90, 140, 290]


def test_a_function_may_be_called_local():
    assert scheduler("a", local=True)(lambda pod, nodes: nodes.free["cpu"]).local is True


def test_a_function_of_one_node_becomes_a_scheduler(table):
    @node_scheduler("most-free")
    def most_free(pod, node):
        return node.free["cpu"] / pod.requests["cpu"]

    assert isinstance(most_free, Scheduler)
    assert most_free.local is False
    scores = most_free.score(POD, table)
    assert scores.tolist() == [10, 15, 30]
    assert scores.dtype == np.float64
    assert most_free.score(POD, table.take(np.array([2, 0]))).tolist() == [30, 10]


def test_a_function_of_one_node_may_say_that_it_looks_no_further():
    assert node_scheduler("a", local=True)(lambda pod, node: 0.0).local is True


def test_a_view_shows_one_node(table):
    node = NodeView(table, 1)
    assert node.name == "n1"
    assert node.labels == {"rack": "1"}
    assert (node.free["cpu"], node.capacity["cpu"]) == (150, 200)
    assert dict(node.capacity) == {"cpu": 200, "memory": 0, "pods": 2**53, "gpu": 2000}
    assert set(node.free) == set(node.capacity)
    assert len(node.free) == 4
    assert node.devices("gpu") == (1000, 700)


def test_a_view_gives_python_numbers(table):
    node = NodeView(table, 1)
    assert type(node.free["cpu"]) is int
    assert {type(milli) for milli in node.devices("gpu")} == {int}


def test_a_view_of_a_node_without_devices(table):
    assert NodeView(table, 0).devices("gpu") == ()
    assert NodeView(table, 0).devices("fpga") == ()


def test_a_view_of_a_resource_that_no_node_has(table):
    node = NodeView(table, 0)
    assert (node.free["licence"], node.capacity["licence"]) == (0, 0)
    assert type(node.free["licence"]) is int
    assert "licence" not in set(node.free)
    assert NodeView(table.take(np.array([1])), 0).free["licence"] == 0


def test_a_view_of_a_slice_shows_the_row_of_the_slice(table):
    assert NodeView(table.take(np.array([2, 1])), 1).name == "n1"
    assert NodeView(table.take(np.array([2, 1])), 1).devices("gpu") == (1000, 700)
