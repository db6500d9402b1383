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


#: Those that run in this process and may load plugins; all others but the last ask a server.
LOADING = {"chaos", "demo", "health", "plugin", "plugins", "serve", "simulate"}
OFFLINE = {"completion"}


def commands_below(name):
    """The words of a command, or of every command in a group."""
    command = built_in_command(name)
    verbs = command.commands if isinstance(command, click.Group) else ()
    return [(name, verb) for verb in verbs] or [(name,)]


@pytest.mark.parametrize("words", [words for name in BUILT_IN for words in commands_below(name)], ids=" ".join)
def test_the_help_of_a_command_shows_the_options_all_of_its_kind_share(run, words):
    result = run(*words, "--help")
    assert result.exit_code == 0
    assert result.stdout.startswith(f"Usage: kube9 {' '.join(words)} [OPTIONS]")
    for option in ("--plugin FILE", "--strict-plugins"):
        assert (option in result.stdout) is (words[0] in LOADING)
    for option in ("--server URL", "--token TOKEN", "--ca-cert FILE"):
        assert (option in result.stdout) is (words[0] not in LOADING | OFFLINE)
