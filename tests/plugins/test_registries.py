from __future__ import annotations

import pytest

from kube9.core import hookspecs
from kube9.core.errors import PluginError
from kube9.plugins.registries import PORTS, Registries


def test_there_is_a_registry_for_each_hook_that_registers():
    hooks = {name for name in vars(hookspecs) if name.startswith("kube9_register_")}
    assert {f"kube9_register_{name}" for name in Registries.empty().by_name()} == hooks


def test_each_kind_but_commands_has_its_port():
    assert {registry.kind for registry in Registries.empty().by_name().values()} - {"command"} == set(PORTS)


def test_what_a_plugin_offers_is_told_by_kind_and_discarded_whole():
    registries = Registries.empty()
    for name in ("b", "a"):
        registries.schedulers.add(name, list, plugin="mine")
    registries.filters.add("f", list, plugin="mine")
    registries.filters.add("g", list, plugin="theirs")
    assert registries.offered_by("mine") == {"schedulers": ("a", "b"), "filters": ("f",)}
    registries.discard(plugin="mine")
    assert registries.offered_by("mine") == {}
    assert registries.offered_by("theirs") == {"filters": ("g",)}


def test_freezing_freezes_them_all():
    registries = Registries.empty()
    registries.freeze()
    for registry in registries.by_name().values():
        with pytest.raises(PluginError, match="after start-up"):
            registry.add("late", list, plugin="late")
