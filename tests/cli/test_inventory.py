from __future__ import annotations

import pytest

from kube9.cli.inventory import read_inventory
from kube9.core.errors import FileError


@pytest.fixture
def inventory(tmp_path):
    def inventory(text, name="machines.yaml"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return read_inventory(str(path))

    return inventory


def node(name, options, labels=None, **spec):
    metadata = {"name": name, **({"labels": labels} if labels else {})}
    spec = {"backend": "ssh", "capacity": {}, "options": options, **spec}
    return {"apiVersion": "kube9/v1", "kind": "Node", "metadata": metadata, "spec": spec}


def test_a_list_of_machines_has_what_is_said_of_all_and_of_each(inventory):
    found = inventory("""
        defaults: {user: ops, labels: {rack: r1}}
        hosts:
          web1: {host: 10.0.0.5, port: 2222, cpu: auto, memory: 8Gi, labels: {disk: ssd}}
          web2:
    """)
    assert found == [
        node(
            "web1",
            {"host": "10.0.0.5", "port": "2222", "user": "ops"},
            {"rack": "r1", "disk": "ssd"},
            capacity={"memory": "8Gi"},
        ),
        node("web2", {"user": "ops"}, {"rack": "r1"}),
    ]


def test_a_list_may_be_of_names_alone(inventory):
    assert inventory("hosts: [a, {name: b, options: {folder: /srv/k}, backend: other}]") == [
        node("a", {}),
        node("b", {"folder": "/srv/k"}, backend="other"),
    ]


def test_manifests_of_nodes_are_taken_as_they_are(inventory):
    assert inventory("kind: Node\nmetadata: {name: a}\n---\nhosts: [b]") == [
        {"kind": "Node", "metadata": {"name": "a"}},
        node("b", {}),
    ]


def test_groups_of_an_inventory_of_ansibles_become_labels(inventory):
    text = "[web]\nw1 ansible_host=10.0.0.1 ansible_port=2222 ansible_user=ops ansible_ssh_private_key_file=~/.ssh/k\n"
    options = {"host": "10.0.0.1", "port": "2222", "user": "ops", "key": "~/.ssh/k"}
    assert inventory(text, "hosts.ini") == inventory(text, "hosts") == [node("w1", options, {"group/web": "true"})]
    assert inventory("web: {hosts: {w1: {ansible_python_interpreter: auto_silent}}}") == [
        node("w1", {"host": "w1"}, {"group/web": "true"})
    ]


@pytest.mark.parametrize(
    "name, text",
    [
        ("hosts", "h1 ansible_password=x\n"),
        ("hosts", "h1 ansible_become_pass=x\n"),
        ("m.yaml", "all: {hosts: {h1: {ansible_ssh_pass: x}}}"),
        ("m.yaml", "hosts: {h1: {password: x}}"),
        ("m.yaml", "hosts: [h1]\ndefaults: {passphrase: x}"),
    ],
)
def test_secrets_are_refused(inventory, name, text):
    with pytest.raises(FileError, match="host h1: .*is refused"):
        inventory(text, name)


@pytest.mark.parametrize(
    "text, words",
    [
        ("hosts: 3", "machines by name"),
        ("hosts: {}", "lists no machine"),
        ("hosts: [{}]", "a machine with a name"),
        ("hosts: {a: {colour: red}}", "unknown field 'colour'"),
        ("hosts: [a, a]", "the same name: a"),
        ("hosts: {a: {labels: x}}", "labels of host a: expected 'NAME: VALUE' each, got 'x'"),
        ("hosts: {a: {options: [x]}}", "options of host a"),
        ("hosts: [a]\ndefaults: [x]", "defaults: expected"),
        ("hosts: [a]\ndefaults: {labels: x}", "labels of host a"),
        ("kind: Node", "no metadata.name"),
        ("kind: Node\nmetadata: {name: 5}", "no metadata.name"),
        ("kind: Node\nmetadata: x", "metadata: expected"),
        ("all: {hosts: [a, b]}", "hosts of group 'all': expected"),
        ("all: {hosts: {a: 10.0.0.1}}", "host a: expected"),
        ("web: {vars: [x]}", "vars of group 'web'"),
        ("web: {children: [x]}", "children of group 'web'"),
        ("kind: Pod", "expected 'hosts'"),
        ("all: {hosts: {a: {ansible_connection: winrm}}}", "not by winrm"),
    ],
)
def test_what_cannot_be_used_is_said(inventory, text, words):
    with pytest.raises(FileError, match=words):
        inventory(text)


def test_machines_that_differ_by_nothing_but_their_port_have_no_name_of_their_own(inventory):
    with pytest.raises(FileError, match="the same name: a"):
        inventory("a:22\na:23\n", "hosts")


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FileError, match="none.yaml"):
        read_inventory(str(tmp_path / "none.yaml"))
