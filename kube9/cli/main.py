"""The ``kube9`` program's first steps: global options, finding the command, and errors turned into exit codes."""

from __future__ import annotations

import errno
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from kube9 import __version__
from kube9.cli.catalogue import BUILT_IN, built_in_command
from kube9.cli.errors import FAILED, INTERRUPTED, MISUSE, exit_code_of
from kube9.cli.offered import make_offered, names_for_help, names_offered
from kube9.cli.options import shared_plugin_options, verbosity, verbosity_options
from kube9.core.errors import Kube9Error, PluginError, UnknownName

__all__ = ["Kube9Group", "cli", "main"]


class Kube9Group(click.Group):
    """Imports a command only when it runs, and turns every error into an exit code, in this one place."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*BUILT_IN, *names_for_help(ctx)])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in BUILT_IN:
            return built_in_command(cmd_name)
        if cmd_name in (offered := names_offered(ctx)):
            return make_offered(ctx, cmd_name)
        if ctx.resilient_parsing:  # a shell completes what is half written
            return None
        raise UnknownName.of("command", cmd_name, [*BUILT_IN, *offered])

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rows = [(name, BUILT_IN.get(name) or _short_help(ctx, name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        with _errors_told(lambda: False):
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        with _errors_told(lambda: verbosity(ctx) > 0):
            return super().invoke(ctx)


def _short_help(ctx: click.Context, name: str) -> str:
    try:
        return make_offered(ctx, name).get_short_help_str(limit=80)
    except PluginError as exc:
        return f"(broken: {exc})"


@contextmanager
def _errors_told(verbose: Callable[[], bool]) -> Iterator[None]:
    """Make of any error one line on stderr and its exit code; when ``verbose``, after the traceback."""
    try:
        yield
    except (click.ClickException, click.Abort, click.exceptions.Exit):
        raise
    except KeyboardInterrupt:
        click.echo("\nInterrupted.", err=True)
        raise click.exceptions.Exit(INTERRUPTED) from None
    except Exception as exc:
        if isinstance(exc, OSError) and exc.errno == errno.EPIPE:
            raise  # Click ends quietly when whoever reads our output has gone
        if verbose():
            import traceback

            click.echo(traceback.format_exc(), err=True, nl=False)
        raise _told(exc) from exc


class _Failure(click.ClickException):
    exit_code = FAILED


class _Misuse(click.ClickException):
    exit_code = MISUSE


def _told(exc: Exception) -> click.ClickException:
    if isinstance(exc, Kube9Error):
        return _Misuse(str(exc)) if exit_code_of(exc) == MISUSE else _Failure(str(exc))
    if isinstance(exc, OSError):
        return _Failure(str(exc))
    from kube9.plugins.fault import fault

    return _Failure(f"{fault(exc)}. That is a bug, in kube9 or a plugin; 'kube9 -v ...' shows all of it.")


@click.group(cls=Kube9Group, context_settings={"help_option_names": ["-h", "--help"]})
@shared_plugin_options
@verbosity_options
@click.version_option(__version__, prog_name="kube9", message="%(prog)s %(version)s")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Schedule pods onto nodes with policies of ten lines of Python, in a simulation or for real."""
    from kube9.cli.logs import show_logs

    show_logs(verbosity(ctx))


def main() -> None:
    """Run the program with the arguments of the process, and end the process."""
    try:
        cli(prog_name="kube9")
    except KeyboardInterrupt:  # before or after the command itself
        sys.exit(INTERRUPTED)
