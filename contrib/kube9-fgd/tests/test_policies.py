"""Each policy against its definition, written again for one node at a time, and against kube9's contract."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kube9 import DeviceGroup, DeviceRequest, NodeSpec, PodSpec
from kube9.testing import SchedulerContract, fits, table_of
from kube9_fgd.anynode import AnyNode
from kube9_fgd.bestfit import BestFit
from kube9_fgd.clustering import Clustering
from kube9_fgd.contract import FgdContract
from kube9_fgd.dotproduct import DotProduct
from kube9_fgd.fragmentation import Fragmentation, TypicalPod
from kube9_fgd.gradient import FragmentationGradient
from kube9_fgd.packing import Packing

TYPICAL = {
    TypicalPod(4000, 1, 500): 30,
    TypicalPod(8000, 1, 1000): 25,
    TypicalPod(2000, 0, 0): 20,
    TypicalPod(16_000, 1, 300, ("T4",)): 10,
    TypicalPod(32_000, 2, 1000): 8,
    TypicalPod(64_000, 8, 1000, ("G2", "T4")): 5,
    TypicalPod(1000, 2, 250): 2,
}
FGD = FragmentationGradient(Fragmentation(TYPICAL))
POLICIES = [BestFit(), Clustering(), DotProduct(), FGD, Packing(), AnyNode(seed=3)]

CPUS = (1000, 4000, 8000, 12_500, 32_000, 96_000, 128_000)
SHARES = (100, 250, 300, 500, 700, 1000)


@pytest.fixture(params=POLICIES, ids=lambda each: type(each).__name__)
def policy(request):
    return request.param


class TestContract(SchedulerContract):
    @pytest.fixture
    def scheduler(self, policy):
        return policy


class TestContractAsItIsChecked(FgdContract):
    """What the package names for ``kube9 plugins check``."""


class TestContractOfFgdWithoutTypicalPods(SchedulerContract):
    @pytest.fixture
    def scheduler(self):
        return FragmentationGradient(Fragmentation({}))


class PlainNode(NamedTuple):
    """What a definition speaks of."""

    cpu: int
    left: list[int]
    model: str
    #: The classes of the pods there that use GPUs: 0 for those that share one, else how many each has.
    classes: set[int]


def asked(pod):
    """What a pod asks for: cpu, number of GPUs, of each."""
    (request,) = pod.devices or (None,)
    return pod.requests.get("cpu", 0), request.count if request else 0, request.milli if request else 0


def class_of(pod):
    _, count, milli = asked(pod)
    return 0 if milli < 1000 else count


@st.composite
def pods(draw, name="pod"):
    count = draw(st.sampled_from((0, 1, 1, 1, 2, 4)))
    milli = draw(st.sampled_from(SHARES if count == 1 else (1000, 250)))
    devices = (DeviceRequest(kind="gpu", count=count, milli=milli),) if count else ()
    return PodSpec(name=name, requests={"cpu": draw(st.sampled_from(CPUS[:5]))}, devices=devices)


def first_with_room(left, count, milli):
    return [number for number, each in enumerate(left) if each >= milli][:count]


@st.composite
def situations(draw):
    """A pod, a table, and the same nodes as plain values."""
    specs, placed, plain = [], {}, []
    for number in range(draw(st.integers(1, 4))):
        count, model = draw(st.sampled_from((0, 1, 2, 4, 8))), draw(st.sampled_from(("", "T4", "G2")))
        cpu, left, classes = draw(st.sampled_from(CPUS[2:])), [1000] * count, set()
        groups = (DeviceGroup(kind="gpu", count=count, model=model),) if count else ()
        specs.append(NodeSpec(name=f"n{number}", capacity={"cpu": cpu}, devices=groups))
        for pod in draw(st.lists(pods(), max_size=5)):
            needed, wanted, milli = asked(pod)
            indices = first_with_room(left, wanted, milli)
            if needed <= cpu and len(indices) == wanted:
                placed.setdefault(f"n{number}", []).append(pod)
                cpu -= needed
                classes |= {class_of(pod)} if wanted else set()
                for index in indices:
                    left[index] -= milli
        plain.append(PlainNode(cpu, left, model if count else "", classes))
    return draw(pods()), table_of(specs, placed), plain


def smallest_first(left, count, milli):
    """The devices a pod takes, those with the least left first."""
    return sorted((number for number, each in enumerate(left) if each >= milli), key=left.__getitem__)[:count]


def best_fit(pod, node, most_cpu, most_gpu):
    cpu, count, milli = asked(pod)
    return math.trunc(
        100 * (1 - (0.5 * ((node.cpu - cpu) / most_cpu) + 0.5 * ((sum(node.left) - count * milli) / most_gpu)))
    )


def dot_product(pod, node, most_cpu, most_gpu):
    cpu, count, milli = asked(pod)
    product = node.cpu / most_cpu * (cpu / most_cpu) + sum(node.left) / most_gpu * (count * milli / most_gpu)
    return math.trunc(100 * (1 - product / 2))


def packing(pod, node, _most_cpu, _most_gpu):
    _, count, milli = asked(pod)
    if not count:
        return 0
    idle = node.left.count(1000)
    if idle == len(node.left):
        return max(33 - idle, idle)
    used = [node.left[number] for number in smallest_first(node.left, count, milli)]
    if 1000 in used:
        return max(50 - used.count(1000), 33)
    return max(100 - sum(left * 100 // 1000 for left in used) // 10, 50)


def clustering(pod, node, _most_cpu, most_gpu):
    if not asked(pod)[1]:
        return 0
    base = 25 * (most_gpu - sum(node.left)) // most_gpu
    if node.classes == {class_of(pod)}:
        return base + 75
    if class_of(pod) in node.classes:
        return base + 50
    return base if node.classes else base + 25


def fragmentation(cpu, left, model):
    """Idle milli-GPU that the typical pods cannot use, by their shares."""
    total = Fraction(0)
    for pod, count in TYPICAL.items():
        content = not pod.models or model in pod.models
        fitting = [each for each in left if each >= pod.gpu_milli]
        usable = sum(fitting) if pod.gpu_count and content and pod.cpu_milli <= cpu else 0
        if len(fitting) < pod.gpu_count:
            usable = 0
        total += Fraction(count, sum(TYPICAL.values())) * (sum(left) - usable)
    return total


def falls(pod, node, indices):
    """The score of putting ``pod`` on those devices of ``node``."""
    cpu, _, milli = asked(pod)
    after = [left - milli if number in indices else left for number, left in enumerate(node.left)]
    fall = fragmentation(node.cpu, node.left, node.model) - fragmentation(node.cpu - cpu, after, node.model)
    return math.trunc(100 / (1 + math.exp(-float(fall / 1000))))


def fgd(pod, node, _most_cpu, _most_gpu):
    _, count, milli = asked(pod)
    if count == 1:
        return max(falls(pod, node, [number]) for number, left in enumerate(node.left) if left >= milli)
    return falls(pod, node, smallest_first(node.left, count, milli))


DEFINITIONS = [(BestFit(), best_fit), (DotProduct(), dot_product), (Packing(), packing)]
DEFINITIONS += [(Clustering(), clustering), (FGD, fgd)]


@pytest.mark.parametrize("policy,definition", DEFINITIONS, ids=lambda each: getattr(each, "__name__", None))
@given(situation=situations())
def test_the_score_is_as_defined(policy, definition, situation):
    pod, table, plain = situation
    most = table.largest["cpu"], table.largest.get("gpu", 1)
    scores = policy.score(pod, table)
    for row, node in enumerate(plain):
        if fits(pod, table, row):
            assert scores[row] == definition(pod, node, *most), f"{pod} on {node}"


@given(situation=situations())
def test_fgd_takes_the_first_of_the_best_devices(situation):
    pod, table, plain = situation
    for row, node in enumerate(plain):
        if pod.devices and fits(pod, table, row):
            (request,) = pod.devices
            chosen = FGD.choose_devices(pod, request, table.take(np.array([row])))
            if request.count == 1:
                room = [number for number, left in enumerate(node.left) if left >= request.milli]
                assert chosen == [max(room, key=lambda number: falls(pod, node, [number]))]
            else:
                assert set(chosen) == set(smallest_first(node.left, request.count, request.milli))


@given(scores=st.lists(st.integers(0, 100), min_size=2, max_size=9))
def test_stretching_scores_as_the_original_does_would_change_no_order(scores):
    low, high = min(scores), max(scores)
    stretched = [(each - low) * 100 // max(high - low, 1) for each in scores]
    for one, other in zip(scores, stretched, strict=True):
        assert [each < one for each in scores] == [each < other for each in stretched]


class TestRandom:
    NODES = table_of(
        [NodeSpec(name=f"n{number}", devices=[DeviceGroup(kind="gpu", count=4)]) for number in range(4)],
        {"n0": [PodSpec(name="held", devices=[DeviceRequest(kind="gpu", count=1)])]},
    )

    def nodes_won(self, seed):
        scores = (AnyNode(seed).score(PodSpec(name=f"p{number}"), self.NODES) for number in range(400))
        return np.bincount([int(each.argmax()) for each in scores], minlength=4)

    def test_every_node_wins_as_often(self):
        # 100 of 400 each is expected, with a standard deviation of 8.7.
        assert all(60 < count < 140 for count in self.nodes_won(1))

    def test_the_seed_decides(self):
        assert self.nodes_won("1").tolist() == self.nodes_won(1).tolist() != self.nodes_won(2).tolist()

    def test_every_device_with_room_is_taken_as_often(self):
        request = DeviceRequest(kind="gpu", count=1, milli=500)
        node = self.NODES.take(np.array([0]))
        chosen = [AnyNode().choose_devices(PodSpec(name=f"p{number}"), request, node) for number in range(300)]
        counts = np.bincount(np.ravel(chosen), minlength=4)
        assert counts[0] == 0, "that one is full"
        assert all(60 < count < 140 for count in counts[1:])


@pytest.mark.parametrize("policy", [FGD, AnyNode()], ids=["fgd", "random"])
def test_other_devices_are_left_to_the_chooser(policy):
    nic = DeviceRequest(kind="nic", count=1)
    nodes = table_of([NodeSpec(name="n", devices=[DeviceGroup(kind="nic", count=2)])])
    assert policy.choose_devices(PodSpec(name="p", devices=[nic]), nic, nodes) is None
