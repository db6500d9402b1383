"""Named strategies: loud when filled, helpful when asked, shut after start-up."""

from __future__ import annotations

import pytest

from kube9.core.errors import DuplicateName, InvalidInput, PluginError, UnknownName
from kube9.core.registry import Registry, split_step


@pytest.fixture
def registry():
    registry = Registry("scheduler")
    registry.add("worst-fit", list, plugin="policies")
    registry.add("best-fit", dict, plugin="policies")
    registry.add("gpu-fit", set, plugin="gpu")
    return registry


def test_entries_come_in_order_of_registration(registry):
    assert [(entry.name, entry.plugin) for entry in registry] == [
        ("worst-fit", "policies"),
        ("best-fit", "policies"),
        ("gpu-fit", "gpu"),
    ]
    assert len(registry) == 3
    assert "gpu-fit" in registry
    assert "gpu" not in registry


def test_a_name_that_is_taken_names_both_owners(registry):
    with pytest.raises(DuplicateName, match="scheduler 'best-fit' is registered by both 'policies' and 'mine'"):
        registry.add("best-fit", list, plugin="mine")
    assert registry.entry("best-fit").plugin == "policies"


def test_what_cannot_be_called_is_refused(registry):
    with pytest.raises(PluginError, match="scheduler 'x' from plugin 'mine': expected a callable, got 3"):
        registry.add("x", 3, plugin="mine")


def test_an_unknown_name_lists_those_there_are_and_the_nearest(registry):
    with pytest.raises(UnknownName) as caught:
        registry.entry("bestfit")
    assert str(caught.value) == (
        "there is no scheduler 'bestfit'; installed: best-fit, gpu-fit, worst-fit. Did you mean 'best-fit'?"
    )


def test_an_empty_registry_says_so():
    with pytest.raises(UnknownName, match="there is no backend 'ssh'; none is installed"):
        Registry("backend").entry("ssh")


def test_discarding_takes_back_what_one_plugin_offers(registry):
    registry.discard(plugin="policies")
    assert [entry.name for entry in registry] == ["gpu-fit"]
    registry.add("best-fit", list, plugin="mine")
    assert registry.entry("best-fit").plugin == "mine"


def test_nothing_registers_after_freezing(registry):
    registry.freeze()
    with pytest.raises(PluginError, match="scheduler 'late' from plugin 'mine' was registered after start-up"):
        registry.add("late", list, plugin="mine")
    assert registry.make("best-fit") == {}


def test_making_passes_the_options_on(registry):
    assert registry.make("best-fit", seed="3") == {"seed": "3"}


def takes_a_number(size):
    return int(size)


@pytest.mark.parametrize(
    "options, why",
    [
        ({"size": "x"}, r"scheduler 'sized' from plugin 'mine': option 'size': invalid literal for int"),
        ({"colour": "red"}, r"scheduler 'sized' from plugin 'mine': .*unexpected keyword argument 'colour'"),
        ({}, r"scheduler 'sized' from plugin 'mine': .*missing 1 required positional argument: 'size'"),
    ],
    ids=str,
)
def test_options_that_a_factory_refuses_are_the_users(registry, options, why):
    registry.add("sized", takes_a_number, plugin="mine")
    with pytest.raises(InvalidInput, match=why):
        registry.make("sized", **options)


@pytest.mark.parametrize(
    "text, name, options",
    [
        ("random", "random", {}),
        ("random:", "random", {}),
        ("random:seed=3", "random", {"seed": "3"}),
        ("random:seed=3,speed=", "random", {"seed": "3", "speed": ""}),
        ("file:path=a=b", "file", {"path": "a=b"}),
        ("file:path=C:x", "file", {"path": "C:x"}),
    ],
)
def test_a_step_is_a_name_and_its_options(text, name, options):
    assert split_step(text) == (name, options)


@pytest.mark.parametrize(
    "text, why",
    [
        ("random:seed", "'random:seed': expected options as key=value after the colon, got 'seed'"),
        ("random:=3", "got '=3'"),
        ("random:seed=1,seed=2", "option 'seed' is given twice"),
    ],
)
def test_a_step_that_cannot_be_read_is_refused(text, why):
    with pytest.raises(InvalidInput, match=why):
        split_step(text)


@pytest.mark.parametrize(
    "options, why",
    [
        ({"slow": "1", "fast": "abc"}, "'mine': option 'fast': could not convert string to float: 'abc'"),
        ({"slow": "abc", "fast": "abc"}, "'mine': option 'slow' or 'fast': could not convert string to float: 'abc'"),
        ({"slow": "2", "fast": "1"}, "'mine': slow must not be above fast, got '2'"),
        ({"slow": "3", "fast": "3"}, "'mine': not today$"),
    ],
)
def test_a_value_that_cannot_be_read_is_told_with_its_option(options, why):
    registry = Registry("scheduler")
    registry.add("speedy", Speedy, plugin="mine")
    with pytest.raises(InvalidInput, match=why):
        registry.make("speedy", **options)


class Speedy:
    def __init__(self, slow, fast):
        if float(slow) > float(fast):
            raise ValueError(f"slow must not be above fast, got {slow!r}")
        if slow == fast:
            raise ValueError("not today")
