"""Commands that plugins offer. They are looked for only where a plugin may offer one, because loading takes a while."""

from __future__ import annotations

import os
from itertools import islice
from typing import TYPE_CHECKING

import click

from kube9.cli.catalogue import BUILT_IN
from kube9.cli.options import load_app, plugins_given
from kube9.core.errors import InvalidInput, PluginError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.metadata import EntryPoint
    from pathlib import Path

    from kube9.core.registry import Registry

__all__ = ["make_offered", "names_for_help", "names_offered"]

_GROUP = "kube9"
_HOOK = b"kube9_register_commands"
#: Where a plugin's code is, in a form that has the hook's name in plain letters.
_CODE = frozenset({".py", ".pyd", ".so"})
#: In a package of more files than this, loading the plugin is about as fast as looking through them.
_FILES_MAX = 200


def names_offered(ctx: click.Context) -> list[str]:
    """The commands of plugins, sorted; plugins are loaded only if there is one that is not kube9's own."""
    if not plugins_given(ctx) and not any(_third_party()):
        return []
    return sorted(entry.name for entry in _registry(ctx) if entry.name not in BUILT_IN)


def names_for_help(ctx: click.Context) -> list[str]:
    """The same, without loading anything where no code of a plugin even mentions the hook for commands.

    Only a command whose hook is borrowed from another package is missed; it runs all the same.
    """
    if not plugins_given(ctx) and not any(map(_mentions_commands, _third_party())):
        return []
    return names_offered(ctx)


def make_offered(ctx: click.Context, name: str) -> click.Command:
    """The command ``name`` of a plugin.

    :raises PluginError: it could not be made, or is no command.
    """
    entry = _registry(ctx).entry(name)
    who = f"command {name!r} from plugin {entry.plugin!r}"
    try:
        made = entry.factory()
    except Exception as exc:
        raise PluginError(f"{who} could not be made: {type(exc).__name__}: {exc}") from exc
    if not isinstance(made, click.Command):
        raise PluginError(f"{who}: expected a click.Command, got {made!r}")
    return made


def _registry(ctx: click.Context) -> Registry[click.Command]:
    return load_app(ctx).registries.commands


def _third_party() -> Iterator[EntryPoint]:
    from importlib.metadata import entry_points  # 20 ms, which only help and unknown commands need to pay

    from kube9.plugins.selection import Selection

    try:
        wanted = Selection.from_env(os.environ)
    except InvalidInput:  # which loading will tell
        wanted = Selection()
    for point in entry_points(group=_GROUP):
        package = "" if point.dist is None else point.dist.name
        if package != _GROUP and wanted.left_out(point.name, package) is None:
            yield point


def _mentions_commands(point: EntryPoint) -> bool:
    try:
        files = list(islice(_code_around(point), _FILES_MAX + 1))
        return not 0 < len(files) <= _FILES_MAX or any(_HOOK in file.read_bytes() for file in files)
    except Exception:
        return True  # something is wrong with it, which loading it will tell


def _code_around(point: EntryPoint) -> Iterator[Path]:
    """The files of the package that the plugin is in, found without importing any; none where they cannot be told."""
    from importlib.util import find_spec
    from pathlib import Path

    spec = find_spec(point.module.partition(".")[0])
    if spec is None:
        return
    roots = spec.submodule_search_locations or [spec.origin or ""]
    for root in map(Path, roots):
        inside = root.rglob("*") if root.is_dir() else iter([root])
        yield from (path for path in inside if path.suffix in _CODE and path.is_file())
