"""What the help says without importing a command is what the command itself says."""

from __future__ import annotations

import click
import pytest

from kube9.cli.catalogue import BUILT_IN, built_in_command


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_command_is_there_under_its_name_with_its_sentence(name):
    command = built_in_command(name)
    assert isinstance(command, click.Command)
    assert command.name == name
    assert command.get_short_help_str(limit=200) == BUILT_IN[name]


@pytest.mark.parametrize("name", BUILT_IN)
def test_the_help_of_a_command_shows_the_options_all_commands_share(run, name):
    result = run(name, "--help")
    assert result.exit_code == 0
    assert result.stdout.startswith(f"Usage: kube9 {name} [OPTIONS]")
    assert "--plugin FILE" in result.stdout
    assert "--strict-plugins" in result.stdout
