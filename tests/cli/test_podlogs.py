"""``kube9 pod logs``: of one pod, of several, and for as long as they write."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.fixture
def pods(live, done):
    live.add_nodes("n1")
    done("pod", "run", "web", "--image", "nginx", "--label", "app=web", "--wait")
    done("pod", "run", "web-two", "--image", "nginx", "--label", "app=web", "--wait")
    return live


def told(lines):
    return [line.rpartition(": ")[2] for line in lines]


def test_the_end_of_a_log(pods, done):
    assert told(done("pod", "logs", "web")) == ["asked to start", "running"]
    assert told(done("pod", "logs", "web", "--tail", "1", "--container", "main")) == ["running"]
    assert done("pod", "logs", "web", "--tail", "0") == []


def test_what_there_is_not(pods, run):
    result = run("pod", "logs", "web", "-c", "db")
    assert (result.exit_code, "it has main" in result.stderr) == (2, True)
    result = run("pod", "logs", "web", "--previous")
    assert (result.exit_code, "keeps no log of earlier runs" in result.stderr) == (2, True)


@pytest.mark.parametrize("args", [(), ("web", "-l", "app=web")])
def test_which_pods_are_meant_is_said_in_one_way(pods, run, args):
    result = run("pod", "logs", *args)
    assert (result.exit_code, "one of the two" in result.stderr) == (2, True)


def test_each_line_of_several_has_its_pod_before_it(pods, done):
    lines = done("pod", "logs", "-l", "app=web", "--tail", "1")
    assert [line[:9] for line in lines] == ["web      ", "web-two  "]
    assert told(lines) == ["running", "running"]
    assert done("pod", "logs", "-l", "app=none", "--follow") == []


def test_one_of_several_that_fails_stops_no_other(pods, run):
    result = run("pod", "logs", "-l", "app=web", "-c", "db")
    assert (result.exit_code, result.stderr.count("Error: ")) == (2, 2)


@pytest.mark.parametrize("whose", [("web",), ("--selector", "app=web")], ids=["one", "several"])
def test_logs_are_followed_until_their_pods_are_gone(pods, done, whose):
    command = [sys.executable, "-m", "kube9", "pod", "logs", "--follow", *whose]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as following:
        # What is gone before it is asked for cannot be followed.
        lines = [following.stdout.readline() for _ in range(2 * len(whose))]
        for name in ("web", "web-two"):
            done("pod", "delete", name, "--wait")
        lines += following.stdout.read().splitlines(keepends=True)
    assert following.returncode == 0
    assert told(lines).count("stopped\n") == len({line.split("  ")[0] for line in lines} if len(whose) > 1 else whose)


def test_too_many_are_not_followed(pods, done, run):
    done("pod", "run", "many", "--count", "21", "--label", "app=many", "--cpu", "1m")
    result = run("pod", "logs", "-f", "-l", "app=many")
    assert (result.exit_code, "21 pods have these labels, and at most 20" in result.stderr) == (2, True)
