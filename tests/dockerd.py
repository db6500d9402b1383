"""An engine of a test's own, for tests that stop, kill or fill one: it shares nothing with the machine's engine."""

from __future__ import annotations

import ipaddress
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path

#: Programs that it takes, besides being root.
PROGRAMS = ("dockerd", "containerd", "ip", "iptables")
HOW_TO_GET_IT = "stops and starts an engine of its own, and so needs root and: apt install docker.io iproute2 iptables"

#: For it to answer, and to end.
PATIENCE_S = 120


def possible():
    """Whether this user can start an engine here."""
    return os.geteuid() == 0 and all(map(shutil.which, PROGRAMS))


class Beside:
    """A bridge of its own in this machine's network, of which it leaves all rules of the machine's engine alone.

    The engine makes no rules of the firewall, so containers reach each other and this machine, and nothing beyond.
    """

    def __init__(self):
        self.bridge = f"k9t-{secrets.token_hex(4)}"
        addresses = free_addresses()
        # What containers of one bridge send each other passes the firewall, where the machine's engine drops what it
        # has no rule for.
        self.rule = (
            "FORWARD",
            "--in-interface",
            "br-+",
            "--match",
            "physdev",
            "--physdev-is-bridged",
            "--jump",
            "ACCEPT",
        )
        run("iptables", "--wait", "--insert", *self.rule)
        run("ip", "link", "add", self.bridge, "type", "bridge")
        run("ip", "address", "add", f"{addresses[1]}/{addresses.prefixlen}", "dev", self.bridge)
        run("ip", "link", "set", self.bridge, "up")
        self.inside = ()
        # Its own networks get addresses that the machine has no route to. Pools of its own are not the way to that: an
        # engine that has them removes docker0 when it is started again, and `--bridge none` does so at once.
        self.options = ("--bridge", self.bridge, "--iptables=false", "--ip-masq=false")

    def close(self):
        run("ip", "link", "delete", self.bridge)
        run("iptables", "--wait", "--delete", *self.rule)


class Dockerd:
    """A ``dockerd`` with a folder of its own.

    :param network: where it is; closed with it.
    """

    def __init__(self, network):
        self.network = network
        # Sockets have short names.
        self.folder = Path(tempfile.mkdtemp(prefix="kube9-dockerd-", dir="/tmp"))
        self.address = f"unix://{self.folder}/docker.sock"
        self.log = self.folder / "log"
        # Where the machine has a containerd, all engines use that one.
        space = f"k9t-{secrets.token_hex(4)}"
        self.command = [
            *network.inside,
            *("dockerd", "--host", self.address, "--pidfile", f"{self.folder}/pid"),
            *("--data-root", f"{self.folder}/data", "--exec-root", f"{self.folder}/run"),
            *("--containerd-namespace", space, "--containerd-plugins-namespace", f"{space}-plugins"),
            *("--shutdown-timeout", "2", *network.options),
        ]
        try:
            self.start()
        except BaseException:
            self.close()
            raise

    def start(self):
        """Returns when it answers."""
        # What was killed has left these, and their numbers may be other processes' by now.
        for left in ("pid", "run/containerd/containerd.pid"):
            (self.folder / left).unlink(missing_ok=True)
        # Through a shell that ends at once, so that it is no child of the tests, which must leave none behind.
        script = 'log=$1; shift; exec </dev/null >>"$log" 2>&1; setsid "$@" &'
        subprocess.run(["sh", "-c", script, "sh", self.log, *self.command], check=True, timeout=PATIENCE_S)
        self.until(self.answers)

    def stop(self):
        """As ``systemctl stop docker`` does: its containers are stopped, too."""
        self.end(signal.SIGTERM)

    def kill(self):
        """As a crash does: its containers run on until it is started again."""
        containerd = self.pid("run/containerd/containerd.pid")
        self.end(signal.SIGKILL)
        # Where it has one of its own, that goes with it.
        if containerd is not None:
            self.until(lambda: not runs(containerd))

    def restart(self):
        self.stop()
        self.start()

    def end(self, how):
        pid = self.pid()
        os.kill(pid, how)
        self.until(lambda: not runs(pid))

    def ensure_running(self):
        if self.pid() is None or not runs(self.pid()):
            self.start()

    def pid(self, name="pid"):
        with suppress(FileNotFoundError, ValueError):
            return int((self.folder / name).read_text(encoding="ascii"))
        return None

    def answers(self):
        # docker-py would leave a socket open for each time that nobody answers.
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(PATIENCE_S)
                connection.connect(f"{self.folder}/docker.sock")
                connection.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
                return b" 200 " in connection.recv(100)
        except OSError:
            return False

    def until(self, come_true):
        deadline_s, waiting = time.monotonic() + PATIENCE_S, threading.Event()
        while not come_true():
            assert time.monotonic() < deadline_s, self.log.read_text(encoding="utf-8", errors="replace")[-3000:]
            waiting.wait(0.05)

    def close(self):
        """To be called when there is no container any more."""
        if (pid := self.pid()) is not None and runs(pid):
            self.stop()
        self.network.close()
        for mounted in mounts_below(self.folder):
            run("umount", "--lazy", mounted)
        shutil.rmtree(self.folder)


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=PATIENCE_S).stdout


def free_addresses():
    """A network that this machine has no route to yet."""
    routes = [route["dst"] for route in json.loads(run("ip", "-json", "-4", "route")) if route["dst"] != "default"]
    taken = [ipaddress.ip_network(route) for route in routes]
    every = [ipaddress.ip_network(f"10.{number}.0.0/16") for number in range(128, 255)]
    free = [network for network in every if not any(network.overlaps(other) for other in taken)]
    return secrets.choice(free)


def runs(pid):
    """Whether a process runs; one that has ended and that nobody has waited for does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def mounts_below(folder):
    """Deepest first."""
    lines = Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()
    return sorted((line.split()[1] for line in lines if line.split()[1].startswith(f"{folder}/")), reverse=True)
