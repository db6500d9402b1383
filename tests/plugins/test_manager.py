"""Plugins come in one by one; what is wrong with one is told, and does no harm to the others."""

from __future__ import annotations

import logging
import re
import sys
from contextlib import suppress

import pytest

import kube9
from kube9.core.errors import InvalidInput, PluginError
from kube9.core.events import NodeReady
from kube9.core.nodes import Node, NodeSpec
from kube9.plugins.manager import Plugins
from kube9.plugins.selection import Selection
from kube9.plugins.sources import Source

READY = NodeReady(at_ms=5, node=Node(uid="n", spec=NodeSpec(name="node"), ordinal=0))


class FirstFit:
    def score(self, pod, nodes):
        return [0.0] * len(nodes)


class Offers:
    """A sound plugin that offers schedulers and hears of nodes."""

    def __init__(self, *names):
        self.names, self.heard = names, []

    @kube9.hookimpl
    def kube9_register_schedulers(self, register):
        for name in self.names:
            register(name, FirstFit)

    @kube9.hookimpl
    def kube9_node_ready(self, at_ms):
        self.heard.append(at_ms)


def source(name, plugin, **more):
    return Source(name=name, where=f"{name}.place", load=lambda: plugin, **more)


def raising(exc):
    def load():
        raise exc

    return Source(name="broken", where="broken.place", load=load)


def names(registry):
    return sorted(entry.name for entry in registry)


def info_of(plugins, name):
    (info,) = [info for info in plugins.infos if info.name == name]
    return info


# ---------------------------------------------------------------------- what is remembered


def test_a_plugin_is_remembered_with_what_it_brought():
    found = source("gpu", Offers("b", "a"), distribution="kube9-gpu", version="1.2")
    info = info_of(Plugins.load([found]), "gpu")
    assert (info.distribution, info.version, info.source) == ("kube9-gpu", "1.2", "gpu.place")
    assert info.hooks == ("kube9_node_ready", "kube9_register_schedulers")
    assert info.offers == {"schedulers": ("a", "b")}
    assert info.error is None
    assert info.left_out_by is None
    assert not info.built_in


def test_plugins_load_in_the_order_given_and_those_given_by_hand_last():
    plugins = Plugins.load([source("z", Offers("1")), source("a", Offers("2"))], [source("m.py", Offers("3"))])
    assert [info.name for info in plugins.infos] == ["z", "a", "m.py"]
    assert [(entry.name, entry.plugin) for entry in plugins.registries.schedulers] == [
        ("1", "z"),
        ("2", "a"),
        ("3", "m.py"),
    ]


def test_owner_is_the_package_with_its_version_or_the_file():
    plugins = Plugins.load([source("gpu", Offers("a"), distribution="kube9-gpu", version="1.2")], [])
    assert plugins.owner_of("gpu") == "kube9-gpu 1.2"
    assert Plugins.load([], [source("mine.py", Offers("a"))]).owner_of("mine.py") == "mine.py.place"


def test_managers_in_one_process_share_nothing():
    first, second = Plugins.load([source("p", Offers("a"))]), Plugins.load([source("p", Offers("b"))])
    assert names(first.registries.schedulers) == ["a"]
    assert names(second.registries.schedulers) == ["b"]


# ---------------------------------------------------------------------- what is wrong


class DefaultArgument(Offers):
    @kube9.hookimpl
    def kube9_node_lost(self, node, at_ms=0):
        self.heard.append(at_ms)


class Misspelt(Offers):
    @kube9.hookimpl
    def kube9_node_raedy(self, node):
        self.heard.append(node)


class UnknownArgument(Offers):
    @kube9.hookimpl
    def kube9_node_lost(self, machine):
        self.heard.append(machine)


class FailsHalfWay(Offers):
    @kube9.hookimpl
    def kube9_register_filters(self, register):
        raise ZeroDivisionError("half-way")


class Exits(Offers):
    @kube9.hookimpl
    def kube9_register_filters(self, register):
        sys.exit("the plugin is a script")


WRONG = {
    "raises when imported": (raising(KeyError("gone")), "KeyError: 'gone'"),
    "ends the process when imported": (raising(SystemExit(3)), "SystemExit: 3"),
    "raises when it registers": (source("broken", FailsHalfWay("mine")), "ZeroDivisionError: half-way"),
    "ends the process when it registers": (source("broken", Exits("mine")), "SystemExit: the plugin is a script"),
    "a default argument": (source("broken", DefaultArgument("mine")), "kube9_node_lost gives its argument 'at_ms'"),
    "a misspelt hook": (source("broken", Misspelt("mine")), "no hook kube9_node_raedy; did you mean kube9_node_ready?"),
    "an unknown argument": (
        source("broken", UnknownArgument("mine")),
        "kube9_node_lost asks for 'machine', which there is not; it may ask for node, at_ms",
    ),
    "a name that is taken": (source("broken", Offers("mine", "good")), "registered by both 'sound' and 'broken'"),
    "a name twice of its own": (source("broken", Offers("mine", "mine")), "registered by both 'broken' and 'broken'"),
    "a name no user can write": (source("broken", Offers("mine", "a:b")), "'a:b': a name is a text without"),
    "nothing in it": (source("broken", object()), "it offers nothing"),
    "a class": (source("broken", Offers), "Offers is a class"),
    "another version wanted": (
        source("broken", Offers("mine"), distribution="kube9-gpu", version="1.2", requires=("kube9<0.4",)),
        "kube9-gpu 1.2 wants kube9<0.4, this is 0.4.1",
    ),
}

each_wrong = pytest.mark.parametrize("wrong, why", WRONG.values(), ids=WRONG)


@each_wrong
def test_a_broken_plugin_is_told_and_leaves_nothing_behind(wrong, why, caplog):
    sound, last = Offers("good"), Offers("late")
    plugins = Plugins.load([source("sound", sound), wrong, source("last", last)], version="0.4.1")
    info = info_of(plugins, "broken")
    assert re.search(why, info.error)
    assert (info.hooks, info.offers) == ((), {})
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == [
        f"plugin 'broken' ({info.owner}) is broken and not used: {info.error}"
    ]
    assert names(plugins.registries.schedulers) == ["good", "late"]
    plugins.door.announce(READY)
    assert (sound.heard, last.heard) == ([5], [5])
    with suppress(KeyError, SystemExit):
        assert getattr(wrong.load(), "heard", []) == []


@each_wrong
def test_strict_makes_a_broken_plugin_fatal(wrong, why):
    with pytest.raises(PluginError, match=r"plugin 'broken' \(.*\) is broken and not used") as caught:
        Plugins.load([source("sound", Offers("good")), wrong], selection=Selection(strict=True), version="0.4.1")
    assert re.search(why, str(caught.value))


def test_a_plugin_of_a_taken_name_does_not_harm_the_one_that_has_it():
    first = Offers("a")
    plugins = Plugins.load([source("same", first), source("same", Offers("b"))])
    assert names(plugins.registries.schedulers) == ["a"]
    assert [info.error for info in plugins.infos] == [
        None,
        "the name 'same' is that of a plugin of same.place already",
    ]
    plugins.door.announce(READY)
    assert first.heard == [5]


def test_a_plugin_that_comes_in_twice_is_told_under_which_name_it_is_there():
    plugin = Offers("a")
    plugins = Plugins.load([source("one", plugin), source("two", plugin)])
    assert info_of(plugins, "two").error == "it is loaded already, as plugin 'one'"
    assert names(plugins.registries.schedulers) == ["a"]


def test_nothing_registers_after_start_up():
    kept = []

    class Late:
        @kube9.hookimpl
        def kube9_register_schedulers(self, register):
            kept.append(register)

    Plugins.load([source("late", Late())])
    with pytest.raises(PluginError, match=r"scheduler 'x' from plugin 'late' was registered after start-up"):
        kept[0]("x", FirstFit)


def test_properties_of_a_plugin_do_not_run():
    class Touchy(Offers):
        @property
        def kube9_touchy(self):
            raise AssertionError("looked at")

        @property
        def touchy(self):
            raise AssertionError("looked at")

    assert info_of(Plugins.load([source("touchy", Touchy("a"))]), "touchy").error is None


def test_a_hook_may_leave_out_every_argument():
    class Curt:
        called = 0

        @kube9.hookimpl
        def kube9_register_schedulers(self):
            self.called += 1

        @kube9.hookimpl
        def kube9_node_ready(self):
            self.called += 1

    curt = Curt()
    Plugins.load([source("curt", curt)]).door.announce(READY)
    assert curt.called == 2


def test_a_hook_of_a_later_version_is_no_mistake_where_it_is_optional():
    class Newer(Offers):
        @kube9.hookimpl(optionalhook=True)
        def kube9_of_a_later_version(self, whatever):
            raise AssertionError("nobody calls it")

    newer = Newer("a")
    plugins = Plugins.load([source("newer", newer)])
    plugins.door.announce(READY)
    assert info_of(plugins, "newer").error is None
    assert newer.heard == [5]


# ---------------------------------------------------------------------- policies made by a decorator


@kube9.scheduler("decorated")
def decorated(pod, nodes):
    return nodes.free["cpu"]


class Module:
    """Stands for a module, as its attributes."""

    def __init__(self, **attributes):
        vars(self).update(attributes)


@pytest.mark.parametrize(
    "plugin", [decorated, Module(policy=decorated), Module(policy=decorated, alias=decorated)], ids=str
)
def test_a_policy_is_found_by_its_type(plugin):
    plugins = Plugins.load([source("p", plugin)])
    assert plugins.registries.schedulers.make("decorated") is decorated
    assert info_of(plugins, "p").offers == {"schedulers": ("decorated",)}


def test_a_policy_takes_no_options_and_says_so():
    plugins = Plugins.load([source("p", decorated)])
    with pytest.raises(InvalidInput, match=r"scheduler 'decorated' from plugin 'p': decorated\(\) got an unexpected"):
        plugins.registries.schedulers.make("decorated", speed="3")


def test_a_policy_that_a_hook_registers_too_is_the_hooks():
    class Both(Module):
        @kube9.hookimpl
        def kube9_register_schedulers(self, register):
            register("decorated", FirstFit)

    plugins = Plugins.load([source("both", Both(policy=decorated))])
    assert info_of(plugins, "both").error is None
    assert isinstance(plugins.registries.schedulers.make("decorated"), FirstFit)


# ---------------------------------------------------------------------- what the environment leaves out


def load_with(env):
    installed = [
        source("policies", Offers("own"), distribution="kube9", version="0.1.0", built_in=True),
        source("a", Offers("of-a"), distribution="kube9-a", version="1"),
        source("b", Offers("of-b"), distribution="kube9-b", version="1"),
    ]
    return Plugins.load(installed, [source("f.py", Offers("of-f"))], Selection.from_env(env))


@pytest.mark.parametrize(
    "env, loaded",
    [
        ({}, ["of-a", "of-b", "of-f", "own"]),
        ({"KUBE9_PLUGINS": "a"}, ["of-a", "of-f", "own"]),
        ({"KUBE9_PLUGINS": ""}, ["of-f", "own"]),
        ({"KUBE9_PLUGINS_OFF": "policies,kube9_b"}, ["of-a", "of-f"]),
        ({"KUBE9_PLUGINS": "a,b", "KUBE9_PLUGINS_OFF": "a"}, ["of-b", "of-f", "own"]),
    ],
    ids=str,
)
def test_the_environment_chooses(env, loaded):
    plugins = load_with(env)
    assert names(plugins.registries.schedulers) == loaded
    assert [info.error for info in plugins.infos] == [None] * 4


def test_what_is_left_out_is_listed_with_the_reason():
    plugins = load_with({"KUBE9_PLUGINS": "b", "KUBE9_PLUGINS_OFF": "policies"})
    assert [(info.name, info.left_out_by) for info in plugins.infos] == [
        ("policies", "KUBE9_PLUGINS_OFF"),
        ("a", "KUBE9_PLUGINS"),
        ("b", None),
        ("f.py", None),
    ]


def test_a_name_in_the_environment_that_nothing_has_is_reported():
    plugins = load_with({"KUBE9_PLUGINS": "kube9-aa"})
    info = info_of(plugins, "kube9-aa")
    assert info.error.startswith("KUBE9_PLUGINS: there is no plugin 'kube9-aa'; installed: a, b, kube9, kube9-a")
    assert info.error.endswith("Did you mean 'kube9-a'?")


def test_a_name_in_the_environment_that_nothing_has_is_fatal_when_strict():
    with pytest.raises(PluginError, match=r"KUBE9_PLUGINS_OFF: there is no plugin 'x'"):
        load_with({"KUBE9_PLUGINS_OFF": "x", "KUBE9_STRICT_PLUGINS": "1"})


# ---------------------------------------------------------------------- one test for each hook that registers


def check_registers(kind):
    """That what a plugin registers by its hook for ``kind`` is in that registry and in no other."""

    def register_it(self, register):
        register("mine", FirstFit)

    register_it.__name__ = f"kube9_register_{kind}"
    plugin = type("Plugin", (), {register_it.__name__: kube9.hookimpl(register_it)})()
    plugins = Plugins.load([source("p", plugin)])
    filled = {name: names(registry) for name, registry in plugins.registries.by_name().items() if len(registry)}
    assert filled == {kind: ["mine"]}
    assert info_of(plugins, "p").hooks == (f"kube9_register_{kind}",)


def test_kube9_register_schedulers_fills_its_registry():
    check_registers("schedulers")


def test_kube9_register_filters_fills_its_registry():
    check_registers("filters")


def test_kube9_register_queue_disciplines_fills_its_registry():
    check_registers("queue_disciplines")


def test_kube9_register_device_choosers_fills_its_registry():
    check_registers("device_choosers")


def test_kube9_register_backends_fills_its_registry():
    check_registers("backends")


def test_kube9_register_health_checks_fills_its_registry():
    check_registers("health_checks")


def test_kube9_register_trace_readers_fills_its_registry():
    check_registers("trace_readers")


def test_kube9_register_commands_fills_its_registry():
    check_registers("commands")
