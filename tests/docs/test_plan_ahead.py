"""What docs/howto/plan-ahead.md shows is what a real server answers, to the letter."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from kube9.cli.main import cli

PAGE = (Path(__file__).parents[2] / "docs" / "howto" / "plan-ahead.md").read_text(encoding="utf-8")

FILES = dict(re.findall(r"^```yaml (\S+)\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL))
BLOCKS = re.findall(r"^```console\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)
(PYTHON,) = re.findall(r"^```python\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)


def steps():
    """Each command of the page with what it shows."""
    for block in BLOCKS:
        for step in re.split(r"^\$ kube9 ", block, flags=re.MULTILINE)[1:]:
            command, _, shown = step.partition("\n")
            yield shlex.split(command), shown


@pytest.fixture
def server(tmp_path, monkeypatch):
    """The page's first command, until the test is over."""
    monkeypatch.chdir(tmp_path)
    for name, content in FILES.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    for name in ("KUBE9_SERVER", "KUBE9_TOKEN", "KUBE9_CA_CERT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("KUBE9_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("KUBE9_PLUGINS", "")
    words, _ = next(steps())
    command = [sys.executable, "-m", "kube9", *words, "--port", "0"]
    with subprocess.Popen(command, env=os.environ, stderr=subprocess.PIPE, text=True) as server:
        try:
            for line in server.stderr:
                if "Ctrl-C" in line:  # the last of the welcome
                    break
            yield server
        finally:
            server.send_signal(signal.SIGTERM)
            server.stderr.read()


@pytest.mark.slow
def test_every_step_shows_what_the_page_shows(server):
    (serve, _), *rest = steps()
    assert serve == ["serve"]
    for words, shown in rest:
        result = CliRunner().invoke(cli, words, prog_name="kube9")
        assert (result.stdout, result.exit_code) == (shown, 0), (words, result.stderr)
    names = {}
    exec(compile(PYTHON, "plan-ahead.md", "exec"), names)
    assert names["spare_nodes"]() == (2, [])


def test_there_are_steps():
    assert sum(words[0] == "plan" for words, _ in steps()) >= 5
    assert FILES.keys() == {"shop.yaml", "report.yaml"}
