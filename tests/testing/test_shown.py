"""What is shown is Python that makes the same value again."""

from __future__ import annotations

import pytest
from hypothesis import given

from kube9.core.frozen import FrozenMap
from kube9.core.nodes import DeviceGroup, Node, NodePhase, NodeSpec, Taint, TaintEffect
from kube9.core.pods import DeviceRequest, PodSpec, Toleration
from kube9.core.ports import HeartbeatHistory
from kube9.testing.decision import Decision
from kube9.testing.shown import shown
from kube9.testing.strategies import heartbeat_histories, node_specs, pod_specs
from kube9.testing.tables import ready_node

NAMES = (Decision, DeviceGroup, DeviceRequest, HeartbeatHistory, Node, NodePhase, NodeSpec, PodSpec, Taint, Toleration)


def read(text):
    return eval(text, {kind.__name__: kind for kind in (*NAMES, TaintEffect)})


@given(node_specs())
def test_a_node_can_be_read_back(spec):
    node = ready_node(spec, 0)
    assert read(shown(node)) == node


@given(heartbeat_histories())
def test_a_history_can_be_read_back(history):
    assert read(shown(history)) == history


@pytest.mark.parametrize(
    "value, text",
    [
        (PodSpec(name="pod"), "PodSpec(name='pod')"),
        (PodSpec(name="pod", requests={"cpu": 5}), "PodSpec(name='pod', requests={'cpu': 5})"),
        (NodePhase.READY, "NodePhase.READY"),
        ((1,), "(1,)"),
        ((), "()"),
        ([1, "a"], "[1, 'a']"),
        (FrozenMap(), "{}"),
        (tuple(range(1000, 1050)), str(tuple(range(1000, 1050)))),
    ],
)
def test_what_is_as_by_default_is_left_out(value, text):
    assert shown(value) == text


@given(pod_specs())
def test_no_line_is_long_unless_a_part_is(spec):
    assert max(map(len, shown((spec, spec)).splitlines())) <= 200
    assert all(len(line) % 4 == len(line.lstrip()) % 4 for line in shown((spec, spec)).splitlines())
