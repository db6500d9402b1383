from __future__ import annotations

import pytest

from kube9.core.cluster import Cluster
from kube9.core.pipeline import Pipeline
from kube9.plugins.devices import LeastLeft
from kube9.plugins.filters import Devices, NodeAffinity, NodeReady, NodeSelector, Resources, Taints
from kube9.plugins.policies import BestFit
from kube9.plugins.queues import Priority

FILTERS = {
    "node-ready": NodeReady(),
    "node-selector": NodeSelector(),
    "node-affinity": NodeAffinity(),
    "taints": Taints(),
    "resources": Resources(),
    "devices": Devices(),
}


@pytest.fixture(scope="session")
def pipeline():
    """A function that makes a pipeline of built-ins, less those left out by name."""

    def make(scheduler=None, *, without=(), more=()):
        filters = [item for item in FILTERS.items() if item[0] not in without]
        return Pipeline(
            name="usual",
            scheduler=scheduler or BestFit(),
            filters=(*filters, *more),
            chooser=LeastLeft(),
            owner="kube9 0.1.0",
        )

    return make


@pytest.fixture(scope="session")
def cluster(pipeline):
    """A function that makes a cluster of such a pipeline."""

    def make(scheduler=None, *, kind=Cluster, without=(), more=(), settings=None):
        usual = pipeline(scheduler, without=without, more=more)
        return kind(pipelines={"usual": usual}, default="usual", discipline=Priority(), settings=settings)

    return make
