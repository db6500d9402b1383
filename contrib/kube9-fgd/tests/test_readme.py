"""The commands that the pages show have the options they are given."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from kube9_fgd.command import fgd

README = Path(__file__).parents[1] / "README.md"
#: Beside the package in kube9's repository, and not there for whoever has the package alone.
PAGE = Path(__file__).parents[3] / "docs" / "reference" / "fgd.md"


def shown(page):
    """Each `kube9 fgd` command of a page, as words."""
    text = re.sub(r"\\\n", " ", page.read_text(encoding="utf-8"))
    return [shlex.split(line)[3:] for line in text.splitlines() if line.startswith("$ kube9 fgd ")]


@pytest.mark.parametrize("page", [page for page in (README, PAGE) if page.exists()], ids=lambda page: page.name)
def test_commands_can_be_given(page):
    commands = shown(page)
    assert commands
    for name, *words in commands:
        options = {option for param in fgd.commands[name].params for option in param.opts}
        assert {word for word in words if word.startswith("--")} <= options
