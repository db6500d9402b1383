"""Nodes as rows, and added up."""

from __future__ import annotations

import pytest

from kube9_dashboard.model.nodes import allocations, node_row, pods_per_node, resources_of


def document(name="n1", *, phase="Ready", capacity=None, used=None, pods=0, cordoned=False, drain=None):
    return {
        "metadata": {"name": name, "creationTimestamp": "2026-01-02T03:04:05.000Z"},
        "spec": {"backend": "memory", "unschedulable": cordoned},
        "status": {
            "phase": phase,
            "reason": "",
            "failures": 0,
            "deleting": False,
            "capacity": capacity or {"cpu": "4", "memory": "8Gi", "pods": "110"},
            "used": used or {},
            "pods": pods,
            "drain": drain,
        },
    }


def row(*args, **kwargs):
    return node_row(document(*args, **kwargs))


def test_the_load_is_that_of_the_fullest_resource():
    node = row(used={"cpu": "1", "memory": "6Gi"})
    assert node.load() == 0.75
    assert node.load("cpu") == 0.25
    assert node.load("gpu") == 0.0


def test_more_than_all_is_full():
    assert row(used={"cpu": "9"}).load() == 1.0


def test_a_node_tells_what_is_done_to_it():
    node = row(cordoned=True, drain={"left": 1})
    assert (node.cordoned, node.draining) == (True, True)


def test_resources_come_in_one_order_and_the_limit_of_pods_is_none():
    nodes = [row(capacity={"zeta": "1", "gpu": "2", "cpu": "1"}), row(capacity={"alpha": "1", "memory": "1Gi"})]
    assert resources_of(nodes) == ["cpu", "memory", "gpu", "alpha", "zeta"]
    assert "pods" not in resources_of([row()])


def test_allocations_add_up_nodes_that_do_not_have_the_same():
    nodes = [row(used={"cpu": "1"}), row(capacity={"cpu": "12", "gpu": "2"}, used={"cpu": "3", "gpu": "1"})]
    found = {each.resource: (each.used, each.capacity, each.share) for each in allocations(nodes)}
    assert found["cpu"] == (4.0, 16.0, 0.25)
    assert found["gpu"] == (1.0, 2.0, 0.5)


def test_nothing_has_no_share():
    assert [each.share for each in allocations([row(capacity={"cpu": "0"})])] == [0.0]


def test_numbers_of_pods_are_counted_one_by_one_while_they_are_few():
    nodes = [row(pods=pods) for pods in (0, 0, 2, 3)]
    assert pods_per_node(nodes) == [("0", 2), ("1", 0), ("2", 1), ("3", 1)]


@pytest.mark.parametrize("most", [23, 24, 47, 110, 1000])
def test_and_in_steps_where_they_are_many(most):
    nodes = [row(pods=pods) for pods in range(most + 1)]
    steps = pods_per_node(nodes)
    assert len(steps) <= 24
    assert sum(count for _, count in steps) == most + 1


def test_without_nodes_there_is_nothing_to_count():
    assert pods_per_node([]) == []
