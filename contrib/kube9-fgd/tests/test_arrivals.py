from __future__ import annotations

import csv
import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kube9_fgd.arrivals import NODES_FILE, PODS_FILE, inflated, write_run
from kube9_fgd.fragmentation import TypicalPod
from kube9_fgd.podlist import ListedNode, ListedPod

PODS = (
    ListedPod("share", 1024, TypicalPod(500, 1, 250)),
    ListedPod("pair", 2048, TypicalPod(8000, 2, 1000, ("T4", "P100"))),
    ListedPod("plain", 512, TypicalPod(1000, 0, 0)),
)
NODES = tuple(ListedNode(f"n{number}", 64_000, 262_144, 2, "T4") for number in range(9))
NODES = (*NODES, ListedNode("cpu-only", 32_000, 131_072, 0, ""))


def asked(pods):
    return sum(pod.gpu_milli for pod in pods)


@given(seed=st.integers(0, 10**6), target=st.integers(0, 30_000))
def test_all_pods_come_once_and_then_some_again_up_to_the_target(seed, target):
    come = inflated(PODS, target, random.Random(seed))
    assert Counter(come[:3]) == Counter(PODS)
    # The pair may pass the target by its second device, and the next to be drawn may have been too large.
    assert asked(come) >= asked(PODS)
    assert asked(come) > target - 1000 or len(come) == 3
    assert asked(come[:-1]) < target or len(come) == 3


@pytest.fixture
def written(tmp_path):
    """Write a run of a seed and read it again: the rows of its pods and of its nodes."""

    def written(seed, percent=130):
        write_run(tmp_path, PODS, NODES, seed=seed, percent=percent)
        for name in (PODS_FILE, NODES_FILE):
            with (tmp_path / name).open(encoding="utf-8", newline="") as lines:
                yield list(csv.DictReader(lines))

    return written


def test_pods_are_written_as_kube9_reads_them(written):
    pods, _ = written(1)
    by_name = {row["name"].partition("-")[2]: row for row in pods}
    cells = ("cpu", "memory", "gpu", "gpu_milli", "gpu_models")
    assert [by_name["share"][cell] for cell in cells] == ["500m", "1024Mi", "1", "250", ""]
    assert [by_name["pair"][cell] for cell in cells] == ["8000m", "2048Mi", "2", "1000", "T4|P100"]
    assert [by_name["plain"][cell] for cell in cells] == ["1000m", "512Mi", "", "", ""]
    assert len({row["name"] for row in pods}) == len(pods)


def test_nodes_are_written_in_an_order_of_the_seed(written):
    (_, one), (_, same), (_, other) = written(1), written(1), written(2)
    assert one == same != other
    assert {row["name"] for row in other} == {node.name for node in NODES}
    (plain,) = (row for row in one if row["name"] == "cpu-only")
    assert list(plain.values()) == ["cpu-only", "32000m", "131072Mi", "1001", "", ""]


def test_the_demand_is_a_share_of_all_gpus(written):
    for percent in (50, 200):
        pods, _ = written(3, percent)
        total = sum(int(row["gpu"] or 0) * int(row["gpu_milli"] or 0) for row in pods)
        assert total == pytest.approx(18_000 * percent / 100, abs=2000)
