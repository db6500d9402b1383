"""Results side by side: one line per instance and scheduler, seeds brought together as mean and spread."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from attrs import frozen

from kube9.simulator.result import RunResult

__all__ = ["Line", "Metric", "lines_of", "metrics_of", "shown_time"]


@frozen
class Metric:
    """One number of a result, and how it is shown."""

    title: str
    #: ``None`` where a run has no such number.
    of: Callable[[RunResult], float | None]
    show: Callable[[float], str]
    #: Makes one number of those of several instances.
    join: Callable[[Sequence[float]], float] = statistics.fmean


@frozen
class Line:
    """One row of the comparison."""

    #: ``all 20`` for the line of all instances together.
    instance: str
    scheduler: str
    #: One cell per metric, such as ``52.3 ± 0.6``; a dash where there is nothing to say.
    cells: tuple[str, ...]


def metrics_of(results: Sequence[RunResult]) -> tuple[Metric, ...]:
    """The metrics worth showing of ``results``, which are those of one scenario."""
    timed = results[0].timed
    resources = list(dict.fromkeys(name for result in results for name in result.allocation_final))
    found = [
        Metric("nodes used", lambda result: result.nodes_used, _shown_count, sum),
        Metric("placed", lambda result: result.pods_placed, _shown_count, sum),
    ]
    if not timed or any(result.pods_dropped for result in results):
        found.append(Metric("dropped", lambda result: result.pods_dropped, _shown_count, sum))
    if not timed:
        return (*found, *(Metric(name, partial(_final, name), _shown_share) for name in resources))
    found.append(Metric("waiting", lambda result: result.pods_waiting, _shown_count, sum))
    found.append(Metric("moves", lambda result: result.moves, _shown_count, sum))
    for name in resources:
        found.append(Metric(f"{name} mean", partial(_mean, name), _shown_share))
        found.append(Metric(f"{name} final", partial(_final, name), _shown_share))
    found.append(Metric("wait mean", lambda result: result.waiting and result.waiting.mean_ms, shown_time))
    found.append(Metric("wait p95", lambda result: result.waiting and result.waiting.p95_ms, shown_time))
    found.append(Metric("wait max", lambda result: result.waiting and result.waiting.max_ms, shown_time, max))
    return tuple(found)


def lines_of(results: Sequence[RunResult], metrics: Sequence[Metric]) -> list[Line]:
    """A line per instance and scheduler, then, where there are several instances, one per scheduler for all of them."""
    instances = list(dict.fromkeys(result.instance for result in results))
    schedulers = list(dict.fromkeys(result.scheduler for result in results))
    by_run = {(result.instance, result.scheduler, result.seed): result for result in results}
    seeds = list(dict.fromkeys(result.seed for result in results))

    def line(name: str, members: Sequence[str], scheduler: str) -> Line:
        by_seed = [[by_run[member, scheduler, seed] for member in members] for seed in seeds]
        return Line(name, scheduler, tuple(_cell(metric, by_seed) for metric in metrics))

    lines = [line(instance, [instance], scheduler) for instance in instances for scheduler in schedulers]
    if len(instances) > 1:
        lines += [line(f"all {len(instances)}", instances, scheduler) for scheduler in schedulers]
    return lines


def _cell(metric: Metric, by_seed: Iterable[Sequence[RunResult]]) -> str:
    """The mean over seeds of what the instances make together, and how far the seeds are apart."""
    values = []
    for runs in by_seed:
        known = [number for run in runs if (number := metric.of(run)) is not None]
        if known:
            values.append(metric.join(known))
    if not values:
        return "-"
    mean = metric.show(statistics.fmean(values))
    return f"{mean} ± {metric.show(statistics.stdev(values))}" if len(values) > 1 else mean


def _final(resource: str, result: RunResult) -> float | None:
    return result.allocation_final.get(resource)


def _mean(resource: str, result: RunResult) -> float | None:
    return result.allocation_mean.get(resource)


def _shown_count(number: float) -> str:
    return f"{number:.0f}" if number == int(number) else f"{number:.1f}"


def _shown_share(share: float) -> str:
    return f"{100 * share:.1f}%"


def shown_time(time_ms: float) -> str:
    """A time in one unit, short enough for a table: ``250ms``, ``54.2s``, ``32.6m``, ``65.9h``, ``12.4d``."""
    if time_ms < 1000:
        return f"{time_ms:.0f}ms" if time_ms else "0s"
    for unit, size_ms, most in (("s", 1000, 100), ("m", 60_000, 100), ("h", 3_600_000, 100)):
        if time_ms < size_ms * most:
            return f"{time_ms / size_ms:.1f}{unit}"
    return f"{time_ms / 86_400_000:.1f}d"
