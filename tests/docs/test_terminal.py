"""The session in docs/images/terminal.svg is one that can be had, and the picture is of these commands."""

from __future__ import annotations

import html
import re
import shlex
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import click
import pytest

from kube9.cli.main import cli

DOCS = Path(__file__).parents[2] / "docs"
SCRIPT = DOCS / "screenshots" / "make_terminal.py"


@pytest.fixture(scope="module")
def session():
    pytest.importorskip("pty", reason="needs a system with pseudo-terminals")
    spec = spec_from_file_location("make_terminal", SCRIPT)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.commands()


def parsed(command, words):
    """Have Click read a command line to its end, and run nothing."""
    with command.make_context(words[0], words[1:]) as context:
        if isinstance(command, click.Group):
            rest = [*context._protected_args, *context.args]
            parsed(command.get_command(context, rest[0]), rest)


def test_every_command_is_one(session):
    assert len(session) >= 7
    for command in session:
        parsed(cli, shlex.split(command))


def test_one_that_is_none_would_be_noticed():
    with pytest.raises(click.UsageError):
        parsed(cli, ["kube9", "node", "list", "--no-such-option"])


def test_the_picture_is_of_these_commands(session):
    drawn = html.unescape(re.sub(r"<[^>]+>", "", (DOCS / "images" / "terminal.svg").read_text(encoding="utf-8")))
    drawn = drawn.replace("\xa0", " ")
    assert [command for command in session if command not in drawn] == []


def test_the_picture_asks_no_server_for_anything():
    drawn = (DOCS / "images" / "terminal.svg").read_text(encoding="utf-8")
    assert not re.search(r"url\((?!#)|@import|@font-face|href=", drawn)
