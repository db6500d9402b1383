from __future__ import annotations

import pytest

from kube9.backends.ssh.settings import MachineOptions
from kube9.backends.ssh.target import SshConfig
from kube9.core.errors import BackendError

pytest.importorskip("paramiko", reason="needs paramiko: pip install 'kube9[test]'")

CONFIG = """
Host web1
  HostName 10.0.0.5
  User ops
  Port 2222
  IdentityFile /keys/web1
  ProxyJump admin@jump:2200,other
Host other
  HostName 10.0.0.7
  User o
Host round
  ProxyJump round
Host *
  User everybody
"""


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "config"
    path.write_text(CONFIG, encoding="utf-8")
    return SshConfig(path, (tmp_path / "known_hosts",))


def test_an_alias_stands_for_what_ssh_knows_of_it(config):
    target = config.target(MachineOptions(), "web1")
    assert (str(target), target.name, target.keys) == ("ops@10.0.0.5:2222", "[10.0.0.5]:2222", ("/keys/web1",))
    assert [str(jump) for jump in target.jumps] == ["admin@jump:2200", "o@10.0.0.7:22"]


def test_what_is_said_of_the_node_comes_first(config):
    target = config.target(MachineOptions(host="other", user="me", port=22, key="/k"), "web1")
    assert (str(target), target.name, target.keys, target.only_keys) == ("me@10.0.0.7:22", "10.0.0.7", ("/k",), True)


def test_jumps_in_a_circle_are_refused(config):
    with pytest.raises(BackendError, match="round"):
        config.target(MachineOptions(), "round")


def test_there_need_be_no_configuration(tmp_path):
    target = SshConfig(tmp_path / "none", ()).target(MachineOptions(user="me"), "10.0.0.9")
    assert (str(target), target.jumps, target.keys) == ("me@10.0.0.9:22", (), ())
