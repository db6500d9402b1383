"""Strategies for the values themselves: nodes and pods as they are asked for, and what they are made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from kube9.core.affinity import NodeRequirement, NodeSelectorTerm, Operator
from kube9.core.deployments import DeploymentSpec
from kube9.core.frozen import FrozenMap
from kube9.core.nodes import DeviceGroup, NodeSpec, Taint, TaintEffect
from kube9.core.pods import DeviceRequest, PodSpec, Toleration

__all__ = [
    "Draw",
    "deployment_specs",
    "device_choices",
    "device_groups",
    "dressed",
    "labels",
    "more_labels",
    "node_specs",
    "pod_specs",
    "seldom",
    "taints",
    "tolerations",
]

Draw = Callable[[SearchStrategy[Any]], Any]

MODELS = ("A100", "T4", "")
CPU_MILLI_MAX, MEMORY_BYTES_MAX = 128_000, 2**40

# Every value of the small kinds, the plainest first. Drawing one of them costs a tenth of drawing its parts.

_LABELS = tuple(
    FrozenMap({key: value for key, value in (("zone", zone), ("disk", disk)) if value})
    for zone, disk in product(("", "a", "b"), ("", "ssd", "hdd"))
)
_TAINTS = tuple(Taint(*parts) for parts in product(("gpu", "dedicated"), ("", "x"), TaintEffect))
_TOLERATIONS = (
    Toleration(exists=True),
    *(Toleration(*parts) for parts in product(("gpu", "dedicated"), ("", "x"), (False, True), (None, *TaintEffect))),
)
_DEVICE_PARTS = tuple(product((1, 2, 8), (1000, 700, 1), MODELS))
_REQUESTS = tuple(
    DeviceRequest(kind="gpu", count=count, milli=milli, models=models)
    for count, milli, models in product((1, 2, 8), (1000, 500, 1), ((), MODELS[:1], MODELS[:2]))
)
_REQUIREMENTS = (
    NodeRequirement(key="zone", operator=Operator.IN, values=("a", "b")),
    NodeRequirement(key="zone", operator=Operator.NOT_IN, values=("a",)),
    NodeRequirement(key="disk", operator=Operator.EXISTS),
    NodeRequirement(key="disk", operator=Operator.DOES_NOT_EXIST),
    NodeRequirement(key="zone", operator=Operator.GT, values=("1",)),
)
_BY_NAME = NodeRequirement(key="metadata.name", operator=Operator.IN, values=("node", "n0"))
_AFFINITIES = (
    *((NodeSelectorTerm(expressions=(requirement,)),) for requirement in _REQUIREMENTS),
    (NodeSelectorTerm(fields=(_BY_NAME,)), NodeSelectorTerm(expressions=_REQUIREMENTS[:1])),
    (NodeSelectorTerm(),),
)
_MANNERS = tuple(product(("default", "team"), (0, -1, 10), ((), *((each,) for each in _TOLERATIONS))))

_affinities = st.sampled_from((*[()] * 20, *_AFFINITIES))
_seldom = st.sampled_from((False, False, False, True))
_labels = st.sampled_from(_LABELS)
_taints = st.sampled_from(_TAINTS)
_request = st.sampled_from(_REQUESTS)
_manners = st.sampled_from(_MANNERS)
_few = st.integers(0, 4)
_bare_gpu = st.integers(0, 2000)


def labels() -> SearchStrategy[Mapping[str, str]]:
    """Labels of pods and nodes."""
    return _labels


def more_labels(choices: Mapping[str, Sequence[str]]) -> SearchStrategy[Mapping[str, str]]:
    """Some of the keys of ``choices``, each with one of its values."""
    some = {key: st.sampled_from((None, *values)) for key, values in choices.items()}
    return st.fixed_dictionaries(some).map(
        lambda drawn: {key: value for key, value in drawn.items() if value is not None}
    )


def taints() -> SearchStrategy[Taint]:
    """Taints of every effect."""
    return _taints


def tolerations() -> SearchStrategy[Toleration]:
    """Tolerations for some of those taints, of every form."""
    return st.sampled_from(_TOLERATIONS)


def device_groups(kind: str = "gpu") -> SearchStrategy[DeviceGroup]:
    """One, two or eight equal devices."""
    groups = [DeviceGroup(kind=kind, count=count, milli=milli, model=model) for count, milli, model in _DEVICE_PARTS]
    return st.sampled_from(groups)


_gpus = device_groups()


@st.composite
def node_specs(draw: Draw, name: str = "node", *, whole: bool = False) -> NodeSpec:
    """A node of any size, with and without devices, labels, taints and a limit of pods.

    :param whole: every node has some cpu and some memory.
    """
    least = 1 if whole else 0
    capacity = {"cpu": draw(st.integers(least, CPU_MILLI_MAX)), "memory": draw(st.integers(least, MEMORY_BYTES_MAX))}
    if not whole and draw(_seldom):
        del capacity[draw(st.sampled_from(("cpu", "memory")))]
    if draw(_seldom):
        capacity["pods"] = draw(_few)
    if draw(_seldom):
        capacity["licence"] = draw(_few)
    devices = (draw(_gpus),) if draw(st.booleans()) else ()
    if not devices and draw(_seldom):
        capacity["gpu"] = draw(_bare_gpu)
    node_taints = {draw(_taints): None, draw(_taints): None} if draw(_seldom) else {}
    return NodeSpec(name=name, capacity=capacity, devices=devices, labels=draw(_labels), taints=tuple(node_taints))


@st.composite
def pod_specs(draw: Draw, name: str = "pod", *, whole: bool = False, per_node: int = 1) -> PodSpec:
    """A pod that asks for anything, also for what no node has.

    :param whole: every pod asks for some cpu and some memory.
    :param per_node: how many of the largest pods the largest node has cpu and memory for.
    """
    least = 1 if whole else 0
    requests = {
        "cpu": draw(st.integers(least, CPU_MILLI_MAX // per_node)),
        "memory": draw(st.integers(least, MEMORY_BYTES_MAX // per_node)),
    }
    if not whole and draw(_seldom):
        del requests[draw(st.sampled_from(("cpu", "memory")))]
    for resource in ("licence", "gpu"):
        if draw(_seldom):
            requests[resource] = draw(_few)
    devices = (draw(_request),) if "gpu" not in requests and draw(_seldom) else ()
    return dressed(draw, name, requests, devices, draw(_labels) if draw(_seldom) else {})


def deployment_specs(name: str = "deployment", *, replicas_max: int = 3) -> SearchStrategy[DeploymentSpec]:
    """A few pods of one template, which is any pod."""
    return st.builds(
        DeploymentSpec,
        name=st.just(name),
        replicas=st.integers(0, replicas_max),
        template=pod_specs(name),
        max_unavailable=st.integers(1, 2),
        labels=_labels,
    )


@st.composite
def device_choices(draw: Draw) -> tuple[DeviceRequest, tuple[int, ...]]:
    """A request for devices, and what is left on each device of a node where they fit."""
    free = draw(st.lists(st.integers(0, 1000) | st.sampled_from((0, 500, 1000)), min_size=1, max_size=8))
    free = [*free, draw(st.integers(1, 1000))]
    count = draw(st.integers(1, sum(milli > 0 for milli in free)))
    most = sorted(free, reverse=True)[count - 1]
    request = DeviceRequest(kind="gpu", count=count, milli=draw(st.integers(1, most) | st.just(most)))
    return request, tuple(draw(st.permutations(free)))


def seldom() -> SearchStrategy[bool]:
    """True once in four times."""
    return _seldom


def dressed(
    draw: Draw,
    name: str,
    requests: Mapping[str, int],
    devices: tuple[DeviceRequest, ...],
    node_selector: Mapping[str, str],
    tolerated: tuple[Toleration, ...] = (),
    *,
    affinity: bool = True,
) -> PodSpec:
    """A pod with what decides nothing about resources drawn as well.

    :param affinity: whether it may require some nodes by affinity.
    """
    namespace, priority, tolerates = draw(_manners)
    return PodSpec(
        name=name,
        namespace=namespace,
        requests=FrozenMap(requests),
        devices=devices,
        labels=draw(_labels),
        node_selector=FrozenMap(node_selector),
        node_affinity=draw(_affinities) if affinity else (),
        tolerations=(*tolerated, *tolerates),
        priority=priority,
    )
