"""Commands that plugins offer. They are looked for only where a plugin may offer one, because loading takes a while."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kube9.cli.catalogue import BUILT_IN
from kube9.cli.options import load_app, plugins_given
from kube9.core.errors import PluginError

if TYPE_CHECKING:
    from kube9.core.registry import Registry

__all__ = ["make_offered", "names_offered"]

_GROUP = "kube9"


def names_offered(ctx: click.Context) -> list[str]:
    """The commands of plugins, sorted; plugins are loaded only if there is one that is not kube9's own."""
    if not plugins_given(ctx) and not _any_third_party():
        return []
    return sorted(entry.name for entry in _registry(ctx) if entry.name not in BUILT_IN)


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


def _any_third_party() -> bool:
    from importlib.metadata import entry_points  # 20 ms, which only help and unknown commands need to pay

    return any(point.dist is None or point.dist.name != _GROUP for point in entry_points(group=_GROUP))
