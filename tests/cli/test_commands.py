from __future__ import annotations

from kube9.app import App
from kube9.cli.catalogue import BUILT_IN, built_in_command


def test_the_built_in_commands_are_offered_like_those_of_any_plugin():
    registry = App.load(env={"KUBE9_PLUGINS": ""}).registries.commands
    assert [(entry.name, entry.plugin) for entry in registry] == [(name, "commands") for name in BUILT_IN]
    assert registry.entry("plugins").factory() is built_in_command("plugins")
