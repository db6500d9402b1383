"""The plots of a report."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
from attrs import define, field
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, MaxNLocator, NullLocator, PercentFormatter

from kube9.core.ports import FloatArray
from kube9.simulator.curves import Curve, over_run, waited_longer
from kube9.simulator.detectionplots import detection_plots
from kube9.simulator.drawing import MARKERS, PAPER, Plot, line_of, new_axes, styled, svg_of
from kube9.simulator.result import RunResult

__all__ = ["plots_of"]

_WIDE, _HALF = 10.4, 5.2

_Runs = Mapping[str, Sequence[RunResult]]


def plots_of(results: Sequence[RunResult]) -> list[Plot]:
    """The plots of ``results``, those of one scenario, in the order of the page."""
    by_name: dict[str, list[RunResult]] = {}
    for result in results:
        by_name.setdefault(result.name, []).append(result)
    with styled():
        return list(_plots(by_name, _RunAxis(results)))


def _plots(runs: _Runs, axis: _RunAxis) -> Iterator[Plot]:
    for resource in _held(runs):
        yield _allocation(runs, axis, resource)
    if axis.timed and any(run.waiting and run.waiting.max_ms for each in runs.values() for run in each):
        yield _waiting(runs)
    yield _nodes_per_instance(runs) if axis.relative else _nodes_in_use(runs, axis)
    yield from detection_plots(runs)


def _held(runs: _Runs) -> list[str]:
    """Resources of which some pod held some."""
    flat = [run for each in runs.values() for run in each]
    return [name for name in flat[0].allocation_mean if any(run.allocation_mean[name] for run in flat)]


@define(init=False)
class _RunAxis:
    """What runs from left to right where something is shown over a run."""

    #: Runs of several instances are laid over each other, from start to end.
    relative: bool
    timed: bool
    label: str
    #: What ``x`` of a curve is divided by.
    scale: float = field()

    def __init__(self, results: Sequence[RunResult]) -> None:
        self.relative = len({result.instance for result in results}) > 1
        self.timed = results[0].timed
        self.scale = 1.0
        if self.relative:
            self.label = "share of the run's time" if self.timed else "share of the pods that have come"
        elif self.timed:
            unit, self.scale = _unit(max(run.series.edges[-1] - run.series.edges[0] for run in results))
            self.label = f"{unit} since the first pod came"
        else:
            self.label = "pods that have come"

    def dress(self, axes: Axes) -> None:
        axes.set_xlabel(self.label)
        axes.margins(x=0)
        percent = PercentFormatter(1, decimals=0)
        axes.xaxis.set_major_formatter(percent if self.relative else _counts())


def _counts() -> FuncFormatter:
    return FuncFormatter(lambda number, _: f"{number:,g}")


def _unit(span_ms: float) -> tuple[str, float]:
    for unit, size_ms in (("days", 86_400_000), ("hours", 3_600_000), ("minutes", 60_000)):
        if span_ms >= 4 * size_ms:
            return unit, size_ms
    return "seconds", 1000


def _allocation(runs: _Runs, axis: _RunAxis, resource: str) -> Plot:
    def values(run: RunResult) -> tuple[Sequence[float], float]:
        return run.series.allocation[resource], run.allocation_final[resource]

    wide = axis.timed or axis.relative
    axes = new_axes(_WIDE, 2.4) if wide else new_axes(_HALF, 3.4)
    top = _draw(axes, runs, axis, values)
    axes.set_ylim(0, min(1.0, 1.1 * top) or 1.0)
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    zoomed = not wide and _zoom(axes)
    inset = " The inset shows the last quarter." if zoomed else ""
    caption = f"The share of all nodes' {resource} that pods held.{inset}{_spread(runs)}"
    return Plot(f"{_called(resource)} allocated", caption, svg_of(axes, f"{_plain(resource)} allocated"), wide)


def _nodes_in_use(runs: _Runs, axis: _RunAxis) -> Plot:
    axes = new_axes(_HALF, 3.0 if axis.timed else 3.4)
    top = _draw(axes, runs, axis, lambda run: (run.series.nodes_in_use, run.nodes_in_use))
    axes.set_ylim(0, 1.1 * top or 1.0)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    caption = f"How many nodes had at least one pod.{_spread(runs)}"
    return Plot("Nodes in use", caption, svg_of(axes, "nodes in use"), wide=False)


def _draw(
    axes: Axes, runs: _Runs, axis: _RunAxis, values: Callable[[RunResult], tuple[Sequence[float], float]]
) -> float:
    """Draw a line per scheduler; returns the highest value."""
    top = 0.0
    for index, each in enumerate(runs.values()):
        curve = over_run(each, values, relative=axis.relative)
        if curve is not None:
            top = max(top, float(curve.high.max()))
            # Instances differ for reasons of their own, so that a band over them says nothing of a scheduler.
            _draw_curve(axes, curve, axis.scale, index, band=not axis.relative)
    axis.dress(axes)
    return top


def _draw_curve(axes: Axes, curve: Curve, scale: float, index: int, *, band: bool) -> None:
    look = line_of(index)
    if band and np.any(curve.high > curve.low):
        axes.fill_between(curve.x / scale, curve.low, curve.high, color=look["color"], alpha=0.18, linewidth=0)
    axes.plot(curve.x / scale, curve.mean, **look)


def _zoom(axes: Axes) -> bool:
    """Repeat the end of a long rise, enlarged, in the empty lower right; returns whether it is one."""
    (left, right), middle = axes.get_xlim(), 0.5 * axes.get_ylim()[1]
    start, early, late = (left + share * (right - left) for share in (0.75, 0.1, 0.58))
    lines = [np.asarray(line.get_xydata()) for line in axes.lines]
    if any(
        (line[line[:, 0] > late, 1] < middle).any() or (line[line[:, 0] < early, 1] > middle).any() for line in lines
    ):
        return False
    ends = np.concatenate([line[line[:, 0] >= start, 1] for line in lines])
    inset = axes.inset_axes((0.6, 0.09, 0.38, 0.36))
    inset.set_facecolor(PAPER)
    for index, line in enumerate(lines):
        inset.plot(*line.T, linewidth=1.5, **line_of(index))
    pad = 0.06 * float(np.ptp(ends)) or 0.01
    inset.set(xlim=(start, right), ylim=(ends.min() - pad, ends.max() + pad))
    inset.yaxis.set_major_formatter(PercentFormatter(1))
    inset.xaxis.set_major_formatter(_counts())
    inset.yaxis.set_major_locator(MaxNLocator(nbins=4))
    inset.xaxis.set_major_locator(MaxNLocator(nbins=3))
    inset.tick_params(labelsize=8)
    return True


def _nodes_per_instance(runs: _Runs) -> Plot:
    instances = list(dict.fromkeys(run.instance for run in next(iter(runs.values()))))
    axes = new_axes(_WIDE, 3.2)
    apart = min(0.25, 0.75 / len(runs))
    for index, each in enumerate(runs.values()):
        x = np.arange(len(instances)) + (index - (len(runs) - 1) / 2) * apart
        used = [[run.nodes_used for run in each if run.instance == instance] for instance in instances]
        colour = line_of(index)["color"]
        axes.vlines(x, list(map(min, used)), list(map(max, used)), color=colour, linewidth=1.2)
        means = [sum(counts) / len(counts) for counts in used]
        axes.plot(x, means, linestyle="none", marker=MARKERS[index % len(MARKERS)], markersize=5, color=colour)
    step = -(-len(instances) // 25)
    axes.set_xticks(range(0, len(instances), step), instances[::step], rotation=40, ha="right", rotation_mode="anchor")
    axes.set_xlim(-0.7, len(instances) - 0.3)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    seeds = " A mark is the mean over the seeds, its line the range." if _seeds(runs) else ""
    return Plot("Nodes used", f"How many nodes ever had a pod.{seeds}", svg_of(axes, "nodes used"), wide=True)


def _waiting(runs: _Runs) -> Plot:
    waits = [[run.waiting for run in each if run.waiting is not None] for each in runs.values()]
    longest_ms = max(waiting.max_ms for each in waits for waiting in each)
    grid_ms: FloatArray = np.concatenate([[0.0], np.geomspace(100, max(1.05 * longest_ms, 2000), 500)])
    shares = [waited_longer(each, grid_ms) if each else np.zeros(len(grid_ms)) for each in waits]
    rare = max(float(share[0]) for share in shares) < 0.2
    axes = new_axes(_HALF, 3.0)
    for index, share in enumerate(shares):
        shown = np.where(share > 0, share, np.nan) if rare else share
        axes.plot(grid_ms / 1000, shown, drawstyle="steps-post", **line_of(index))
    _dress_times(axes, float(grid_ms[-1]) / 1000)
    if rare:
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_minor_locator(NullLocator())
    else:
        axes.set_ylim(0, 1.02)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:.3g}%"))
    scale = " Both scales are logarithmic." if rare else ""
    caption = f"The share of pods that waited longer than a time for their first node.{scale}"
    return Plot("Waiting time", caption, svg_of(axes, "waiting time"), wide=False)


_TIMES = {
    0: "0",
    1: "1 s",
    10: "10 s",
    60: "1 min",
    600: "10 min",
    3600: "1 h",
    36_000: "10 h",
    4 * 86_400: "4 d",
    40 * 86_400: "40 d",
    400 * 86_400: "400 d",
    4000 * 86_400: "4000 d",
}


def _dress_times(axes: Axes, longest_s: float) -> None:
    """An x axis of seconds, logarithmic from the first on."""
    axes.set_xscale("symlog", linthresh=1.0, linscale=0.5)
    axes.set_xlim(0, longest_s)
    shown = [time for time in _TIMES if time <= longest_s]
    axes.xaxis.set_major_locator(FixedLocator(shown))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda time, _: _TIMES.get(round(time), "")))
    axes.set_xlabel("time waited")


def _seeds(runs: _Runs) -> bool:
    return len({run.seed for each in runs.values() for run in each}) > 1


def _spread(runs: _Runs) -> str:
    """What a line and its band are."""
    if len({run.instance for each in runs.values() for run in each}) > 1:
        return f" A line is the mean over the instances{' and seeds' if _seeds(runs) else ''}."
    return " A line is the mean over the seeds, its band the range." if _seeds(runs) else ""


def _called(resource: str) -> str:
    return {"cpu": "CPU", "gpu": "GPU"}.get(resource, resource[:1].upper() + resource[1:])


def _plain(resource: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in resource)
