"""The simulations that the pages show come out as they show."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from kube9.cli.main import cli

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / name
    for name in (
        "README.md",
        "docs/howto/chaos.md",
        "docs/howto/choose-a-health-check.md",
        "docs/howto/compare-policies.md",
        "docs/howto/simulate-failures.md",
    )
]

CONSOLE = re.compile(
    r"^```console\n\$ kube9 (?P<command>(?:simulate|chaos|health compare) .*?[^\\])\n(?P<shown>[A-Z0-9].*?)^```",
    re.MULTILINE | re.DOTALL,
)


def shown_runs():
    """Each command of the pages that is followed by what it writes, with that."""
    for page in PAGES:
        for block in CONSOLE.finditer(page.read_text(encoding="utf-8")):
            yield pytest.param(block["command"], block["shown"], id=f"{page.stem}: {block['command'].split()[-1]}")


@pytest.mark.slow
@pytest.mark.parametrize("command,shown", list(shown_runs()))
def test_what_is_shown_comes_out(command, shown, monkeypatch):
    monkeypatch.chdir(ROOT)
    words = shlex.split(command.replace("\\\n", " "))
    result = CliRunner().invoke(cli, words, prog_name="kube9", env={"KUBE9_PLUGINS": ""})
    assert result.exit_code == 0, result.stderr
    assert result.stdout == shown


def test_there_are_some():
    assert len(list(shown_runs())) > 6
