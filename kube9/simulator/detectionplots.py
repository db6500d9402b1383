"""The plots of what health checks did."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from statistics import fmean

from kube9.simulator.chaos.measured import Measures
from kube9.simulator.drawing import Plot, line_of, new_axes, svg_of
from kube9.simulator.result import RunResult

__all__ = ["detection_plots"]

_HALF = 5.2
#: Inches of a plot, and of each bar in it.
_FRAME, _BAR = 0.8, 0.32


def detection_plots(runs: Mapping[str, Sequence[RunResult]]) -> Iterator[Plot]:
    """What was paid for each scheduler and health check; nothing where there was no health check."""
    told = {name: [run.detection for run in each if run.detection is not None] for name, each in runs.items()}
    if not all(told.values()):
        return
    many = " A bar is the mean over all runs." if any(len(each) > 1 for each in told.values()) else ""
    yield _bars(
        "Pods not running",
        f"Of the time in which pods with a node should have run, the share in which they did not, in percent.{many}",
        {name: _mean(each, lambda one: 100 * one.downtime) for name, each in told.items()},
    )
    yield _bars(
        "False suspicions",
        f"How often a node was suspected that was up and could be reached, by node and day.{many}",
        {name: _mean(each, lambda one: one.false_suspicions) for name, each in told.items()},
    )


def _mean(each: Sequence[Measures], value: Callable[[Measures], float]) -> float:
    return fmean(map(value, each))


def _bars(title: str, caption: str, values: Mapping[str, float]) -> Plot:
    axes = new_axes(_HALF, _FRAME + _BAR * len(values))
    for index, value in enumerate(values.values()):
        axes.barh(index, value, height=0.7, color=line_of(index)["color"])
    axes.set_yticks([])
    axes.invert_yaxis()
    axes.set_xlim(0, 1.05 * max(values.values()) or 1.0)
    return Plot(title, caption, svg_of(axes, title.lower()), wide=False)
