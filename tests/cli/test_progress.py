"""The progress bar: there for who sits at a terminal, and for nobody else."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from kube9.cli.progress import progress_bar

SCRIPT = (
    "from kube9.cli.progress import progress_bar\n"
    "with progress_bar('pods', 40, quiet={quiet}) as progress:\n"
    "    progress(30)\n"
    "    progress(10)\n"
)


def on_terminal(script):
    """Run ``script`` with a terminal as its stderr; returns what it wrote there."""
    pty = pytest.importorskip("pty", reason="needs a system with pseudo-terminals")
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "100"}
    ended = subprocess.run([sys.executable, "-c", script], stderr=theirs, stdout=theirs, env=environment, check=False)
    os.close(theirs)
    written = b""
    try:
        while part := os.read(ours, 4096):
            written += part
    except OSError:  # how Linux says that the other side is closed
        written += b""
    os.close(ours)
    assert ended.returncode == 0, written
    return written.decode()


def test_on_a_terminal_there_is_a_bar():
    written = on_terminal(SCRIPT.format(quiet=False))
    assert "pods" in written
    assert "40/40" in written


def test_who_wants_quiet_has_none():
    assert on_terminal(SCRIPT.format(quiet=True)) == ""


def test_elsewhere_there_is_none(capsys):
    with progress_bar("pods", 10) as progress:
        progress(10)
    assert capsys.readouterr() == ("", "")
