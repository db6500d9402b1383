"""``kube9 plugins``: every plugin that was found, and what became of it; and whether it keeps its promises."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kube9.cli.noun import Noun
from kube9.cli.options import load_app, shared_plugin_options
from kube9.cli.output import Column, output_option, show_document, show_table
from kube9.cli.plugincheck import check
from kube9.core.errors import UnknownName

if TYPE_CHECKING:
    from kube9.app import App
    from kube9.plugins.info import PluginInfo

__all__ = ["plugins"]

_COLUMNS = tuple(map(Column, ("name", "package", "source", "offers", "hooks", "problem")))


@click.group(cls=Noun, invoke_without_command=True)
@shared_plugin_options
@output_option
@click.option("--hook", metavar="NAME", help="Only plugins that implement this hook.")
@click.pass_context
def plugins(ctx: click.Context, output: str, hook: str | None) -> None:
    """List every plugin: where it is from, what it offers, and why it failed.

    A plugin that failed is no error here, unless plugins are strict.
    """
    if ctx.invoked_subcommand is None:
        _list(load_app(ctx), output, hook)


plugins.add_command(check)


def _list(app: App, output: str, hook: str | None) -> None:
    if hook is not None and hook not in app.plugins.hooks:
        raise UnknownName.of("hook", hook, app.plugins.hooks)
    infos = [info for info in app.plugins.infos if hook is None or hook in info.hooks]
    if output == "table":
        show_table(_COLUMNS, [_row(info) for info in infos])
    else:
        show_document({"plugins": [_document(info) for info in infos]}, output)


def _row(info: PluginInfo) -> tuple[str, ...]:
    offers = "; ".join(f"{_words(kind)}: {', '.join(names)}" for kind, names in info.offers.items())
    left_out = f"left out by {info.left_out_by}" if info.left_out_by else ""
    package = f"{info.distribution} {info.version}".strip()
    return info.name, package, info.source, offers, ", ".join(info.hooks), info.error or left_out


def _document(info: PluginInfo) -> dict[str, object]:
    return {
        "name": info.name,
        "distribution": info.distribution or None,
        "version": info.version or None,
        "source": info.source or None,
        "builtIn": info.built_in,
        "hooks": list(info.hooks),
        "offers": {_camel(kind): list(names) for kind, names in info.offers.items()},
        "error": info.error,
        "leftOutBy": info.left_out_by,
    }


def _words(kind: str) -> str:
    return kind.replace("_", " ")


def _camel(kind: str) -> str:
    first, *rest = kind.split("_")
    return first + "".join(map(str.capitalize, rest))
