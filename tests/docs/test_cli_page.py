"""The page of commands is what their help says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "docs" / "reference" / "make_cli.py"


def check(script):
    return subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True, check=False)


def test_the_page_is_what_the_script_would_write():
    assert check(SCRIPT).stderr == ""


def test_an_old_page_is_noticed(tmp_path):
    (tmp_path / SCRIPT.name).write_text(SCRIPT.read_text(encoding="utf-8"))
    (tmp_path / "cli.md").write_text("# Old\n")
    stale = check(tmp_path / SCRIPT.name)
    assert stale.returncode == 1
    assert "cli.md is not what make_cli.py would write: run it" in stale.stderr
