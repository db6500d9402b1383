from __future__ import annotations

import pytest

from kube9.backends.ssh.program import Facts, read_facts, read_failure

TOLD = {
    "cores": 4,
    "memoryBytes": 2**32 + 12_345,
    "docker": {"address": "unix:///var/run/docker.sock", "apiVersion": "1.41"},
    "systemdUser": True,
    "limits": {"cpu": "nice", "memory": "rlimit"},
}


def test_facts_are_as_the_machine_tells_them():
    assert read_facts(TOLD) == Facts(
        cpu_milli=4_000,
        memory_bytes=2**32,
        docker="unix:///var/run/docker.sock",
        docker_error="",
        systemd=True,
        limits="nice-rlimit",
    )
    assert read_facts({**TOLD, "limits": {"cpu": "cgroup", "memory": "cgroup"}}).limits == "cgroup"


def test_what_is_not_told_is_not_there():
    assert read_facts({"docker": None, "dockerError": "no socket"}) == Facts(
        cpu_milli=0, memory_bytes=0, docker="", docker_error="no socket", systemd=False, limits=""
    )


@pytest.mark.parametrize(
    "errors,failure",
    [
        (b'a warning\n{"error": "Conflict", "message": "it does not run"}\n', ("Conflict", "it does not run")),
        (b"sh: python3: not found\n", ("", "")),
        (b'{"error": "Conflict"}\n', ("", "")),
        (b"[]", ("", "")),
        (b"", ("", "")),
    ],
)
def test_a_failure_is_what_is_said_last(errors, failure):
    assert read_failure(errors) == failure
