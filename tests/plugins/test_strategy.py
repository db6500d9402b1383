"""From the step a user writes to the strategy, and what may go wrong on the way."""

from __future__ import annotations

import re

import pytest

from kube9.core.errors import InvalidInput, PluginError, UnknownName
from kube9.core.registry import Registry
from kube9.plugins.strategy import make, make_step


class Seeded:
    def __init__(self, seed="none", speed="1"):
        self.seed, self.speed = seed, speed

    def score(self, pod, nodes):
        return [self.seed] * len(nodes)


class Unseeded:
    def score(self, pod, nodes):
        return [0] * len(nodes)


class Misspelt:
    def scores(self, pod, nodes):
        return [0] * len(nodes)


def refuses(size):
    if size != "big":
        raise ValueError(f"size must be big, got {size!r}")
    return Unseeded()


def fast(speed):
    return float(speed)


def breaks():
    raise ZeroDivisionError("by zero")


def refuses_clearly():
    raise InvalidInput("not on a Monday")


@pytest.fixture
def schedulers():
    registry = Registry("scheduler")
    factories = {
        "seeded": Seeded,
        "unseeded": Unseeded,
        "refuses": refuses,
        "breaks": breaks,
        "refuses-clearly": refuses_clearly,
        "no-scheduler": list,
        "of-c": dict,
        "fast": fast,
        "whatever": lambda **options: options,
        "nothing": lambda: None,
        "misspelt": Misspelt,
    }
    for name, factory in factories.items():
        registry.add(name, factory, plugin="mine")
    return registry


@pytest.mark.parametrize(
    "step, seed, got",
    [
        ("seeded", None, ("none", "1")),
        ("seeded", 7, ("7", "1")),
        ("seeded", 0, ("0", "1")),
        ("seeded:seed=3", 7, ("3", "1")),
        ("seeded:speed=9", 7, ("7", "9")),
    ],
)
def test_the_seed_of_the_run_goes_where_none_is_written(schedulers, step, seed, got):
    made = make_step(schedulers, step, seed=seed)
    assert (made.seed, made.speed) == got


def test_a_factory_that_takes_no_seed_gets_none(schedulers):
    assert isinstance(make_step(schedulers, "unseeded", seed=7), Unseeded)


@pytest.mark.parametrize(
    "step, error, why",
    [
        ("seded", UnknownName, r"there is no scheduler 'seded'; installed: .*Did you mean 'seeded'\?"),
        (
            "unseeded:speed=3",
            InvalidInput,
            "scheduler 'unseeded' from plugin 'mine' has no option 'speed'; it takes none$",
        ),
        ("seeded:sped=3", InvalidInput, r"has no option 'sped'; there are: seed, speed \(did you mean 'speed'\?\)$"),
        ("whatever:sped=3", PluginError, "expected a Scheduler"),
        (
            "fast:speed=abc",
            InvalidInput,
            "from plugin 'mine': option 'speed': could not convert string to float: 'abc'",
        ),
        ("unseeded:speed", InvalidInput, "expected options as key=value"),
        ("refuses:size=small", InvalidInput, "scheduler 'refuses' from plugin 'mine': size must be big, got 'small'"),
        ("breaks", PluginError, r"scheduler 'breaks' from plugin 'mine' could not be made: ZeroDivisionError: by zero"),
        ("refuses-clearly", InvalidInput, "not on a Monday"),
        (
            "no-scheduler",
            PluginError,
            "'no-scheduler' from plugin 'mine': expected a Scheduler as in kube9.core.ports; list has no 'score'",
        ),
        ("of-c", PluginError, r"expected a Scheduler as in kube9\.core\.ports; dict has no 'score'$"),
        ("nothing", PluginError, r"expected a Scheduler as in kube9\.core\.ports; got None"),
        ("misspelt", PluginError, r"; Misspelt has no 'score' \(did you mean that by 'scores'\?\)$"),
    ],
)
def test_what_cannot_be_made_is_told_by_name_and_plugin(schedulers, step, error, why):
    with pytest.raises(error, match=why):
        make_step(schedulers, step, seed=1)


class Half:
    suspect_at = 3.0

    def suspision(self, history, now_ms):
        return 0.0


class Clocked:
    def __init__(self, clock, deliver, speed="1"):
        pass


def test_each_thing_that_is_missing_is_named():
    checks = Registry("health check")
    checks.add("half", Half, plugin="mine")
    told = "Half has no 'fail_at', no 'suspicion' (did you mean that by 'suspision'?)"
    with pytest.raises(PluginError, match=re.escape(told) + "$"):
        make(checks, "half")


def test_what_the_program_gives_is_no_option():
    backends = Registry("backend")
    backends.add("clocked", Clocked, plugin="mine")
    with pytest.raises(InvalidInput, match="has no option 'fast'; there are: speed$"):
        make(backends, "clocked", clock=object(), deliver=print, fast="1")


def test_options_need_not_be_text_where_they_come_from_the_program(schedulers):
    assert make(schedulers, "seeded", seed=4).seed == 4
