"""Options that mean the same before and after a command's name: which plugins to load, and how much to say."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from kube9.app import App

__all__ = ["load_app", "plugin_options", "plugins_given", "shared_plugin_options", "verbosity", "verbosity_options"]

F = TypeVar("F", bound=Callable[..., Any])

# Kept in the context's `meta`, which a command shares with the group above it.
_FILES = "kube9.plugin_files"
_STRICT = "kube9.strict_plugins"
_VERBOSITY = "kube9.verbosity"
_APP = "kube9.app"


def plugin_options(function: F) -> Callable[..., Any]:
    """Give a command ``--plugin`` and ``--strict-plugins``, and its function the loaded ``App`` as ``app``.

    The same options before the command's name count as well. Goes right below ``@click.command()``.
    """

    @click.pass_context
    @wraps(function)
    def with_app(ctx: click.Context, /, *args: Any, **kwargs: Any) -> Any:
        return function(*args, app=load_app(ctx), **kwargs)

    return shared_plugin_options(with_app)


def shared_plugin_options(function: F) -> F:
    """The options alone, for whoever calls :func:`load_app` in its own time."""
    # Eager, so that `kube9 --plugin mine.py --help` lists the commands of mine.py.
    function = click.option(
        "--strict-plugins",
        is_flag=True,
        expose_value=False,
        is_eager=True,
        callback=_be_strict,
        help="Make any fault of a plugin an error.",
    )(function)
    return click.option(
        "--plugin",
        multiple=True,
        metavar="FILE",
        expose_value=False,
        is_eager=True,
        callback=_add_files,
        help="Load a plugin from a Python file, or from a module by its name; may be repeated.",
    )(function)


def verbosity_options(function: F) -> F:
    """``-v`` and ``-q``."""
    function = click.option(
        "-q",
        "--quiet",
        is_flag=True,
        expose_value=False,
        is_eager=True,
        callback=_be_quiet,
        help="Say only what went wrong.",
    )(function)
    return click.option(
        "-v",
        "--verbose",
        is_flag=True,
        expose_value=False,
        is_eager=True,
        callback=_be_verbose,
        help="Say more, and show the traceback of an error.",
    )(function)


def verbosity(ctx: click.Context) -> int:
    """-1 for quiet, 1 for verbose, 0 for neither."""
    level: int = ctx.meta.get(_VERBOSITY, 0)
    return level


def plugins_given(ctx: click.Context) -> bool:
    """Whether ``--plugin`` was used."""
    return bool(ctx.meta.get(_FILES))


def load_app(ctx: click.Context) -> App:
    """The composition root with the plugins that the command line and the environment ask for; loaded once."""
    from kube9.app import App
    from kube9.cli.logs import show_logs

    wanted = (tuple(ctx.meta.get(_FILES, ())), ctx.meta.get(_STRICT, False))
    kept = ctx.meta.get(_APP)
    if kept is None or kept[0] != wanted:
        show_logs(verbosity(ctx))
        kept = ctx.meta[_APP] = (wanted, App.load(wanted[0], strict=wanted[1]))
    app: App = kept[1]
    return app


def _add_files(ctx: click.Context, _: click.Parameter, files: tuple[str, ...]) -> None:
    ctx.meta[_FILES] = (*ctx.meta.get(_FILES, ()), *files)


def _be_strict(ctx: click.Context, _: click.Parameter, strict: bool) -> None:
    ctx.meta[_STRICT] = strict or ctx.meta.get(_STRICT, False)


def _be_quiet(ctx: click.Context, _: click.Parameter, quiet: bool) -> None:
    if quiet:
        ctx.meta[_VERBOSITY] = -1


def _be_verbose(ctx: click.Context, _: click.Parameter, verbose: bool) -> None:
    if verbose:
        ctx.meta[_VERBOSITY] = 1
