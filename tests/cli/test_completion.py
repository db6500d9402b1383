"""Shell completion: the scripts, and the names that the server gives."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    "shell,mark", [("bash", "complete -o nosort"), ("zsh", "#compdef kube9"), ("fish", "complete ")]
)
def test_there_is_a_script_for_each_shell(run, shell, mark):
    result = run("completion", shell)
    assert result.exit_code == 0
    assert mark in result.stdout
    assert "_KUBE9_COMPLETE" in result.stdout


def test_another_shell_is_misuse(run):
    assert run("completion", "csh").exit_code == 2


@pytest.fixture
def completed(start):
    """What bash would offer for the last word."""

    def completed(*words):
        line = {"COMP_WORDS": " ".join(["kube9", *words]), "COMP_CWORD": str(len(words))}
        ended = start(env={**line, "_KUBE9_COMPLETE": "bash_complete"})
        assert ended.returncode == 0, ended.stderr
        assert ended.stderr == ""
        return [offer.partition(",")[2] for offer in ended.stdout.splitlines() if offer]

    return completed


def test_commands_and_options_are_offered_without_a_server(completed):
    assert completed("no") == ["node"]
    assert completed("node", "c") == ["cordon"]
    assert "--selector" in completed("node", "list", "--s")
    assert completed("node", "show", "n") == []


def test_names_are_those_there_are(live, run, completed):
    live.add_nodes("n1", "n2", "other")
    run("pod", "run", "web")
    run("pod", "run", "web", "-n", "team")
    run("pod", "run", "api", "-n", "team")
    assert completed("node", "show", "n") == ["n1", "n2"]
    assert completed("node", "cordon", "n1", "") == ["n1", "n2", "other"]
    assert completed("pod", "delete", "") == ["web"]
    assert completed("pod", "show", "-n", "team", "a") == ["api"]
    assert completed("pod", "list", "-n", "te") == ["team"]
    assert completed("top", "p") == ["pods"]
    run("pod", "run", "seen", "--image", "nginx")
    assert completed("pod", "logs", "seen", "-c", "") == ["main"]
    assert completed("pod", "exec", "seen", "--container", "ma") == ["main"]
    assert completed("pod", "run", "x", "--scheduler", "best") == ["best-fit"]
    assert completed("node", "add", "x", "--backend", "") == ["docker", "memory", "ssh"]
