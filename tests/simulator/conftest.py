"""Small traces and runs of them."""

from __future__ import annotations

import pytest

from kube9.app import App
from kube9.core.pods import PodSpec
from kube9.core.ports import Arrival, Trace
from kube9.simulator.nodespec import NodePlan, parse_nodes
from kube9.simulator.scenario import Scenario
from kube9.simulator.simulation import simulate


@pytest.fixture(scope="session")
def app():
    """kube9 with its own plugins alone."""
    return App.load(env={"KUBE9_PLUGINS": ""})


@pytest.fixture
def pod():
    """Make an arrival; times are in seconds, ``cores`` in cores."""

    def pod(name, *, cores=1, at=0, run=None, **spec):
        return Arrival(
            pod=PodSpec(name=name, requests={"cpu": round(1000 * cores), **spec.pop("requests", {})}, **spec),
            at_ms=round(1000 * at),
            duration_ms=None if run is None else round(1000 * run),
        )

    return pod


@pytest.fixture
def scenario():
    """Make a scenario of one trace, or of several."""

    def scenario(arrivals, nodes="1xcpu=4", *, timed=True, instances=("some",), **given):
        plans = [nodes] if isinstance(nodes, str) else nodes
        return Scenario(
            traces=tuple(Trace(instance=name, arrivals=tuple(arrivals), timed=timed) for name in instances),
            plan=NodePlan.join(map(parse_nodes, plans)),
            schedulers=given.pop("schedulers", ("first-fit",)),
            queue=given.pop("queue", "priority"),
            devices="least-left",
            **{"check_steps": True, **given},
        )

    return scenario


@pytest.fixture
def run(app, scenario):
    """Run the only job of a scenario, checking every invariant after each step, and return its result."""

    def run(*args, **given):
        made = scenario(*args, **given)
        (job,) = made.jobs()
        return simulate(job, made, app, lambda _: None)

    return run


@pytest.fixture
def run_all(app, scenario):
    """Run every job of a scenario; returns it and its results."""

    def run_all(*args, **given):
        made = scenario(*args, **given)
        return made, [simulate(job, made, app, lambda _: None) for job in made.jobs()]

    return run_all
