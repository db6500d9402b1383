"""What the pages show can be done: Python runs, and commands have the options they are given."""

from __future__ import annotations

import re
import shlex
from itertools import pairwise
from pathlib import Path

import click
import pytest

from kube9.cli.main import cli

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *ROOT.glob("contrib/*/README.md")])

BLOCK = re.compile(r"^```(?P<language>\w+)[^\n]*\n(?P<code>.*?)^```", flags=re.MULTILINE | re.DOTALL)

#: Commands of packages in contrib/, whose own suites check what their pages show of them.
OF_PACKAGES = {"fgd", "lublin"}

#: Their blocks are bare signatures, made from the source.
SIGNATURES = {ROOT / "docs" / "reference" / name for name in ("hooks.md", "ports.md")}


def blocks(language):
    """Every block of code in a language, as test parameters named by page and line."""
    found = []
    for page in (page for page in PAGES if page not in SIGNATURES):
        text = page.read_text(encoding="utf-8")
        for block in BLOCK.finditer(text):
            if block["language"] == language:
                line = text.count("\n", 0, block.start()) + 1
                found.append(pytest.param(block["code"], id=f"{page.relative_to(ROOT).as_posix()}:{line}"))
    return found


@pytest.mark.parametrize("code", blocks("python"))
def test_python_runs(code):
    exec(compile(code, "example", "exec"), {"__name__": "example"})


def commands(code):
    """The ``kube9`` commands of a console block, each as a list of words; a backslash goes on in the next line.

    What stands behind ``--`` is another program's.
    """
    for line in re.sub(r"\\\n", " ", code).splitlines():
        words = shlex.split(line.removeprefix("$ "), comments=True) if line.startswith("$ kube9") else []
        if words and words[1] not in OF_PACKAGES:
            yield words[1 : words.index("--") if "--" in words else None]


@pytest.mark.parametrize("code", blocks("console"))
def test_commands_have_the_options_they_are_given(code):
    for words in commands(code):
        known, command = options_of(cli), cli
        for before, word in pairwise(["", *words]):
            # What follows an option of a group is its value.
            if isinstance(command, click.Group) and not word.startswith("-") and not before.startswith("-"):
                command = command.get_command(click.Context(command), word)
                known |= options_of(command)
        given = {word.partition("=")[0] for word in words if word.startswith("-")}
        assert given <= known, words


def options_of(command):
    """Every spelling of a command's options."""
    options = {"--help", *(spelling for param in command.params for spelling in (*param.opts, *param.secondary_opts))}
    return {option for option in options if option.startswith("-")}
