from __future__ import annotations

import numpy as np
import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from kube9.core.affinity import NodeRequirement, NodeSelectorTerm
from kube9.core.nodes import DeviceGroup, Node, NodePhase, NodeSpec, Taint, TaintEffect
from kube9.core.pods import DeviceRequest, PodSpec, Toleration
from kube9.testing import fits, strategies, table_of
from kube9.testing.fitting import fitting

NODE = NodeSpec(
    name="node",
    capacity={"cpu": 1000, "pods": 1},
    devices=(DeviceGroup(kind="gpu", count=2, model="T4"),),
    labels={"disk": "ssd"},
    taints=(Taint("gpu"), Taint("slow", effect=TaintEffect.PREFER_NO_SCHEDULE)),
)
POD = PodSpec(name="pod", requests={"cpu": 1000}, tolerations=(Toleration(key="gpu"),))


def gpus(count, milli=1000, models=()):
    return (DeviceRequest(kind="gpu", count=count, milli=milli, models=models),)


def required(key, operator, *values):
    return NodeSelectorTerm(expressions=(NodeRequirement(key=key, operator=operator, values=values),))


CASES = {
    "all is well": (POD, True),
    "not enough cpu": (evolve(POD, requests={"cpu": 1001}), False),
    "a resource nobody has": (evolve(POD, requests={"licence": 1}), False),
    "none of a resource nobody has": (evolve(POD, requests={"licence": 0}), True),
    "the label": (evolve(POD, node_selector={"disk": "ssd"}), True),
    "another label": (evolve(POD, node_selector={"disk": "hdd"}), False),
    "one of the required labels": (evolve(POD, node_affinity=(required("disk", "In", "hdd", "ssd"),)), True),
    "none of the required labels": (evolve(POD, node_affinity=(required("disk", "NotIn", "ssd"),)), False),
    "one of two terms": (evolve(POD, node_affinity=(required("gen", "Exists"), required("disk", "Exists"))), True),
    "a term that asks for nothing": (evolve(POD, node_affinity=(NodeSelectorTerm(),)), False),
    "a taint not tolerated": (evolve(POD, tolerations=()), False),
    "both devices": (evolve(POD, devices=gpus(2)), True),
    "more devices than there are": (evolve(POD, devices=gpus(3)), False),
    "the model": (evolve(POD, devices=gpus(1, models=("A100", "T4"))), True),
    "another model": (evolve(POD, devices=gpus(1, models=("A100",))), False),
    "a device of another kind": (evolve(POD, devices=(DeviceRequest(kind="fpga", count=1),)), False),
    "a bare amount of what there are devices of": (evolve(POD, requests={"gpu": 1}), False),
}


@pytest.mark.parametrize("pod,expected", CASES.values(), ids=CASES)
def test_a_pod_fits_or_not(pod, expected):
    assert fits(pod, table_of([NODE]), 0) is expected


def test_a_share_never_spans_two_devices():
    table = table_of([evolve(NODE, capacity={"cpu": 1000})], {"node": [PodSpec(name="half", devices=gpus(2, 500))]})
    assert fits(evolve(POD, devices=gpus(2, 500)), table, 0)
    assert not fits(evolve(POD, devices=gpus(1, 501)), table, 0)


def test_a_full_node_takes_no_pod():
    assert not fits(POD, table_of([NODE], {"node": [PodSpec(name="other")]}), 0)


@pytest.mark.parametrize("change", [{"phase": NodePhase.SUSPECT}, {"cordoned": True}, {"deleting": True}], ids=str)
def test_a_node_that_takes_no_pods_fits_none(change):
    node = Node(uid="n", spec=NODE, ordinal=0, **{"phase": NodePhase.READY, **change})
    assert not fits(POD, table_of([node]), 0)


def test_the_filters_judge_whole_columns_as_this_judges_one_node(pipeline):
    @given(strategies.decisions(), st.none() | strategies.pod_specs())
    def holds(decision, pod):
        pod, table = pod or decision.pod, decision.table()
        verdicts = pipeline().explain(pod, table).verdicts
        assert np.array_equal([verdict.score is not None for verdict in verdicts], fitting(pod, table))
        assert [verdict.reason == "" for verdict in verdicts] == fitting(pod, table).tolist()

    holds()
