"""A machine that is a node: its connection, and what was found there."""

from __future__ import annotations

import re
import shlex
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

from attrs import frozen

from kube9.backends.ssh.errand import PYTHONS
from kube9.backends.ssh.failures import MachineAway, MachineRefused
from kube9.backends.ssh.link import Link
from kube9.backends.ssh.login import Login
from kube9.backends.ssh.settings import MachineOptions, SshSettings, read_machine
from kube9.backends.ssh.target import SshConfig
from kube9.backends.ssh.tunnel import Tunnel
from kube9.backends.ssh.visit import Visit
from kube9.core.nodes import Node

__all__ = ["Found", "Machine", "Machines", "Ran"]

_LOCK_PATIENCE_S = 60.0
_NO_UNIT = re.compile(r"[^A-Za-z0-9_-]", re.ASCII)


@frozen(kw_only=True)
class Found:
    """A machine as it was when it was last looked at."""

    home: str
    #: Of the node, there or not.
    folder: str
    python: str
    version: str
    #: SHA-256 of the agent's program, in hex; empty where there is none.
    agent: str
    #: In bytes, for files.
    free: int
    #: Whether the user's services go on after the last logout.
    lingers: bool
    #: Why what was tried from there is not reached; empty where it is.
    unreached: str
    #: What was asked to be shown; empty where there is none.
    files: Mapping[str, str]


@frozen(kw_only=True)
class Ran:
    """What became of a program."""

    exit_code: int
    #: What it wrote, to whichever of its two outputs.
    output: str

    @property
    def last_line(self) -> str:
        return self.output.strip().rpartition("\n")[2]

    @property
    def last_words(self) -> str:
        """For people."""
        return self.last_line[-500:] or f"it ended with code {self.exit_code} and said nothing"


def _ran(told: Mapping[str, Any]) -> Ran:
    return Ran(exit_code=told["code"], output=told["output"])


class Machine:
    """Any thread may call."""

    def __init__(self, node: Node, cluster: str, options: MachineOptions, link: Link, timeout_ms: int) -> None:
        self._timeout_ms = timeout_ms
        self.node_uid, self.name, self.cluster, self.options, self.link = node.uid, node.name, cluster, options, link
        self.tunnel: Tunnel | None = None
        self._lock = threading.Lock()
        #: The thread that has the machine to itself, and what it is asking, once it has asked anything.
        self._owner: int | None = None
        self._visit: Visit | None = None
        self._found: Found | None = None
        #: Set when nobody waits for it any more.
        self.leaving = threading.Event()
        #: Set when it was given a pod, which only a node is that is heard.
        self.counted_on = threading.Event()
        #: Nothing of it runs, as far as is known for sure.
        self.down = False

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody else starts or ends anything of this node meanwhile; all that is asked goes over one session.

        :raises MachineAway: somebody else took too long.
        """
        if not self._lock.acquire(timeout=_LOCK_PATIENCE_S):
            raise MachineAway(f"something else has been done on {self.link.where} for {_LOCK_PATIENCE_S:.0f} s")
        self._owner = threading.get_ident()
        try:
            yield
        finally:
            self._owner = None
            visit, self._visit = self._visit, None
            try:
                if visit is not None:
                    visit.close()
            finally:
                self._lock.release()

    @property
    def below(self) -> tuple[str, str]:
        """The folders of the cluster and of the node in the one of kube9."""
        return self.cluster, quote(self.name, safe="")

    @property
    def unit(self) -> str:
        """Its service of systemd's."""
        return f"kube9-{self.cluster}-{_NO_UNIT.sub('_', self.node_uid)}.service"

    @property
    def pythons(self) -> Sequence[str]:
        return (self.options.python,) if self.options.python else PYTHONS

    def look(self, *show: str, reach: tuple[str, int] | None = None) -> Found:
        """Find out what is there.

        :param show: files in the node's folder whose content is wanted.
        :param reach: a host and a port to try from there.
        :raises MachineAway, MachineRefused: it cannot be told.
        """
        told = self._ask("look", show=show, reach=reach)
        found = self._found = Found(
            home=told["home"],
            folder=told["folder"],
            python=told["python"],
            version=told["version"],
            agent=told["agent"] or "",
            free=told["free"],
            lingers=told["lingers"],
            unreached=told["unreached"],
            files=told["files"],
        )
        return found

    def found(self) -> Found:
        """As it was found last, without looking again."""
        return self._found or self.look()

    def put(self, files: Mapping[str, bytes]) -> None:
        """Write files into the node's folder."""
        self._ask("put", files=files)

    def remove_folder(self) -> None:
        """Take the node's folder away, with all in it, and those around it that are empty then."""
        self._ask("remove")
        self._found = None

    def ask_agent(self, word: str, timeout_ms: int | None = None) -> Ran:
        """Have the agent's program do what the word says."""
        return _ran(self._ask("agent", word=word, timeout_ms=timeout_ms))

    def run(self, *words: str) -> Ran:
        """Run another program of the machine's."""
        return _ran(self._ask("run", words=words))

    def put_elsewhere(self, folder: str, name: str, data: bytes) -> None:
        """Write a file into a folder of the user's that is none of kube9's."""
        self._ask("put", place=(folder, ()), files={name: data})

    def unlink_elsewhere(self, folder: str, name: str) -> None:
        """Take such a file away, if it is there."""
        self._ask("unlink", place=(folder, ()), name=name)

    def _ask(self, do: str, *, place: tuple[str, Sequence[str]] | None = None, **about: Any) -> dict[str, Any]:
        root, below = place or (self.options.folder, self.below)
        visit = self._begun_visit()
        try:
            return visit.ask(do, root, below, **about)
        except MachineRefused:
            if visit.over:
                # The Python that was found may be gone by now; the next time it is looked for anew.
                self._found = None
            raise
        finally:
            if visit is not self._visit:
                visit.close()

    def _begun_visit(self) -> Visit:
        """The one of the thread that has the machine to itself; one of its own for any other."""
        own = self._owner == threading.get_ident()
        if own and self._visit is not None:
            if not self._visit.over:
                return self._visit
            self._visit.close()
            self._visit = None
        # What was found once is not looked for again.
        pythons = (self._found.python,) if self._found else self.pythons
        visit = Visit(self.link, pythons, self._timeout_ms)
        if own:
            self._visit = visit
        return visit

    def command(self, *words: str) -> str:
        """The agent's program with these words, for the machine's shell."""
        found = self.found()
        return shlex.join([found.python, "-I", "-S", f"{found.folder}/agent.pyz", *words, "--config", found.folder])

    def close(self) -> None:
        """Let go of it; what runs there goes on."""
        self.leaving.set()
        self.link.close()


class Machines:
    """All of them, by node."""

    def __init__(self, cluster: str, settings: SshSettings, config: SshConfig, login: Login) -> None:
        self.cluster, self._settings, self._config, self._login = cluster, settings, config, login
        self._lock = threading.Lock()
        self._machines: dict[str, Machine] = {}
        self._closed = False

    def of(self, node: Node) -> Machine:
        """The machine of a node, whether it can be reached or not.

        :raises InvalidInput: the node's options cannot be used.
        :raises BackendError: ssh's own configuration cannot.
        """
        with self._lock:
            machine = self._machines.get(node.uid)
        if machine is not None:
            return machine
        made = self._made(node)
        with self._lock:
            if self._closed:
                made.close()
                return made
            return self._machines.setdefault(node.uid, made)

    def known(self, uid: str) -> Machine | None:
        """The machine of a node that was talked of before."""
        with self._lock:
            return self._machines.get(uid)

    def all(self) -> list[Machine]:
        with self._lock:
            return list(self._machines.values())

    def forget(self, uid: str) -> None:
        """It is no node any more."""
        with self._lock:
            machine = self._machines.pop(uid, None)
        if machine is not None:
            machine.close()

    def close(self) -> None:
        """Let go of all of them."""
        with self._lock:
            self._closed = True
            machines, self._machines = list(self._machines.values()), {}
        for machine in machines:
            machine.close()

    def _made(self, node: Node) -> Machine:
        options = read_machine(node.spec.options)
        # Once for all that is said of it; where it is may have changed when it is connected to again.
        where = str(self._config.target(options, node.name))
        link = Link(
            where,
            lambda: self._login.connect(self._config.target(options, node.name)),
            channels=self._settings.channels,
            timeout_ms=self._settings.timeout_ms,
        )
        return Machine(node, self.cluster, options, link, self._settings.timeout_ms)
