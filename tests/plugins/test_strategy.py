"""From the step a user writes to the strategy, and what may go wrong on the way."""

from __future__ import annotations

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


def refuses(size):
    if size != "big":
        raise ValueError(f"size must be big, got {size!r}")
    return Unseeded()


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
        ("unseeded:speed=3", InvalidInput, "scheduler 'unseeded' from plugin 'mine': .*"),
        ("unseeded:speed", InvalidInput, "expected options as key=value"),
        ("refuses:size=small", InvalidInput, "scheduler 'refuses' from plugin 'mine': size must be big, got 'small'"),
        ("breaks", PluginError, r"scheduler 'breaks' from plugin 'mine' could not be made: ZeroDivisionError: by zero"),
        ("refuses-clearly", InvalidInput, "not on a Monday"),
        (
            "no-scheduler",
            PluginError,
            r"scheduler 'no-scheduler' from plugin 'mine': expected a Scheduler as .* got \[]",
        ),
        ("of-c", PluginError, r"expected a Scheduler as in kube9\.core\.ports, got {}"),
    ],
)
def test_what_cannot_be_made_is_told_by_name_and_plugin(schedulers, step, error, why):
    with pytest.raises(error, match=why):
        make_step(schedulers, step, seed=1)


def test_options_need_not_be_text_where_they_come_from_the_program(schedulers):
    assert make(schedulers, "seeded", seed=4).seed == 4
