"""Series of several runs brought together: the mean over runs and how far they are apart, at points they share."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from attrs import frozen

from kube9.core.ports import FloatArray
from kube9.simulator.result import RunResult
from kube9.simulator.waits import Waiting

__all__ = ["Curve", "over_run", "waited_longer"]

_POINTS = 400


@frozen(kw_only=True)
class Curve:
    """One line of a plot; with one run all three are the same."""

    x: FloatArray
    mean: FloatArray
    low: FloatArray
    high: FloatArray

    @classmethod
    def of(cls, x: FloatArray, rows: Sequence[FloatArray]) -> Curve:
        """The curve of ``rows``, one per run, each with a value for every ``x``."""
        stacked = np.stack(rows)
        return cls(x=x, mean=stacked.mean(axis=0), low=stacked.min(axis=0), high=stacked.max(axis=0))


def over_run(
    results: Sequence[RunResult], values_of: Callable[[RunResult], tuple[Sequence[float], float]], *, relative: bool
) -> Curve | None:
    """How something went from start to end; ``None`` where no run has any length.

    :param values_of: a run's values, one for each interval of its series, and the value at its end.
    :param relative: put the start of every run at 0 and its end at 1, so that runs of different instances can be
        compared; otherwise ``x`` counts from the start, in milliseconds or pods, and a run that ended early keeps the
        value of its end.
    """
    runs = [result for result in results if len(result.series.edges) > 1]
    if not runs:
        return None
    lengths = [1.0 if relative else float(run.series.edges[-1] - run.series.edges[0]) for run in runs]
    grid = np.linspace(0.0, max(lengths), _POINTS)
    rows = []
    for run, length in zip(runs, lengths, strict=True):
        edges = np.asarray(run.series.edges, dtype=np.float64)
        middles = (edges[:-1] + edges[1:]) / 2 - edges[0]
        at = middles / (edges[-1] - edges[0]) * length
        values, final = values_of(run)
        rows.append(np.interp(grid, at, np.asarray(values), right=final))
    return Curve.of(grid, rows)


def waited_longer(waits: Sequence[Waiting], grid_ms: FloatArray) -> FloatArray:
    """The share of the pods of all runs that waited longer than each time of ``grid_ms``."""
    longer = np.zeros(len(grid_ms))
    for waiting in waits:
        times, no_longer = (np.asarray(column, dtype=np.float64) for column in zip(*waiting.curve, strict=True))
        before = np.searchsorted(times, grid_ms, side="right")
        longer += waiting.count - np.concatenate([[0.0], no_longer])[before]
    return longer / sum(waiting.count for waiting in waits)
