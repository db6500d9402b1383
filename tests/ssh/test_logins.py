"""Every way to log in that there is, each to a machine of its own, which runs a pod then."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.once, pytest.mark.timeout(300)]

SECRETS = PASSPHRASE, PASSWORD = "of a key, with spaces", "of'a$user\""
PATIENCE_S = 60
#: What userdel exits with while a user has processes.
IN_USE = 8
PASSWORDS_ALONE = "PubkeyAuthentication no\nPasswordAuthentication yes"
#: Ports are those of the machines; ssh's own program, which one of them is reached by, knows no other home.
CONFIG = """
Host gate
    Port {gate}
Host jumped
    Port {jumped}
    ProxyJump gate
Host twice
    Port {twice}
    ProxyJump {user}@gate,jumped
Host command
    Port {command}
    ProxyCommand ssh -F {home}/.ssh/config -W %h:%p gate
Host locked
    Port {locked}
    IdentityFile {home}/locked.key
    IdentitiesOnly yes
Host agent
    Port {agent}
Host alias
    Port {alias}
    IdentityFile {home}/alias.key
    HostKeyAlias box.example.org
Host one two
    IdentityFile ~/nowhere
Host one
    Port {one}
Host two
    Port {two}
Host password
    Port {password}
    User {passworded}
Host *
    HostName 127.0.0.1
    User {user}
    UserKnownHostsFile {home}/.ssh/known_hosts
    IdentityFile {home}/.ssh/id_ed25519
"""


class SshAgent:
    """A real one."""

    def __init__(self, socket):
        self.socket = socket
        self.process = subprocess.Popen(["ssh-agent", "-D", "-a", str(socket)], stdout=subprocess.PIPE)
        # It says so when it listens.
        assert self.process.stdout.readline()

    def add(self, key):
        words = ["ssh-add", "-q", str(key)]
        subprocess.run(words, env={**os.environ, "SSH_AUTH_SOCK": str(self.socket)}, check=True, capture_output=True)

    def close(self):
        self.process.terminate()
        self.process.communicate()


@pytest.fixture
def ssh_agent(tmp_path):
    agent = SshAgent(tmp_path / "agent")
    yield agent
    agent.close()


@pytest.fixture
def user():
    """Somebody with a password and a home, and no rights."""
    if os.geteuid() != 0 or not all(map(shutil.which, ("useradd", "userdel", "chpasswd"))):
        pytest.skip("makes a user with a password, and so needs root and: apt install passwd")
    name = f"k9u-{secrets.token_hex(4)}"
    home = Path("/tmp") / name
    subprocess.run(["useradd", "--create-home", "--home-dir", str(home), "--shell", "/bin/sh", name], check=True)
    subprocess.run(["chpasswd"], input=f"{name}:{PASSWORD}", text=True, check=True)
    yield name, home
    remove_user(name)
    assert not home.exists()


def remove_user(name):
    """Once the last of its processes has ended, which those that were killed just now may not have done yet."""
    deadline_s, waiting = time.monotonic() + PATIENCE_S, threading.Event()
    while (done := subprocess.run(["userdel", "--remove", name], check=False, capture_output=True)).returncode:
        assert done.returncode == IN_USE, done.stderr
        assert time.monotonic() < deadline_s, done.stderr
        waiting.wait(0.1)


@pytest.fixture
def machines(user, ssh, ssh_agent):
    """One for each way, by the name of its host."""
    keys = {name: ssh.new_key(name, PASSPHRASE if name == "locked" else "") for name in ("locked", "agent", "alias")}
    ssh_agent.add(keys["agent"])
    keys["agent"].unlink()
    more = {"one": "MaxSessions 1", "two": "MaxSessions 2", "password": PASSWORDS_ALONE}
    names = ("gate", "jumped", "twice", "command", "locked", "agent", "alias", "one", "two", "password")
    found = {name: ssh.machine(name, more.get(name, ""), key=keys.get(name), known=name != "alias") for name in names}
    alias = found["alias"]
    ssh.know(alias, alias.host_key.replace(alias.name, "box.example.org"))
    found["password"].root = user[1] / ".kube9"
    ports = {name: machine.port for name, machine in found.items()}
    text = CONFIG.format(home=ssh.folder, user=alias.user, passworded=user[0], **ports)
    ssh.config.write_text(text, encoding="utf-8")
    return found


@pytest.fixture
def cluster(machines, ssh, ssh_agent, serve):
    secret = {
        "KUBE9_SSH_PASSPHRASE": PASSPHRASE,
        "KUBE9_SSH_PASSWORD": PASSWORD,
        "SSH_AUTH_SOCK": str(ssh_agent.socket),
    }
    return serve("--backend", "ssh", env={**ssh.environment, **secret})


def test_every_way_to_log_in_leads_to_pods(cluster, machines, user, tmp_path):
    hosts = {}
    for name, machine in machines.items():
        folder = {} if name == "password" else {"folder": str(machine.root)}
        hosts[name] = {"labels": {"way": name}, "options": {**folder, "runtime": "process"}}
    (tmp_path / "machines.yaml").write_text(json.dumps({"hosts": hosts}), encoding="utf-8")
    cluster.kube9("node", "add", "-f", "machines.yaml")
    container = {"name": "main", "command": ["sh", "-c", "echo I am $(id -un); exec sleep 1000"]}
    for name in machines:
        spec = {"containers": [container], "nodeSelector": {"way": name}, "terminationGracePeriodSeconds": 0}
        pod = {"metadata": {"name": name, "labels": {"app": "login"}}, "spec": spec}
        cluster.ask(lambda client, pod=pod: client.launch_pod(pod))
    cluster.until(lambda: cluster.all_run(len(machines)), "every machine runs its pod")
    who = {name: user[0] if name == "password" else machine.user for name, machine in machines.items()}
    expected = [[name, "I", "am", who[name]] for name in sorted(machines)]

    def said():
        lines = sorted(cluster.kube9("pod", "logs", "--selector", "app=login").splitlines())
        return [line.split() for line in lines]

    cluster.until(lambda: said() == expected, "every pod says who it is")
    # Its own, and one for each that is reached through it.
    ways = ("gate", "jumped", "twice", "command")
    cluster.until(lambda: [len(machines[name].sessions()) for name in ways] == [4, 2, 1, 1], "no other connection")
    check_few_sessions(cluster)
    kept = {path: content(path) for folder in (tmp_path, user[1]) for path in files_below(folder)}
    assert kept[cluster.log]
    assert [path for path, data in kept.items() for secret in SECRETS if secret.encode() in data] == []
    cluster.delete_nodes()
    assert [name for name, machine in machines.items() if machine.root.exists()] == []


def files_below(folder):
    """Past folders that vanish meanwhile."""
    return [path for where, _, names in os.walk(folder) for name in names if (path := Path(where, name)).is_file()]


def content(path):
    """Nothing of a file that has got its real name meanwhile."""
    with suppress(FileNotFoundError):
        return path.read_bytes()
    return b""


def check_few_sessions(cluster):
    """While a command lasts, a machine that allows two sessions tells what a pod wrote; one that allows one ends it."""

    def beside(client, name):
        with client.exec_pod(name, ["cat"]) as command:
            command.write(b"hello\n")
            output = command.output()
            assert next(output) == (1, b"hello\n")
            said = b"".join(client.pod_logs(name)) if name == "two" else b""
            command.close_input()
            assert list(output) == []
            return said, command.exit_code

    assert cluster.ask(lambda client: beside(client, "two"))[0].startswith(b"I am ")
    for _ in range(3):
        assert cluster.ask(lambda client: beside(client, "one")) == (b"", 0)
