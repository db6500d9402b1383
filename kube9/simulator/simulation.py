"""One job of a scenario, from the first node to its result."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from attrs import evolve

from kube9.core.expectedrun import expecting
from kube9.core.ports import Arrival
from kube9.core.settings import Settings
from kube9.core.watch import NodeWatch, usual_watch
from kube9.simulator.driver import Driver
from kube9.simulator.emptynodes import EmptyNodes
from kube9.simulator.misfits import Misfits
from kube9.simulator.nodespec import NodePlan
from kube9.simulator.order import arranged
from kube9.simulator.orderedrun import OrderedRun
from kube9.simulator.recorder import Recorder
from kube9.simulator.result import RunResult, Series
from kube9.simulator.scenario import Job, Scenario
from kube9.simulator.timedrun import TimedRun
from kube9.simulator.watchedrun import WatchedRun, ahead_ms
from kube9.simulator.workshop import Workshop

__all__ = ["simulate"]

_Run = OrderedRun | TimedRun | WatchedRun

#: Shown in this order, before all others.
_FIRST = ("cpu", "memory", "gpu")


def simulate(job: Job, scenario: Scenario, workshop: Workshop, progress: Callable[[int], None]) -> RunResult:
    """Run ``job`` to its end.

    :param progress: told how many more pods have come.
    :raises PluginError: the scheduler or a filter broke its contract.
    :raises InvariantViolation: the cluster contradicts itself.
    """
    arrivals = tuple(_arrivals(job))
    run = _prepare(job, scenario, workshop, arrivals)
    driver, recorder = run.driver, run.driver.recorder
    end_ms = run.run(arranged(job.trace, timed=scenario.timed, seed=job.seed), progress)
    driver.cluster.check()
    series = recorder.series(end_ms) if scenario.with_series else Series()
    return RunResult(
        instance=job.trace.instance,
        scheduler=job.scheduler,
        seed=job.seed,
        health=job.health,
        detection=run.detection if isinstance(run, WatchedRun) else None,
        timed=scenario.timed,
        pods=run.came,
        nodes=recorder.nodes,
        nodes_used=len(recorder.pods_on),
        nodes_in_use=recorder.nodes_in_use.value,
        pods_placed=recorder.placed,
        pods_dropped=run.dropped,
        pods_waiting=driver.cluster.waiting,
        pods_finished=recorder.finished,
        pods_misfit=run.misfits.count,
        moves=recorder.moves,
        node_failures=recorder.node_failures,
        nodes_lost=recorder.nodes_lost,
        allocation_final=recorder.allocation_final(),
        allocation_mean=recorder.allocation_mean(end_ms),
        allocation_by_demand=run.demand.allocation() if isinstance(run, OrderedRun) and run.demand else None,
        waiting=recorder.waits.summary(with_curve=scenario.with_series) if scenario.timed else None,
        bounded_slowdown=recorder.bounded_slowdown,
        start_ms=run.start_ms,
        end_ms=end_ms - run.ahead_ms,
        series=evolve(series, edges=tuple(edge_ms - run.ahead_ms for edge_ms in series.edges)),
        notes=(*run.notes(), *run.misfits.notes()),
    )


def _arrivals(job: Job) -> Iterator[Arrival]:
    """The pods of the trace, all of them for the scheduler of the job."""
    for arrival in job.trace.arrivals:
        if arrival.pod.scheduler_name:
            yield evolve(arrival, pod=evolve(arrival.pod, scheduler_name=""))
        else:
            yield arrival


def _expected(arrival: Arrival) -> Arrival:
    """The same, of a pod that says how long it runs."""
    if arrival.duration_ms is None:
        return arrival
    return evolve(arrival, pod=expecting(arrival.pod, arrival.duration_ms))


def _prepare(job: Job, scenario: Scenario, workshop: Workshop, arrivals: tuple[Arrival, ...]) -> _Run:
    plan, seed = scenario.plan, job.seed or 0
    make_cluster = partial(
        workshop.make_cluster,
        scheduler=job.scheduler,
        queue=scenario.queue,
        devices=scenario.devices,
        seed=seed,
        # Nobody asks for a finished pod here, and a trace may have millions.
        settings=Settings(finished_kept=0),
    )
    pipeline = workshop.make_pipeline(job.scheduler, devices=scenario.devices, seed=seed)
    openable = None if plan.auto is None else EmptyNodes([plan.auto], pipeline)
    misfits = Misfits(EmptyNodes([*plan.nodes, *([plan.auto] if plan.auto else [])], pipeline))
    start_ms = min(arrival.at_ms for arrival in arrivals) if scenario.timed else 0
    if job.health is not None:
        start_ms += ahead_ms(scenario, start_ms)
    recorder = Recorder(_resources(plan), start_ms, lambda uid: arrivals[int(uid)].duration_ms)
    driver = Driver(make_cluster(), recorder, workshop.door, check_steps=scenario.check_steps)
    if driver.cluster.goes_by_runs:
        arrivals = tuple(map(_expected, arrivals))
    if job.health is not None:
        make_watch = partial(_watch, workshop, job.health)
        return WatchedRun(scenario, arrivals, driver, misfits, seed, make_cluster=make_cluster, make_watch=make_watch)
    if scenario.timed:
        return TimedRun(scenario, arrivals, driver, openable, misfits, seed)
    return OrderedRun(plan, arrivals, driver, openable, misfits)


def _watch(workshop: Workshop, step: str) -> NodeWatch:
    return usual_watch(workshop.make_health_check(step))


def _resources(plan: NodePlan) -> list[str]:
    """What the nodes have any of, without their number of pods."""
    specs = [*plan.nodes, *([plan.auto] if plan.auto else [])]
    names = {name for spec in specs for name, amount in spec.capacity.items() if amount and name != "pods"}
    return [name for name in _FIRST if name in names] + sorted(names.difference(_FIRST))
