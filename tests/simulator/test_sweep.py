"""Sweeps: the same results in one process and in several, and errors that cross between them."""

from __future__ import annotations

from functools import partial

import pytest

from kube9.app import App
from kube9.core.errors import FilterError, InvalidInput, PluginError, UnknownName
from kube9.simulator.sweep import _portable, sweep

ALONE = {"KUBE9_PLUGINS": ""}

PLUGIN = """
import os

import kube9


class Grumble(kube9.Kube9Error):
    "Known in this file only."


@kube9.scheduler("fails-later")
def fails_later(pod, nodes):
    if pod.name == "p3":
        raise Grumble("no more")
    return nodes.free["cpu"] * 1.0


@kube9.scheduler("dies")
def dies(pod, nodes):
    os._exit(3)


@kube9.scheduler("crowded")
def crowded(pod, nodes):
    return -nodes.free["cpu"]
"""


@pytest.fixture
def plugin(tmp_path):
    path = tmp_path / "grumble.py"
    path.write_text(PLUGIN)
    return str(path)


@pytest.fixture
def swept(scenario, pod, plugin):
    """Sweep over a small trace with ``processes``; returns the results and the progress that was told."""

    def swept(*schedulers, processes, **given):
        arrivals = [pod(f"p{index}", cores=1 + index % 3, at=index, run=5) for index in range(12)]
        made = scenario(arrivals, "3xcpu=4", schedulers=schedulers, **given)
        load, told = partial(App.load, (plugin,), strict=False, env=ALONE), []
        return sweep(made, load(), processes=processes, load=load, progress=told.append), told

    return swept


@pytest.mark.slow
def test_several_processes_give_what_one_gives(swept):
    given = {"seeds": (3, 1, 2), "instances": ("x", "y")}
    schedulers = ("random", "crowded", "worst-fit")
    alone, told_alone = swept(*schedulers, processes=1, **given)
    shared, told_shared = swept(*schedulers, processes=3, **given)
    assert alone == shared
    assert [(result.instance, result.scheduler, result.seed) for result in alone[:4]] == [
        ("x", "random", 3),
        ("x", "random", 1),
        ("x", "random", 2),
        ("x", "crowded", 3),
    ]
    assert sum(told_alone) == sum(told_shared) == 18 * 12


@pytest.mark.parametrize("processes", [1, 2])
def test_a_policy_that_fails_is_named_and_ends_it_all(swept, processes):
    with pytest.raises(PluginError, match=r"pod 'p3': scheduler .fails-later. of .*grumble.* failed: Grumble: no more"):
        swept("crowded", "fails-later", processes=processes, seeds=(0, 1))


def test_a_worker_that_dies_is_noticed(swept):
    with pytest.raises(Exception, match="a worker process ended before its run did"):
        swept("dies", "crowded", processes=2)


def test_wrong_names_are_told_before_anything_runs(swept):
    with pytest.raises(UnknownName, match="there is no scheduler 'crowdd'.*Did you mean 'crowded'"):
        swept("fails-later", "crowdd", processes=1)
    with pytest.raises(UnknownName, match="there is no queue discipline 'lifo'"):
        swept("crowded", processes=1, queue="lifo")
    with pytest.raises(InvalidInput, match="best-fit"):
        swept("best-fit:depth=3", processes=1)


def test_errors_of_kube9_cross_as_they_are_and_others_as_text():
    class Odd(PluginError):
        pass

    known = FilterError("filter 'x' failed")
    assert _portable(known) is known
    for error in (Odd("odd"), ValueError("odd")):
        made = _portable(error)
        assert type(made) is PluginError
        assert str(made) == f"{type(error).__name__}: odd"
