"""Pods as rows, and why they wait."""

from __future__ import annotations

from kube9_dashboard.model.pods import pod_row, queue_reasons


def document(name="web", *, reason="", spec=None):
    return {
        "metadata": {"name": name, "namespace": "default", "creationTimestamp": "2026-01-02T03:04:05.000Z"},
        "spec": spec or {},
        "status": {
            "phase": "Pending",
            "nodeName": None,
            "ready": False,
            "deleting": False,
            "restarts": 0,
            "reason": reason,
        },
    }


def test_what_a_pod_asks_for_is_that_of_its_containers_together():
    containers = [{"requests": {"cpu": "250m"}}, {"resources": {"requests": {"cpu": "1", "memory": "1Gi"}}}]
    assert pod_row(document(spec={"containers": containers})).requests == "1.25 cpu, 1 Gi memory"
    assert pod_row(document(spec={"requests": {"gpu": "2"}})).requests == "2 gpu"


def test_the_cause_is_counted_and_not_the_number_of_nodes():
    reasons = [
        "0 of 3 nodes fit: 3 insufficient cpu",
        "0 of 4 nodes fit: 4 insufficient cpu",
        "0 of 4 nodes fit: 3 insufficient cpu, 1 cordoned",
        "",
        "waits for its deployment",
    ]
    found = queue_reasons(pod_row(document(reason=reason)) for reason in reasons)
    assert found == [
        ("insufficient cpu", 2),
        ("insufficient cpu, cordoned", 1),
        ("not decided yet", 1),
        ("waits for its deployment", 1),
    ]
