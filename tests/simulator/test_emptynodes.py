"""Whether a pod could ever fit."""

from __future__ import annotations

import pytest

from kube9.core.nodes import NodeSpec, Taint
from kube9.core.pods import PodSpec
from kube9.simulator.emptynodes import EmptyNodes


@pytest.fixture
def empty(app):
    nodes = (
        NodeSpec(name="small", capacity={"cpu": 1000, "memory": 8}),
        NodeSpec(name="tainted", capacity={"cpu": 9000, "memory": 8}, taints=(Taint("keep", "out"),)),
    )
    return EmptyNodes(nodes, app.make_pipeline("best-fit"))


@pytest.mark.parametrize(
    "requests,fits", [({"cpu": 1000}, True), ({"cpu": 1001}, False), ({"memory": 9}, False), ({"fpga": 1}, False)]
)
def test_a_pod_fits_as_on_a_cluster_without_pods(empty, requests, fits):
    pod = PodSpec(name="a", requests=requests)
    assert empty.fit(pod) is fits
    assert empty.fit(pod) is fits, "asked again"


def test_why_not(empty):
    tally = empty.tally(PodSpec(name="a", requests={"cpu": 5000}))
    assert tally == "0 of 2 nodes fit: 1 insufficient cpu, 1 taint keep=out"
