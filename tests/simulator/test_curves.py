"""Series of several runs brought together."""

from __future__ import annotations

import numpy as np
import pytest

from kube9.simulator.curves import over_run, waited_longer
from kube9.simulator.waits import Waits


def cpu(result):
    return result.series.allocation["cpu"], result.allocation_final["cpu"]


def test_one_run_is_its_own_mean(run, pod):
    curve = over_run([run([pod("a", cores=2, run=100), pod("b", cores=2, at=50, run=50)])], cpu, relative=False)
    assert (curve.x[0], curve.x[-1]) == (0, 100_000)
    assert np.array_equal(curve.low, curve.high)
    early, late = (curve.mean[(curve.x > left) & (curve.x < right)] for left, right in ((1e3, 49e3), (51e3, 99e3)))
    assert set(early) == {0.5}
    assert set(late) == {1.0}


def test_a_run_that_ended_early_keeps_the_value_of_its_end(run, pod):
    short, long = run([pod("a", cores=4, run=10)]), run([pod("a", cores=4, run=100)])
    curve = over_run([short, long], cpu, relative=False)
    after = (curve.x > 11_000) & (curve.x < 99_000)
    assert set(curve.mean[after]) == {0.5}
    assert set(curve.low[after]) == {0.0}
    assert set(curve.high[after]) == {1.0}


def test_runs_are_laid_over_each_other_from_start_to_end(run, pod):
    short, long = run([pod("a", cores=4, run=10)]), run([pod("a", cores=2, at=7, run=100)])
    curve = over_run([short, long], cpu, relative=True)
    assert (curve.x[0], curve.x[-1]) == (0, 1)
    assert set(curve.mean[5:-5]) == {0.75}


def test_runs_without_length_have_no_curve(run, pod):
    assert over_run([run([pod("a")])], cpu, relative=False) is None


def test_who_waited_longer_than_a_time():
    waits = []
    for times in ([0, 0, 10, 20], [0, 5]):
        made = Waits()
        for time in times:
            made.add(time)
        waits.append(made.summary())
    found = waited_longer(waits, np.array([0.0, 4.0, 5.0, 10.0, 19.0, 20.0, 99.0]))
    assert found == pytest.approx(np.array([3, 3, 2, 1, 1, 0, 0]) / 6)
