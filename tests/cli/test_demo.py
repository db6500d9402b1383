"""``kube9 demo``, as lines and as a picture."""

from __future__ import annotations

import re

import pytest


@pytest.mark.parametrize("scheduler", ["best-fit", "worst-fit", "random:seed=3"])
def test_piped_it_tells_a_story_line_by_line(run, scheduler):
    result = run("demo", "--scheduler", scheduler)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    story = [line for line in lines if re.match(r" *\d+\.\ds  (node|pod) ", line)]
    times = [float(line.split("s", 1)[0]) for line in story]
    assert times == sorted(times)
    assert lines[: len(story)] == story, "the summary comes after the story"
    for part in (
        "joins",
        "goes to",
        "dies; nobody knows yet",
        "has failed",
        "has lost its node",
        "moves to",
        "is back",
    ):
        assert any(part in line for line in story), part
    summary = "\n".join(lines[len(story) :])
    assert f"{scheduler} placed 24 of 24 pods on " in summary
    assert re.search(r"died with \d+ pods; \d+ moved\.", summary)
    assert result.stderr == ""


def test_the_same_seed_tells_the_same(run):
    first, again, other = (run("demo", "--seed", seed).stdout for seed in ("1", "1", "2"))
    assert first == again != other


def test_it_runs_a_policy_of_ones_own(run, tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(
        "import kube9\n@kube9.node_scheduler('mine')\ndef mine(pod, node):\n    return -node.free['memory']\n"
    )
    result = run("demo", "--plugin", str(path), "--scheduler", "mine")
    assert result.exit_code == 0
    assert "mine placed 24 of 24 pods" in result.stdout


def test_a_policy_that_fails_ends_it(run, tmp_path):
    path = tmp_path / "mine.py"
    path.write_text("import kube9\n@kube9.scheduler('mine')\ndef mine(pod, nodes):\n    return [1.0]\n")
    result = run("demo", "--plugin", str(path), "--scheduler", "mine")
    assert result.exit_code == 1
    assert "scheduler 'mine' of" in result.stderr
    assert "Traceback" not in result.stderr


def test_an_unknown_policy_is_misuse(run):
    result = run("demo", "--scheduler", "bestfit")
    assert result.exit_code == 2
    assert "Did you mean 'best-fit'?" in result.stderr


def test_a_policy_is_told_the_seed(run):
    first, other = (run("demo", "--scheduler", "random", "--seed", seed).stdout for seed in ("1", "2"))
    assert first != other
