"""How many pods a second the simulator places, from a trace in memory to its result."""

from __future__ import annotations

import random
from statistics import median
from time import perf_counter

from attrs import frozen

import kube9
from bench.shape import NODE_CPU_MILLI, NODE_MEMORY_BYTES
from bench.workload import SHAPES, UTILISATION, drawer
from kube9.app import DEFAULT_DEVICES, DEFAULT_QUEUE, App
from kube9.core.pods import PodSpec
from kube9.core.ports import Arrival, Trace
from kube9.simulator.nodespec import NodePlan
from kube9.simulator.scenario import Job, Scenario
from kube9.simulator.simulation import simulate

__all__ = ["SCHEDULERS", "Simulation", "measure"]

SCHEDULERS = ("best-fit", "first-fit", "worst-fit")
_RUNS = 3


@frozen(kw_only=True)
class Simulation:
    """What one scheduler's run took."""

    scheduler: str
    pods: int
    nodes: int
    #: Median of the runs: nodes joining, pods coming, the check of all invariants at the end.
    seconds: float

    @property
    def per_second(self) -> float:
        """Pods."""
        return self.pods / self.seconds


def measure(pods: int) -> tuple[Simulation, ...]:
    """Let ``pods`` pods of 40 shapes come, and none leave, until they hold 70 % of the cpu of all nodes."""
    draw = drawer(SHAPES, random.Random(pods))
    asked = [draw() for _ in range(pods)]
    arrivals = tuple(
        Arrival(pod=PodSpec(name=f"p{serial}", requests={"cpu": cpu, "memory": memory}))
        for serial, (cpu, memory) in enumerate(asked)
    )
    nodes = round(sum(cpu for cpu, _ in asked) / UTILISATION / NODE_CPU_MILLI)
    capacity = {"cpu": NODE_CPU_MILLI, "memory": NODE_MEMORY_BYTES}
    scenario = Scenario(
        traces=(Trace(instance="bench", arrivals=arrivals, timed=False),),
        plan=NodePlan(nodes=tuple(kube9.NodeSpec(name=f"node-{row}", capacity=capacity) for row in range(nodes))),
        schedulers=SCHEDULERS,
        queue=DEFAULT_QUEUE,
        devices=DEFAULT_DEVICES,
        arrivals_only=True,
    )
    app = App.load(env={"KUBE9_PLUGINS": ""}, strict=True)
    return tuple(
        Simulation(scheduler=job.scheduler, pods=pods, nodes=nodes, seconds=_median_s(job, scenario, app))
        for job in scenario.jobs()
    )


def _median_s(job: Job, scenario: Scenario, app: App) -> float:
    return median(_run_s(job, scenario, app) for _ in range(_RUNS))


def _run_s(job: Job, scenario: Scenario, app: App) -> float:
    start = perf_counter()
    result = simulate(job, scenario, app, lambda _: None)
    seconds = perf_counter() - start
    if result.pods_placed != result.pods:
        raise RuntimeError(f"{job.scheduler} placed {result.pods_placed} of {result.pods} pods; expected all")
    return seconds
