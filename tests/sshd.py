"""Real sshd processes, each a machine of its own on a port of the loopback address."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

from kube9.testing.reservedport import ReservedPort

HOW_TO_GET_IT = "needs sshd, ssh and ssh-keygen: install openssh-server and openssh-client"
PATIENCE_S = 60.0
#: What it says when it listens, and when it cannot for another does.
LISTENING, IN_USE = b"Server listening on ", "Address already in use"
#: Of the ways that there are, one that costs little, for many machines log in at once. What is said first holds.
CONFIG = """
{more}
Port {port}
ListenAddress {address}
HostKey {folder}/host_key
PidFile {folder}/sshd.pid
AuthorizedKeysFile {folder}/authorized_keys
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin yes
MaxStartups 100
LogLevel VERBOSE
Subsystem sftp internal-sftp
"""


def program():
    """Where sshd is; it wants to be started by its whole path."""
    return shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


def possible():
    """Whether machines can be had here."""
    return bool(program() and shutil.which("ssh-keygen"))


def make_key(path, *, passphrase=""):
    """A new key pair; the path of its secret half."""
    words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-C", "of the tests", "-f", str(path)]
    subprocess.run(words, check=True)
    return path


class Sshd:
    """One machine.

    :param key: the path of the secret half of a key that is let in.
    :param more: lines for its configuration.
    :param apart: a place in a network of machines; it is at home in its own folder, then.
    """

    def __init__(self, folder, key, more="", apart=None):
        self.folder = folder
        folder.mkdir()
        self.user = pwd.getpwuid(os.getuid()).pw_name
        self.address, self.apart = "127.0.0.1" if apart is None else apart.address, apart
        if apart is None:
            #: Where kube9's files of this machine are, which is one with all the others.
            self.root = folder / "kube9"
        else:
            (folder / "home").mkdir()
            self.root = folder / "home" / ".kube9"
            more = f"SetEnv HOME={folder}/home\n{more}"
        make_key(folder / "host_key")
        (folder / "authorized_keys").write_text(Path(f"{key}.pub").read_text(encoding="utf-8"), encoding="utf-8")
        self.process = None
        self._settle(more)
        self.options = {"host": self.address, "port": str(self.port), "user": self.user}
        if apart is None:
            self.options["folder"] = str(self.root)

    def _settle(self, more):
        """Find a port; in another network than this one's, somebody may have the same."""
        while True:
            self.kept = ReservedPort()
            self.port = self.kept.number
            self.configure(more)
            try:
                self.start()
                return
            except AssertionError:
                self.kept.close()
                if IN_USE not in self.log:
                    raise
                (self.folder / "log").unlink()

    def configure(self, more):
        """Have it read other lines when it starts the next time."""
        text = CONFIG.format(address=self.address, port=self.port, folder=self.folder, more=more)
        (self.folder / "sshd_config").write_text(text, encoding="utf-8")

    @property
    def name(self):
        """What its host key is listed under."""
        return f"[{self.address}]:{self.port}"

    @property
    def host_key(self):
        """The public half, as a line for a file of known hosts."""
        kind, data = (self.folder / "host_key.pub").read_text(encoding="utf-8").split()[:2]
        return f"{self.name} {kind} {data}\n"

    def start(self):
        """Listen, and return as soon as it does."""
        if os.geteuid() == 0:
            # What starts the machine's own sshd would have made it.
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        with (self.folder / "log").open("ab") as log:
            before = log.tell()
            inside = () if self.apart is None else self.apart.inside
            words = [*inside, program(), "-D", "-e", "-f", str(self.folder / "sshd_config")]
            self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline_s = time.monotonic() + PATIENCE_S
        waiting = threading.Event()
        while time.monotonic() < deadline_s and self.process.poll() is None:
            # To connect would be to have a connection, of whoever it is that listens there.
            if LISTENING in (self.folder / "log").read_bytes()[before:]:
                return
            waiting.wait(0.02)
        raise AssertionError(f"sshd does not listen: {self.log}")

    @property
    def log(self):
        """What it wrote."""
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")

    def sessions(self):
        """The processes of its connections; two for each that has left root behind, or one."""
        return children_of(self.process.pid)

    def kill(self):
        """End it with all its connections, as if the machine had lost its network; what was started there goes on."""
        os.kill(self.process.pid, signal.SIGSTOP)
        ending = [each for pid in self.sessions() for each in (*children_of(pid), pid) if is_sshd(each)]
        for pid in ending:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.kill()
        self.process.wait()
        # The ports that they listened at are free once they have ended.
        deadline_s, waiting = time.monotonic() + PATIENCE_S, threading.Event()
        while any(map(is_sshd, ending)):
            assert time.monotonic() < deadline_s, f"sshd does not end: {self.log}"
            waiting.wait(0.01)

    def stop(self):
        """End it, if it runs."""
        if self.process.poll() is None:
            self.kill()

    def close(self):
        """End it for good."""
        self.stop()
        self.kept.close()


def is_sshd(pid):
    """Whether that is what it is, and has not ended."""
    try:
        about = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return "(sshd" in about and about.rpartition(")")[2].split()[0] != "Z"


def children_of(pid):
    """The processes that it is the parent of."""
    found = []
    for listing in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            found += [int(each) for each in listing.read_text(encoding="ascii").split()]
    return found


class Place:
    """Some machines, and what their user has at home: a key, and the keys of the machines."""

    def __init__(self, folder):
        folder.mkdir()
        self.folder = folder
        self.machines, self._slow_ways = [], []
        (folder / ".ssh").mkdir()
        self.key = make_key(folder / ".ssh" / "id_ed25519")
        self.known_hosts = folder / ".ssh" / "known_hosts"
        self.config = folder / ".ssh" / "config"
        self.known_hosts.touch()
        #: For a server; without an agent, whoever runs the tests.
        self.environment = {"HOME": str(folder), "PATH": os.environ.get("PATH", "")}

    def machine(self, name="m1", more="", *, known=True, apart=None, key=None):
        """Another one, whose host key is known already."""
        machine = Sshd(self.folder / name, key or self.key, more, apart)
        self.machines.append(machine)
        if known:
            self.know(machine)
        return machine

    def new_key(self, name, passphrase=""):
        """One that is not among those that are tried by themselves."""
        return make_key(self.folder / f"{name}.key", passphrase=passphrase)

    def know(self, machine, line=None):
        """Note a machine's host key, or another one for it."""
        with self.known_hosts.open("a", encoding="utf-8") as file:
            file.write(line or machine.host_key)

    def slow(self, machine, delay_s):
        """Another way to a machine, known as well."""
        way = SlowWay(machine.port, delay_s)
        self._slow_ways.append(way)
        self.know(machine, machine.host_key.replace(f":{machine.port} ", f":{way.port} "))
        return way

    def left(self, *machines):
        """What runs on any of them, or of these, that nobody logged in for, by process id."""
        found, roots = {}, [str(each.root) for each in machines or self.machines]
        for process in Path("/proc").iterdir():
            if not process.name.isdigit() or int(process.name) == os.getpid():
                continue
            with contextlib.suppress(OSError):
                line = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace").strip()
                where = str((process / "cwd").readlink())
                if any(root in line or where.startswith(root) for root in roots):
                    found[int(process.name)] = line
        return found

    def close(self):
        """End all that runs on them, and them."""
        for pid in self.left():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for way in self._slow_ways:
            way.close()
        for machine in self.machines:
            machine.close()


class SlowWay:
    """A port behind which a machine answers late: each piece takes so long in each direction.

    Nothing passes at all while ``passable`` is not set.
    """

    def __init__(self, port, delay_s):
        self._port, self._delay_s = port, delay_s
        self._closing = threading.Event()
        self.passable = threading.Event()
        self.passable.set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._sockets, self._threads = [self._listener], []
        self._begin(self._accept)

    def close(self):
        """End all connections."""
        self._closing.set()
        self.passable.set()
        for each in self._sockets:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        for thread in self._threads:
            thread.join()

    def _begin(self, do, *about):
        thread = threading.Thread(target=do, args=about, name="slow-way")
        self._threads.append(thread)
        thread.start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while not self._closing.is_set():
                near, _ = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self._port))
                self._sockets += [near, far]
                if self._closing.is_set():  # whoever closes them may not have seen these two
                    near.close()
                    far.close()
                    return
                self._begin(self._carry, near, far)
                self._begin(self._carry, far, near)

    def _carry(self, source, target):
        with contextlib.suppress(OSError):
            while piece := source.recv(65_536):
                self._closing.wait(self._delay_s)
                self.passable.wait()
                target.sendall(piece)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)
