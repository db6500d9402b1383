from __future__ import annotations

import pickle

import pytest

from kube9.core import ports
from kube9.core.pods import PodPhase, PodSpec
from kube9.core.policy import node_scheduler, scheduler
from kube9.core.ports import Arrival, DeviceChooser, Filter, JoinTicket, PodReport, QueueDiscipline, Scheduler, Trace
from kube9.plugins import devices, filters, policies, queues

PORTS = (Scheduler, Filter, QueueDiscipline, DeviceChooser)

BUILT_IN = [
    *((Scheduler, each()) for each in (policies.BestFit, policies.FirstFit, policies.WorstFit, policies.Random)),
    *(
        (Filter, each())
        for each in (filters.NodeReady, filters.NodeSelector, filters.Taints, filters.Resources, filters.Devices)
    ),
    *((QueueDiscipline, each()) for each in (queues.Priority, queues.FirstComeFirstServed)),
    *((DeviceChooser, each()) for each in (devices.LeastLeft, devices.MostLeft)),
    (Scheduler, scheduler("a")(lambda pod, nodes: None)),
    (Scheduler, node_scheduler("a")(lambda pod, node: 0.0)),
]


@pytest.mark.parametrize("port,strategy", BUILT_IN, ids=lambda each: getattr(each, "__name__", type(each).__name__))
def test_a_strategy_is_told_from_those_of_other_kinds(port, strategy):
    assert [each for each in PORTS if isinstance(strategy, each)] == [port]


def test_what_is_no_strategy_is_none_of_any_kind():
    assert not any(isinstance(lambda: None, each) for each in PORTS)


def test_a_token_is_not_shown():
    assert "secret" not in repr(JoinTicket(node_uid="n", token="secret"))


@pytest.mark.parametrize(
    "value",
    [
        Arrival(pod=PodSpec(name="p"), at_ms=5, duration_ms=None),
        Trace(instance="i", arrivals=(Arrival(pod=PodSpec(name="p")),), notes=("a note",)),
        PodReport(pod_uid="p", epoch=1, phase=PodPhase.RUNNING),
        JoinTicket(node_uid="n"),
        ports.HeartbeatHistory(arrivals_ms=(1, 2), interval_ms=10),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_crosses_a_port_is_a_value(value):
    assert pickle.loads(pickle.dumps(value)) == value
    assert hash(value) == hash(pickle.loads(pickle.dumps(value)))
