"""The table of results, on a terminal of any width and elsewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

POLICIES = ("--scheduler", "best-fit", "--scheduler", "worst-fit")


@pytest.fixture
def on_terminal(tmp_path):
    """Run ``kube9 simulate`` on two pods in a terminal of so many columns; returns its lines."""
    pty = pytest.importorskip("pty", reason="needs a system with pseudo-terminals")

    def on_terminal(columns, *args):
        trace = tmp_path / "pods.csv"
        trace.write_text("name,arrival,duration,cpu\na,0,60,3\nb,10,60,2\n")
        command = [sys.executable, "-m", "kube9", "--quiet", "simulate", "--trace", str(trace), "--nodes", "1xcpu=4"]
        environment = {**os.environ, "COLUMNS": str(columns), "TERM": "xterm", "KUBE9_PLUGINS": ""}
        ours, theirs = pty.openpty()
        ended = subprocess.run([*command, *args], stdout=theirs, env=environment, check=False)
        os.close(theirs)
        written = b""
        try:
            while part := os.read(ours, 4096):
                written += part
        except OSError:  # how Linux says that the other side is closed
            written += b""
        os.close(ours)
        assert ended.returncode == 0, written
        plain = re.sub(r"\x1b\[[\d;?]*[a-zA-Z]|\r", "", written.decode())
        return [line.rstrip() for line in plain.splitlines() if line.strip()]

    return on_terminal


def test_a_wide_terminal_has_a_line_per_scheduler(on_terminal):
    lines = on_terminal(160, *POLICIES)
    assert any(line.split()[:4] == ["best-fit", "1", "2", "0"] for line in lines)
    assert any(line.split()[:4] == ["worst-fit", "1", "2", "0"] for line in lines)


def test_a_narrow_terminal_has_a_column_per_scheduler(on_terminal):
    lines = on_terminal(50, *POLICIES)
    assert max(map(len, lines)) <= 50
    words = [line.split() for line in lines]
    assert words[0] == ["pods", "best-fit", "worst-fit"]
    assert ["wait", "max", "50.0s", "50.0s"] in words
