from __future__ import annotations

import click
import pytest

from kube9.cli.offered import make_offered, names_for_help, names_offered
from kube9.cli.options import shared_plugin_options
from kube9.core.errors import UnknownName

PLUGIN = """
import click
import kube9

@kube9.hookimpl
def kube9_register_commands(register):
    register("zeta", lambda: click.Command("zeta"))
    register("alpha", lambda: click.Command("alpha"))
"""


@pytest.fixture
def context(tmp_path, monkeypatch):
    """The context of a program that was told to load one plugin."""
    monkeypatch.setenv("KUBE9_PLUGINS", "")
    path = tmp_path / "mine.py"
    path.write_text(PLUGIN)
    command = shared_plugin_options(click.Command("program"))
    with command.make_context("program", ["--plugin", str(path)]) as ctx:
        yield ctx


def test_the_commands_of_plugins_are_named_without_the_built_in_ones(context):
    assert names_offered(context) == names_for_help(context) == ["alpha", "zeta"]


def test_a_command_of_a_plugin_is_made_when_it_is_asked_for(context):
    assert make_offered(context, "zeta").name == "zeta"


def test_a_command_that_nobody_offers_is_unknown(context):
    with pytest.raises(UnknownName, match="there is no command 'beta'"):
        make_offered(context, "beta")
