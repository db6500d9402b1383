"""Results side by side: one line per instance and scheduler, seeds brought together as mean and spread."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from attrs import frozen

from kube9.simulator.result import RunResult, named

__all__ = ["Cell", "Comparison", "Line", "Metric", "shown_time"]

#: Resources shown even if no pod held any.
_ALWAYS = frozenset(("cpu", "memory", "gpu"))


@frozen
class Metric:
    """One number of a result, and how it is shown."""

    #: Metrics of one group stand beside each other under its name; empty for those without one.
    group: str
    name: str
    #: ``None`` where a run has no such number.
    of: Callable[[RunResult], float | None]
    #: Shows the mean and, where there are several seeds, the standard deviation.
    show: Callable[[float, float | None], Cell]
    #: Makes one number of those of several instances.
    join: Callable[[Sequence[float]], float] = statistics.fmean

    @property
    def title(self) -> str:
        return f"{self.group} {self.name}".strip()


@frozen
class Cell:
    """A number as it is shown; empty where there is none."""

    text: str = "-"
    #: The standard deviation over seeds.
    spread: str = ""

    def __str__(self) -> str:
        return f"{self.text} ± {self.spread}" if self.spread else self.text


@frozen
class Line:
    """One row of the comparison."""

    #: ``all 20`` for the line of all instances together.
    instance: str
    scheduler: str
    #: ``None`` where no health check found out what had failed.
    health: str | None
    #: One per metric.
    cells: tuple[Cell, ...]

    @property
    def name(self) -> str:
        """As :attr:`RunResult.name`."""
        return named(self.scheduler, self.health)


@frozen
class Comparison:
    """The results of one scenario as a table."""

    metrics: tuple[Metric, ...]
    #: By instance, then scheduler, then health check.
    lines: tuple[Line, ...]
    #: One per scheduler and health check, for all instances together; none where there is only one.
    totals: tuple[Line, ...]

    @classmethod
    def of(cls, results: Sequence[RunResult]) -> Comparison:
        """Compare ``results``, at least one."""
        metrics = _metrics(results)
        by_run = {(result.instance, (result.scheduler, result.health), result.seed): result for result in results}
        instances, pairs, seeds = (tuple(dict.fromkeys(part)) for part in zip(*by_run, strict=True))

        def line(name: str, members: Iterable[str], pair: tuple[str, str | None]) -> Line:
            by_seed = [[by_run[member, pair, seed] for member in members] for seed in seeds]
            return Line(name, *pair, tuple(_cell(metric, by_seed) for metric in metrics))

        lines = tuple(line(instance, [instance], pair) for instance in instances for pair in pairs)
        if len(instances) == 1:
            return cls(metrics, lines, ())
        return cls(metrics, lines, tuple(line(f"all {len(instances)}", instances, pair) for pair in pairs))

    @property
    def groups(self) -> list[tuple[str, list[str]]]:
        """The names of metrics under that of their group, in order; one without a group is a group of its own."""
        groups: list[tuple[str, list[str]]] = []
        for metric in self.metrics:
            if metric.group and groups and groups[-1][0] == metric.group:
                groups[-1][1].append(metric.name)
            else:
                groups.append((metric.group, [metric.name]))
        return groups


def _metrics(results: Sequence[RunResult]) -> tuple[Metric, ...]:
    """The metrics worth showing of ``results``, which are those of one scenario."""
    timed = results[0].timed
    resources = [name for name in results[0].allocation_final if name in _ALWAYS or _was_held(name, results)]
    found = [
        Metric("", "nodes used", lambda result: result.nodes_used, _count, sum),
        Metric("", "placed", lambda result: result.pods_placed, _count, sum),
    ]
    if not timed or any(result.pods_dropped for result in results):
        found.append(Metric("", "dropped", lambda result: result.pods_dropped, _count, sum))
    if not timed:
        return (*found, *(Metric("", name, partial(_final, name), _share) for name in resources))
    found.append(Metric("", "waiting", lambda result: result.pods_waiting, _count, sum))
    if any(result.node_failures for result in results):
        found.append(Metric("", "failures", lambda result: result.node_failures, _count, sum))
    found.append(Metric("", "moves", lambda result: result.moves, _count, sum))
    for name in resources:
        found.append(Metric(name, "mean", partial(_mean, name), _share))
        found.append(Metric(name, "final", partial(_final, name), _share))
    found.append(Metric("wait", "mean", partial(_waited, "mean_ms"), _wait))
    found.append(Metric("wait", "p95", partial(_waited, "p95_ms"), _wait))
    found.append(Metric("wait", "max", partial(_waited, "max_ms"), _wait, max))
    found.append(Metric("", "slowdown", lambda result: result.bounded_slowdown, _ratio))
    if results[0].detection is not None:
        found += _of_detection()
    return tuple(found)


def _of_detection() -> list[Metric]:
    """What health checks are compared by."""
    return [
        Metric("", "crashes found", partial(_detected, "crashes_found"), _count, sum),
        Metric("suspected", "median", partial(_detected, "suspect_ms"), _wait),
        Metric("suspected", "max", partial(_detected, "suspect_ms_worst"), _wait, max),
        Metric("failed", "median", partial(_detected, "fail_ms"), _wait),
        Metric("failed", "max", partial(_detected, "fail_ms_worst"), _wait, max),
        Metric("", "false suspicions a node-day", partial(_detected, "false_suspicions"), _tenths),
        Metric("", "false failures a node-day", partial(_detected, "false_failures"), _tenths),
        Metric("", "not running", partial(_detected, "downtime"), _small_share),
        Metric("", "two copies", partial(_detected, "two_copies_s"), _seconds, sum),
    ]


def _detected(which: str, result: RunResult) -> float | None:
    value: float | None = getattr(result.detection, which)
    return value


def _was_held(resource: str, results: Iterable[RunResult]) -> bool:
    return any(result.allocation_mean[resource] for result in results)


def _final(resource: str, result: RunResult) -> float | None:
    return result.allocation_final.get(resource)


def _mean(resource: str, result: RunResult) -> float | None:
    return result.allocation_mean.get(resource)


def _waited(which: str, result: RunResult) -> float | None:
    return None if result.waiting is None else float(getattr(result.waiting, which))


def _cell(metric: Metric, by_seed: Iterable[Sequence[RunResult]]) -> Cell:
    """The mean over seeds of what the instances make together, and how far the seeds are apart."""
    values = []
    for runs in by_seed:
        known = [number for run in runs if (number := metric.of(run)) is not None]
        if known:
            values.append(metric.join(known))
    if not values:
        return Cell()
    return metric.show(statistics.fmean(values), statistics.stdev(values) if len(values) > 1 else None)


def _count(mean: float, spread: float | None) -> Cell:
    digits = 0 if mean == int(mean) and not spread else 1
    return Cell(f"{mean:.{digits}f}", "" if spread is None else f"{spread:.{digits}f}")


def _share(mean: float, spread: float | None) -> Cell:
    return Cell(f"{100 * mean:.1f}%") if spread is None else Cell(f"{100 * mean:.2f}%", f"{100 * spread:.2f}")


def _small_share(mean: float, spread: float | None) -> Cell:
    return Cell(f"{100 * mean:.3f}%", "" if spread is None else f"{100 * spread:.3f}")


def _tenths(mean: float, spread: float | None) -> Cell:
    return Cell(f"{mean:.1f}", "" if spread is None else f"{spread:.1f}")


def _seconds(mean_s: float, spread_s: float | None) -> Cell:
    return _wait(1000 * mean_s, None if spread_s is None else 1000 * spread_s)


def _ratio(mean: float, spread: float | None) -> Cell:
    return Cell(f"{mean:.2f}", "" if spread is None else f"{spread:.2f}")


def _wait(mean_ms: float, spread_ms: float | None) -> Cell:
    return Cell(shown_time(mean_ms), "" if spread_ms is None else shown_time(spread_ms))


def shown_time(time_ms: float) -> str:
    """A time in one unit, short enough for a table: ``250ms``, ``54.2s``, ``32.6m``, ``65.9h``, ``12.4d``."""
    if time_ms < 1000:
        return f"{time_ms:.0f}ms" if time_ms else "0s"
    for unit, size_ms, most in (("s", 1000, 100), ("m", 60_000, 100), ("h", 3_600_000, 100)):
        if time_ms < size_ms * most:
            return f"{time_ms / size_ms:.1f}{unit}"
    return f"{time_ms / 86_400_000:.1f}d"
