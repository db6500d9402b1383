from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from kube9.cli.options import load_app, plugin_options, verbosity, verbosity_options

ALONE = {"KUBE9_PLUGINS": "", "KUBE9_STRICT_PLUGINS": ""}


@click.group()
@verbosity_options
def group():
    """A group."""


@group.command()
@click.pass_context
@plugin_options
@click.argument("words", nargs=-1)
def show(ctx, app, words):
    """Show what reached the function."""
    click.echo(f"{words} {app.plugin_files} {app.strict} {load_app(ctx) is app}")


@group.command("verbosity")
@click.pass_context
def show_verbosity(ctx):
    """Show how much is to be said."""
    click.echo(verbosity(ctx))


def run(*args):
    return CliRunner().invoke(group, args, env=ALONE, catch_exceptions=False)


def test_a_command_gets_the_app_beside_its_own_arguments(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text("import kube9\n\n@kube9.scheduler('mine')\ndef mine(pod, nodes): return nodes.free['cpu']\n")
    assert run("show", "a", "b").stdout == "('a', 'b') () False True\n"
    assert run("show", "--strict-plugins", "--plugin", str(path)).stdout == f"() ({str(path)!r},) True True\n"


@pytest.mark.parametrize(
    "args, level", [((), 0), (("-v",), 1), (("--verbose",), 1), (("-q",), -1), (("--quiet",), -1)], ids=str
)
def test_verbosity(args, level):
    assert run(*args, "verbosity").stdout == f"{level}\n"
