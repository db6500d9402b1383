from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kube9.backends.docker.endpoint import Endpoint
from kube9.backends.docker.engine import Engine, EngineAway
from kube9.backends.docker.sshway import SshWay, require_ssh
from kube9.core.errors import MissingExtra

pytestmark = pytest.mark.once
TIMEOUT_MS = 60_000


@pytest.fixture
def machine(ssh, monkeypatch, tmp_path):
    """One with an engine, and an ``ssh`` command that knows no other home than that of the tests."""
    machine = ssh.machine()
    config = tmp_path / "config"
    config.write_text(f"IdentityFile {ssh.key}\nUserKnownHostsFile {ssh.known_hosts}\n", encoding="utf-8")
    command = tmp_path / "bin" / "ssh"
    command.parent.mkdir()
    real = subprocess.run(["sh", "-c", "command -v ssh"], check=True, capture_output=True, text=True).stdout.strip()
    command.write_text(f'#!/bin/sh\nexec {real} -F {config} "$@"\n', encoding="utf-8")
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{command.parent}{os.pathsep}{os.environ['PATH']}")
    return machine


def url_of(machine):
    return f"ssh://{machine.user}@127.0.0.1:{machine.port}"


@pytest.fixture
def far(machine, engine):
    if not engine.address.startswith("unix://"):
        pytest.skip("needs an engine at a socket of this machine")
    made = Engine(Endpoint(url=url_of(machine), source="this test"), TIMEOUT_MS, engine.address.removeprefix("unix://"))
    yield made
    made.close()


def test_an_engine_is_reached_over_one_connection_however_much_is_asked(far, machine, engine):
    for _ in range(30):
        assert far.info()["ID"] == engine.client.info()["ID"]
    assert len(machine.sessions()) == 1


def test_a_stream_goes_on_until_it_is_closed(far, engine):
    since_s = int(time.time())
    container = engine.client.containers.create(engine.busybox, ["true"])
    try:
        with far.stream() as client:
            # An engine begins to answer a little before it notes what is to be told.
            stream = client.events(filters={"container": container.id}, since=since_s, decode=True)
            container.start()
            assert [next(stream)["Action"] for _ in range(3)] == ["create", "start", "die"]
            stream.close()
    finally:
        container.remove(force=True)


def test_a_connection_that_was_lost_is_made_again(far, machine):
    far.info()
    machine.kill()
    with pytest.raises(EngineAway, match="cannot be reached"):
        far.info()
    machine.start()
    until_s = time.monotonic() + 60
    while True:
        try:
            assert far.info()["ID"]
        except EngineAway:
            assert time.monotonic() < until_s
        else:
            return


def test_what_ssh_says_is_told(ssh, machine):
    unknown = ssh.machine("unknown", known=False)
    way = SshWay(url_of(unknown), "/var/run/docker.sock", TIMEOUT_MS)
    with pytest.raises(OSError, match="Host key verification failed"):
        way.open()
    way.close()
    with pytest.raises(OSError, match="closed"):
        way.open()


def test_the_command_ends_with_whoever_began_it(machine):
    program = (
        "import signal; from kube9.backends.docker.sshway import SshWay;"
        f"way = SshWay({url_of(machine)!r}, '/nowhere', {TIMEOUT_MS}); way.open();"
        "print(way._process.pid, way._folder.name, flush=True);"
        "signal.pause()"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as holder:
        command, folder = holder.stdout.readline().split()
        os.kill(int(command), 0)
        holder.send_signal(signal.SIGKILL)
    until_s = time.monotonic() + 60
    while Path(f"/proc/{command}").exists():
        assert time.monotonic() < until_s, "it goes on"
    # Whoever was killed could not.
    shutil.rmtree(folder)


def test_without_the_command_it_is_said_how_to_get_it(monkeypatch, tmp_path):
    require_ssh()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingExtra, match="openssh-client"):
        require_ssh()
