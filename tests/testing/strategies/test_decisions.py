from __future__ import annotations

from hypothesis import given

from kube9.core.nodes import NodePhase
from kube9.core.table import PHASES
from kube9.testing import strategies
from kube9.testing.fitting import fitting


@given(strategies.decisions())
def test_the_pod_of_a_decision_fits_somewhere(decision):
    assert fitting(decision.pod, decision.table()).any()


@given(strategies.decisions(whole=True, nodes_max=2))
def test_whole_decisions_have_both_cpu_and_memory_everywhere(decision):
    assert len(decision.nodes) <= 2
    specs = [decision.pod, *(pod for pods in decision.placed.values() for pod in pods)]
    amounts = [spec.requests for spec in specs] + [node.spec.capacity for node in decision.nodes]
    assert all(each[resource] >= 1 for each in amounts for resource in ("cpu", "memory"))


CHOICES = {"tenant": ("acme", "globex"), "zone": ("far",)}


def test_labelled_decisions_carry_each_choice_on_pods_and_on_nodes(never_met):
    carried = {
        f"{key}={value}, {where}": lambda decision, key=key, value=value, where=where: any(
            each.labels.get(key) == value
            for each in ([decision.pod] if where == "pod" else [node.spec for node in decision.nodes])
        )
        for key, values in CHOICES.items()
        for value in values
        for where in ("pod", "node")
    }
    assert never_met(carried, strategies.labelled(strategies.decisions(), CHOICES)) == set()


@given(strategies.labelled(strategies.decisions(), CHOICES))
def test_the_pod_of_a_labelled_decision_fits_all_the_same(decision):
    assert fitting(decision.pod, decision.table()).any()


def row(table, wanted):
    return any(wanted(table, row) for row in range(len(table)))


TABLES = {
    "five nodes": lambda table: len(table) == 5,
    "a full node": lambda table: row(table, lambda t, r: t.free["cpu"][r] == 0 < t.capacity["cpu"][r]),
    "no room for pods": lambda table: row(table, lambda t, r: t.free["pods"][r] == 0 < t.capacity["pods"][r]),
    "a device in part": lambda table: (
        "gpu" in table.devices and row(table, lambda t, r: 0 < t.devices["gpu"][r, 0] < t.device_milli["gpu"][r])
    ),
    "devices of two models": lambda table: len(table.models) >= 2,
    "a node that is lost": lambda table: row(table, lambda t, r: PHASES[t.phase[r]] is NodePhase.LOST),
    "a cordoned node": lambda table: table.cordoned.any(),
    "a tainted node": lambda table: table.taint_code.any(),
}


def test_tables_have_everything(never_met):
    assert never_met(TABLES, strategies.tables()) == set()


@given(strategies.tables(nodes_max=1))
def test_tables_may_be_small(table):
    assert len(table) == 1
