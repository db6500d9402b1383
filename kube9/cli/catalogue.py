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
    "apply": "Create or change what manifests describe: kube9's own, and Kubernetes's pods and deployments.",
    "chaos": "Put whole clusters under weather, and see that what must hold does.",
    "completion": "Print the script that makes a shell complete commands and names.",
    "delete": "Delete what manifests describe, the last first.",
    "demo": "Run a small cluster in this process: nodes join, pods land, one node dies.",
    "deployment": "List, scale and delete deployments; 'kube9 apply' makes them.",
    "events": "Show the last events, the newest at the end.",
    "health": "Choose how nodes are judged by their beats: by what was recorded of some, or by simulated ones.",
    "node": "Add, list, drain, fail and delete nodes.",
    "plan": "Show where pods would go: those of some manifests, or of nodes that fail or are drained; change nothing.",
    "plugin": "Make a package with a plugin of your own; 'kube9 plugins' lists those there are.",
    "plugins": "List every plugin: where it is from, what it offers, and why it failed.",
    "pod": "Run, list, explain, look into and delete pods.",
    "serve": "Run a cluster and its REST API until it is told to stop.",
    "simulate": "Place the pods of a trace by one or more schedulers, and compare.",
    "top": "Show how full each node is, the fullest first, or what pods really take.",
}


def built_in_command(name: str) -> click.Command:
    """Import the built-in command ``name``, which must be one of :data:`BUILT_IN`."""
    command: click.Command = getattr(import_module(f"kube9.cli.{name}"), name)
    return command
