from __future__ import annotations

import pytest

from kube9.backends.ssh.settings import read_machine
from kube9.core.errors import InvalidInput


def test_nothing_needs_to_be_said():
    assert read_machine({}).folder == ".kube9"


@pytest.mark.parametrize("name", ["password", "passphrase", "ansible_ssh_pass", "key_PASSWORD", "token"])
def test_secrets_are_refused_with_where_they_belong(name):
    with pytest.raises(InvalidInput, match=r"KUBE9_SSH_PASSWORD.*KUBE9_SSH_PASSPHRASE"):
        read_machine({name: "x"})


@pytest.mark.parametrize(
    "name, value",
    [
        ("host", "-oProxyCommand=touch x"),
        ("host", "a b"),
        ("host", "$(touch x)"),
        ("user", "-l"),
        ("user", "a;b"),
        ("port", "65536"),
        ("port", "x"),
        ("folder", "../x"),
        ("folder", "a b"),
        ("folder", "/"),
        ("folder", ""),
        ("folder", "$HOME"),
        ("python", "python3; touch x"),
        ("python", "-c"),
        ("runtime", "podman"),
        ("server", "10.0.0.1"),
        ("colour", "red"),
    ],
)
def test_what_could_mean_something_to_a_shell_is_refused(name, value):
    with pytest.raises(InvalidInput, match=name):
        read_machine({name: value})


@pytest.mark.parametrize("host", ["web-1.example.com", "10.0.0.5", "fe80::1%eth0", "[::1]", "my_host"])
def test_hosts_are_names_and_addresses(host):
    assert read_machine({"host": host}).host == host
