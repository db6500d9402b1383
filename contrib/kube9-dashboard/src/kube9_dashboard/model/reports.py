"""Results of ``kube9 simulate -o json``: read, and put side by side."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import fmean
from typing import Any

from attrs import frozen

__all__ = ["METRICS", "Compared", "Metric", "Run", "compare", "read_report"]


@frozen(kw_only=True)
class Run:
    """One run of one report."""

    report: str
    #: The trace and the nodes that it ran on.
    setting: str
    scheduler: str
    instance: str
    health: str
    seed: int | None
    values: Mapping[str, float]


@frozen(kw_only=True)
class Metric:
    """Something that runs are compared by."""

    key: str
    title: str
    #: -1 where less is better, 1 where more is, 0 where neither.
    better: int
    read: Callable[[Mapping[str, Any]], float | None]
    #: A share, shown in per cent.
    share: bool = False
    #: A time, shown in seconds.
    time: bool = False

    def text(self, value: float | None) -> str:
        if value is None:
            return "–"
        if self.share:
            return f"{100 * value:.2f} %"
        if self.time:
            return f"{value / 1000:,.1f} s"
        return f"{value:,.2f}" if value % 1 else f"{value:,.0f}"


def _at(*path: str) -> Callable[[Mapping[str, Any]], float | None]:
    def read(run: Mapping[str, Any]) -> float | None:
        found: Any = run
        for key in path:
            found = found.get(key) if isinstance(found, Mapping) else None
        return float(found) if isinstance(found, int | float) and not isinstance(found, bool) else None

    return read


def _wait(key: str, title: str) -> Metric:
    return Metric(key=f"wait-{key}", title=title, better=-1, read=_at("waitingMs", key), time=True)


def _share(resource: str, when: str, title: str) -> Metric:
    return Metric(key=f"{resource}-{when}", title=title, better=1, read=_at("allocation", when, resource), share=True)


METRICS = (
    Metric(key="placed", title="Pods placed", better=1, read=_at("podsPlaced")),
    Metric(key="waiting", title="Pods waiting", better=-1, read=_at("podsWaiting")),
    Metric(key="dropped", title="Pods dropped", better=-1, read=_at("podsDropped")),
    Metric(key="nodes-used", title="Nodes used", better=-1, read=_at("nodesUsed")),
    _share("cpu", "timeWeighted", "CPU, over time"),
    _share("memory", "timeWeighted", "Memory, over time"),
    _share("gpu", "timeWeighted", "GPU, over time"),
    _share("cpu", "final", "CPU, at the end"),
    _share("memory", "final", "Memory, at the end"),
    _share("gpu", "final", "GPU, at the end"),
    _wait("mean", "Mean wait"),
    _wait("median", "Median wait"),
    _wait("p95", "95 % waited at most"),
    _wait("max", "Longest wait"),
    Metric(key="slowdown", title="Bounded slowdown", better=-1, read=_at("boundedSlowdown")),
    Metric(key="moves", title="Moves after failures", better=-1, read=_at("moves")),
    Metric(key="failures", title="Node failures", better=0, read=_at("nodeFailures")),
    Metric(key="evictions", title="Evictions", better=-1, read=_at("detection", "evictions")),
    Metric(key="downtime", title="Downtime of pods", better=-1, read=_at("detection", "downtime"), share=True),
)


def read_report(name: str, text: str | bytes) -> list[Run]:
    """The runs of the report called ``name``.

    :raises ValueError: it is none.
    """
    try:
        document = json.loads(text)
        where = (document.get("trace"), ", ".join(document.get("nodes") or ()))
        setting = " on ".join(part for part in where if part)
        return [_run(name, setting, run) for run in document["runs"]]
    except (ValueError, KeyError, TypeError, AttributeError) as exc:
        raise ValueError(f"{name} is not what 'kube9 simulate -o json' writes ({type(exc).__name__}: {exc})") from exc


def _run(report: str, setting: str, run: Mapping[str, Any]) -> Run:
    return Run(
        report=report,
        setting=setting,
        scheduler=run["scheduler"],
        instance=run["instance"] or "",
        health=run.get("health") or "",
        seed=run["seed"],
        values={metric.key: value for metric in METRICS if (value := metric.read(run)) is not None},
    )


@frozen(kw_only=True)
class Compared:
    """Runs that differ in nothing but the seed and the instance, as one row."""

    label: str
    runs: int
    #: The mean of each metric over the runs.
    means: Mapping[str, float]
    #: The least and the most.
    ranges: Mapping[str, tuple[float, float]]


def compare(runs: Iterable[Run]) -> list[Compared]:
    """One row for each report, scheduler and health check, as they come; reports are named where there are several."""
    groups: dict[tuple[str, str, str], list[Run]] = {}
    for run in runs:
        groups.setdefault((run.report, run.scheduler, run.health), []).append(run)
    several = len({report for report, _, _ in groups}) > 1
    checks = len({health for _, _, health in groups}) > 1
    return [_compared(key, own, several=several, checks=checks) for key, own in groups.items()]


def _compared(key: tuple[str, str, str], runs: Sequence[Run], *, several: bool, checks: bool) -> Compared:
    report, scheduler, health = key
    parts = [report if several else "", scheduler, health if checks else ""]
    found: dict[str, list[float]] = {}
    for run in runs:
        for name, value in run.values.items():
            found.setdefault(name, []).append(value)
    return Compared(
        label=" · ".join(part for part in parts if part),
        runs=len(runs),
        means={name: fmean(values) for name, values in found.items()},
        ranges={name: (min(values), max(values)) for name, values in found.items()},
    )
