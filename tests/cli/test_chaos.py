"""``kube9 chaos``."""

from __future__ import annotations

import json
import re

import pytest

from kube9.simulator.chaos.box import Box


def test_runs_that_hold_are_counted(run):
    result = run("chaos", "--runs", "5", "--seed", "3")
    assert result.exit_code == 0
    assert result.stdout.startswith("5 runs from seed 3 held: ")
    assert re.search(r"^[\d,]+ copies of pods were started, and no pod ever ran twice$", result.stdout, re.MULTILINE)
    assert re.search(r"^faults: .*\d+ x user", result.stdout, re.MULTILINE)


@pytest.mark.slow
def test_two_processes_find_the_same(run):
    one, two = (run("chaos", "--runs", "4", "--jobs", jobs).stdout for jobs in ("1", "2"))
    assert one == two


@pytest.mark.slow
def test_a_run_that_fails_is_told_kept_and_can_be_seen_again(run, tmp_path, monkeypatch):
    file = tmp_path / "found.json"
    monkeypatch.setattr(Box, "fence", lambda box: None)
    result = run("chaos", "--seed", "1", "--runs", "3", "--keep", str(file))
    assert result.exit_code == 1
    assert re.match(r"seed 1 broke it \(at [0-9a-f]{40}|[0-9.]+\):\n", result.stderr)
    assert "two copies of pod" in result.stderr
    assert f"kube9 chaos --replay {file}" in result.stderr
    assert json.loads(file.read_text(encoding="utf-8"))["seed"] == 1
    again = run("chaos", "--replay", str(file))
    assert again.exit_code == 1
    assert "two copies of pod" in again.stderr
    monkeypatch.undo()
    assert run("chaos", "--replay", str(file)).stdout.startswith("seed 1 held: ")


def test_a_scheduler_that_is_not_there(run):
    result = run("chaos", "--runs", "1", "--scheduler", "none")
    assert result.exit_code == 2
    assert "there is no scheduler 'none'" in result.stderr
