"""Connections to machines that really listen."""

from __future__ import annotations

import pytest


@pytest.fixture
def machines(ssh):
    """All machines of a cluster, as a backend has them; they are let go of in the end."""
    pytest.importorskip("paramiko", reason="needs paramiko: pip install 'kube9[test]'")
    from kube9.backends.ssh.login import Login
    from kube9.backends.ssh.machine import Machines
    from kube9.backends.ssh.settings import SshSettings
    from kube9.backends.ssh.target import SshConfig

    login = Login(timeout_ms=20_000, keepalive_ms=5_000, environment=ssh.environment)
    machines = Machines("c-0123abcd", SshSettings(), SshConfig(ssh.config, (ssh.known_hosts,)), login)
    yield machines
    machines.close()


@pytest.fixture
def reach(ssh, machines):
    """Make a machine that listens, and the one that a backend has of it."""
    from kube9.core.nodes import Node, NodeSpec

    def reach(name="n1", more="", **options):
        sshd = ssh.machine(name, more=more)
        spec = NodeSpec(name=name, backend="ssh", options={**sshd.options, **options})
        return sshd, machines.of(Node(uid=f"uid-{name}", spec=spec, ordinal=1))

    return reach
