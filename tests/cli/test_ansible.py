from __future__ import annotations

import pytest
import yaml

from kube9.cli.ansible import is_ansible, read_ini, read_yaml
from kube9.core.errors import FileError

INI = """
# machines
lone ansible_host=10.0.0.9

[web]
web[01:03].example.com ansible_user=ops  # all three
db1 ansible_host=10.0.0.5 ansible_port=2222

[prod:children]
web

[prod:vars]
ansible_user = prod

[all:vars]
ansible_port=22
"""


def told(hosts):
    return {host.name: (host.groups, dict(host.said)) for host in hosts}


def test_an_ini_says_what_hosts_there_are_and_what_is_nearest_to_each_counts():
    hosts = told(read_ini("hosts", INI))
    web = (("prod", "web"), {"ansible_port": "22", "ansible_user": "ops"})
    assert hosts == {
        "lone": ((), {"ansible_port": "22", "ansible_host": "10.0.0.9"}),
        "web01.example.com": web,
        "web02.example.com": web,
        "web03.example.com": web,
        "db1": (("prod", "web"), {"ansible_port": "2222", "ansible_user": "prod", "ansible_host": "10.0.0.5"}),
    }


def test_a_yaml_says_the_same_as_an_ini():
    document = yaml.safe_load("""
    all:
      vars: {ansible_user: root}
      children:
        web: {hosts: {w1: {ansible_host: 10.0.0.1}, "w[2:3]": }, vars: {ansible_user: ops}}
        db: {hosts: {w1: {ansible_port: 2200}}}
    """)
    assert is_ansible(document)
    assert told(read_yaml("hosts", document)) == {
        "w1": (("db", "web"), {"ansible_user": "ops", "ansible_host": "10.0.0.1", "ansible_port": "2200"}),
        "w2": (("web",), {"ansible_user": "ops"}),
        "w3": (("web",), {"ansible_user": "ops"}),
    }


@pytest.mark.parametrize("document", [None, [], {}, {"hosts": ["a"]}, {"web": {"machines": {}}}, "text"])
def test_what_is_no_inventory_is_not_taken_for_one(document):
    assert not is_ansible(document)


@pytest.mark.parametrize(
    "text, line, words",
    [
        ("a\nb c\n", 2, "KEY=VALUE"),
        ("[g:vars]\nx\n", 2, "KEY=VALUE"),
        ("a x='1\n", 1, "quotation"),
        ("w[1:b]\n", 1, "makes no sense"),
        ("w[1:99999]\n", 1, "more than"),
        ("w[5:1]\n", 1, "ends before it begins"),
        ("h\n[web:bar]\n", 2, "expected \\[GROUP\\]"),
    ],
)
def test_a_line_that_cannot_be_read_is_named(text, line, words):
    with pytest.raises(FileError, match=words) as refused:
        read_ini("hosts", text)
    assert (refused.value.path, refused.value.line) == ("hosts", line)


def test_groups_that_are_in_each_other_are_refused():
    with pytest.raises(FileError, match="circle"):
        read_ini("hosts", "[a]\nh\n[a:children]\nb\n[b:children]\na\n")
