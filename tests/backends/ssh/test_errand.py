from __future__ import annotations

import subprocess

import pytest

from kube9.backends.ssh.errand import errand_command, errand_input, read_errand
from kube9.backends.ssh.failures import MachineRefused
from kube9.backends.ssh.link import Done


def run(root, *, shell="sh", pythons=("python3",), before="", **asked):
    """As sshd does: by the login shell of whoever logs in."""
    data = errand_input(str(root), ("cluster", "node"), **asked)
    command = [shell, "-c", before + errand_command(pythons)]
    done = subprocess.run(command, input=data, capture_output=True, check=False)
    return read_errand(Done(done.returncode, done.stdout, done.stderr), "m1", pythons)


def test_what_a_login_shell_has_to_say_is_no_answer(tmp_path):
    answer = run(tmp_path / "kube9", before="echo welcome; echo kube9-errand; ", files={"a": b"b"}, show=("a",))
    assert answer["files"] == {"a": "b"}


def test_the_command_is_the_same_whatever_is_asked(tmp_path):
    evil = "$(touch evil)`touch evil`'; touch evil; '"
    answer = run(tmp_path / "kube9", files={"a": evil.encode()}, show=("a", evil))
    assert answer["files"] == {"a": evil, evil: ""}
    assert list(tmp_path.rglob("evil")) == []
    assert evil not in errand_command()


@pytest.fixture
def old(tmp_path):
    """A Python 2, as far as anybody asks."""
    old = tmp_path / "old-python"
    old.write_text('#!/bin/sh\ncase "$*" in *sys.executable,*) echo /old 2.7.18;; *) exit 2;; esac\n', encoding="ascii")
    old.chmod(0o755)
    return old


def test_the_first_python_that_will_do_is_taken(tmp_path, old):
    answer = run(tmp_path, pythons=("kube9-no-python", str(old), "python3"))
    assert tuple(map(int, answer["version"].split("."))) >= (3, 8)


def test_an_old_python_is_named_with_what_to_do(tmp_path, old):
    with pytest.raises(MachineRefused) as refused:
        run(tmp_path, pythons=("kube9-no-python", str(old)))
    assert str(refused.value) == (
        f"m1 has no Python 3.8 or later: looked for kube9-no-python, {old}, and found /old 2.7.18; install one there, "
        "or say where it is by --option python=PATH"
    )


def test_what_cannot_be_done_is_said(tmp_path):
    (tmp_path / "kube9").write_text("a file", encoding="ascii")
    with pytest.raises(MachineRefused, match=r"^m1: .*kube9"):
        run(tmp_path / "kube9", files={"a": b"b"})


def test_a_machine_that_runs_no_commands_is_said_so():
    with pytest.raises(MachineRefused, match="m1 runs no commands as sh does: This account is not available"):
        read_errand(Done(1, b"This account is not available.\n", b""), "m1", ())
