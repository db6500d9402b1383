"""The built-in commands, told without importing any: ``kube9 --help`` must start as fast as Click itself."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import click

__all__ = ["BUILT_IN", "built_in_command"]

#: The first sentence of each command's help; the command is the function of its name in ``kube9.cli.<name>``.
BUILT_IN: Mapping[str, str] = {
    "demo": "Run a small cluster in this process: nodes join, pods land, one node dies.",
    "plugins": "List every plugin: where it is from, what it offers, and why it failed.",
    "simulate": "Place the pods of a trace by one or more schedulers, and compare.",
}


def built_in_command(name: str) -> click.Command:
    """Import the built-in command ``name``, which must be one of :data:`BUILT_IN`."""
    command: click.Command = getattr(import_module(f"kube9.cli.{name}"), name)
    return command
