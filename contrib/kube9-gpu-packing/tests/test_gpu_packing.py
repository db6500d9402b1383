"""The policy keeps kube9's contract, and does what it is for."""

from __future__ import annotations

import numpy as np
import pytest

from kube9 import DeviceGroup, DeviceRequest, NodeSpec, PodSpec
from kube9.testing import SchedulerContract, table_of
from kube9_gpu_packing import gpu_packing


class TestContract(SchedulerContract):
    @pytest.fixture
    def scheduler(self):
        return gpu_packing


def gpu_node(name, count):
    return NodeSpec(name=name, capacity={"cpu": 64_000}, devices=[DeviceGroup(kind="gpu", count=count)])


def gpu_pod(count, milli=1000):
    return PodSpec(name="pod", requests={"cpu": 1000}, devices=[DeviceRequest(kind="gpu", count=count, milli=milli)])


PLAIN = NodeSpec(name="plain", capacity={"cpu": 64_000})
NODES = [gpu_node("eight", 8), gpu_node("two", 2), gpu_node("four", 4), PLAIN]

CASES = {
    "a node in use before an idle one, however small": (NODES, {"eight": [gpu_pod(1)]}, "eight"),
    "the fuller of two in use": (NODES, {"eight": [gpu_pod(2)], "four": [gpu_pod(1)]}, "four"),
    "a share of one GPU is use": (NODES, {"four": [gpu_pod(1, milli=100)]}, "four"),
    "the smallest where all are idle": (NODES, {}, "two"),
    "the one that joined first among equals": ([gpu_node("b", 4), gpu_node("a", 4)], {}, "b"),
}


@pytest.mark.parametrize("nodes, placed, expected", CASES.values(), ids=CASES)
def test_a_gpu_pod_goes_to(nodes, placed, expected):
    table = table_of(nodes, placed)
    scores = np.where(table.capacity["gpu"] > 0, gpu_packing.score(gpu_pod(1), table), -np.inf)
    assert table.names[int(np.argmax(scores))] == expected


def test_a_pod_without_gpus_stays_off_the_gpu_nodes():
    table = table_of(NODES, {"two": [gpu_pod(1)]})
    scores = gpu_packing.score(PodSpec(name="web", requests={"cpu": 1000}), table)
    assert table.names[int(np.argmax(scores))] == "plain"


def test_nodes_without_any_gpu_are_equal():
    scores = gpu_packing.score(gpu_pod(1), table_of([PLAIN, NodeSpec(name="other", capacity={"cpu": 1})]))
    assert scores.tolist() == [0.0, 0.0]
