"""A node on a real engine, and a warden that really runs, for the tests of what runs pods."""

from __future__ import annotations

import secrets
import socket
import threading
import time
from contextlib import ExitStack, closing, suppress

import pytest

from kube9.agent import labels
from kube9.agent.brain import StartOrder
from kube9.agent.clock import now_ms
from kube9.agent.docker import DockerRuntime
from kube9.agent.engine import Engine
from kube9.agent.proctable import start_of
from kube9.agent.site import Site
from kube9.agent.wardenlink import WardenAway, WardenRefused
from kube9.agent.wardenplace import LOG, launch
from kube9.agent.wardentalk import Talk

#: For what a loaded machine takes long for; nothing that works waits for it.
PATIENCE_S = 60.0


class Told:
    """All that is told of copies, in order."""

    def __init__(self):
        self.all = []
        #: Whether copies may run.
        self.allowed = True
        self._changed = threading.Condition()

    def _note(self, *told):
        with self._changed:
            self.all.append(told)
            self._changed.notify_all()

    def has(self, uid, epoch):
        return self.allowed

    def started(self, uid, epoch):
        self._note("started", uid, epoch)

    def is_so(self, uid, epoch, ready, restarts, reason):
        self._note("is_so", uid, epoch, ready, restarts, reason)

    def exited(self, uid, epoch, exit_code, reason):
        self._note("exited", uid, epoch, exit_code, reason)

    def not_started(self, uid, epoch, error):
        self._note("not_started", uid, epoch, error)

    def stopped(self, uid, epoch):
        self._note("stopped", uid, epoch)

    def wait(self, what, uid="p", *, so=lambda *_: True, after=0):
        """The first that was told of that kind and pod, and is so, after so many others."""
        deadline_s = time.monotonic() + PATIENCE_S

        def found():
            return [each for each in self.all[after:] if each[0] == what and each[1] == uid and so(*each[3:])]

        with self._changed:
            while not found():
                left_s = deadline_s - time.monotonic()
                assert left_s > 0, f"{what} was not told of {uid}: {self.all}"
                self._changed.wait(left_s)
            return found()[0]


class Relay:
    """A socket in front of an engine's, which can be cut off."""

    def __init__(self, folder, engine):
        self._behind = engine.address.removeprefix("unix://")
        self.path = folder / "relay.sock"
        self.cut = False
        #: Held while a connection begins, so that none does after a cut.
        self._lock = threading.Lock()
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(str(self.path))
        self._socket.listen()
        self._open, self._threads = [], [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def cut_off(self):
        with self._lock:
            self.cut = True
            for each in self._open:
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)

    def _accept(self):
        while True:
            try:
                near, _ = self._socket.accept()
            except OSError:
                return
            with self._lock:
                if self.cut:
                    near.close()
                    continue
                far = socket.socket(socket.AF_UNIX)
                far.connect(self._behind)
                self._open += [near, far]
            for one, other in ((near, far), (far, near)):
                thread = threading.Thread(target=self._carry, args=(one, other))
                self._threads.append(thread)
                thread.start()

    def _carry(self, one, other):
        with suppress(OSError):
            while data := one.recv(65_536):
                other.sendall(data)
        with suppress(OSError):
            other.shutdown(socket.SHUT_RDWR)

    def close(self):
        self.cut_off()
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for thread in self._threads:
            thread.join()
        for each in self._open:
            each.close()


class Node:
    """A node of a cluster of its own, without a network until it is asked for."""

    def __init__(self, engine, mark, name="n1", *, host_network="host", address=""):
        self.engine, self.mark, self.name = engine, mark, name
        self.uid = f"{mark}-{name}"
        self.client = engine.client
        self.own = Engine(address or engine.address)
        self.told = Told()
        self.site = Site(mark, name, self.uid, f"{mark}-net", host_network, engine.busybox, 1500, 512 << 20)
        self.runtime = DockerRuntime(self.own, self.site, self.told)

    def container(self, name, *command, **words):
        return {"name": name, "image": self.engine.busybox, "command": list(command), **words}

    def order(self, *containers, uid="p", epoch=1, name="web", namespace="default", owner="", devices=None, **words):
        spec = {"containers": list(containers), "terminationGracePeriodSeconds": 1, **words}
        return StartOrder(uid, epoch, namespace, name, owner, spec, devices or {})

    def start(self, *containers, **words):
        self.runtime.start(self.order(*containers, **words))

    def containers(self, uid="p", **filters):
        wanted = [f"{labels.NODE_UID}={self.uid}", f"{labels.POD_UID}={uid}"]
        return self.client.containers.list(all=True, ignore_removed=True, filters={"label": wanted, **filters})

    def one(self, container="main", uid="p"):
        """The container of that name, as docker-py has it."""
        (found,) = [each for each in self.containers(uid) if each.labels.get(labels.CONTAINER) == container]
        return found

    def output(self, container="main", uid="p"):
        return self.one(container, uid).logs().decode()

    def stop(self, uid="p", epoch=1, grace_ms=0):
        before = len(self.told.all)
        self.runtime.stop(uid, epoch, grace_ms)
        self.told.wait("stopped", uid, after=before)

    def close(self):
        self.runtime.close()
        again = DockerRuntime(Engine(self.engine.address), self.site, self.told)
        again.clean()
        again.close()


@pytest.fixture
def relay(engine, tmp_path):
    if not engine.address.startswith("unix://"):
        pytest.skip("needs an engine on a socket of this machine: unset DOCKER_HOST")
    with closing(Relay(tmp_path, engine)) as relay:
        yield relay


@pytest.fixture
def make_node(engine, cluster_mark):
    with ExitStack() as stack:
        network = engine.client.networks.create(f"{cluster_mark}-net", labels={labels.CLUSTER: cluster_mark})
        stack.callback(network.remove)

        def make(name="n1", **words):
            node = Node(engine, cluster_mark, name, **words)
            stack.callback(node.close)
            return node

        yield make


@pytest.fixture
def node(make_node):
    return make_node()


@pytest.fixture(scope="session")
def node_class():
    """For a node on an engine of a test's own."""
    return Node


class RunningWarden:
    """A warden of a folder of its own, and somebody who asks it."""

    def __init__(self, folder):
        #: No other's on this machine, for what is left of a node is killed by that.
        self.node_uid = f"n-{secrets.token_hex(8)}"
        self.folder = folder
        launch(str(folder), self.node_uid)
        self.talk = self.until(self.reached, "there")
        self.about = self.ask("hello")
        self.lease()

    def reached(self):
        with suppress(WardenAway):
            return Talk(str(self.folder))

    def ask(self, do, **about):
        return self.talk.ask({"do": do, **about})

    def lease(self, for_ms=3_600_000):
        self.ask("lease", until=now_ms() + for_ms)

    @property
    def term(self):
        return self.ask("hello")["term"]

    def question(self, script, *, uid="p", epoch=1, container="main", run=1, **more):
        """What asks for a script of the shell to be run."""
        log = self.folder / f"{uid}-{epoch}-{container}.log"
        about = {"argv": ["sh", "-c", script], "env": {"PATH": "/usr/bin:/bin"}, "cwd": str(self.folder)}
        return {**about, "uid": uid, "epoch": epoch, "container": container, "run": run, "log": str(log), **more}

    def start(self, script, **more):
        return self.ask("start", **{"term": self.term, **self.question(script, **more)})["run"]

    def runs(self):
        return {run["run"]: run for run in self.ask("list")["runs"]}

    def wait(self, run, state):
        """What is told of a run once it is so."""
        return self.until(lambda: (told := self.runs()[run])["state"] == state and told, state)

    def pid_in(self, name):
        """That a script wrote into a file of this folder."""
        path = self.folder / name
        return int(self.until(lambda: path.exists() and path.read_text().endswith("\n") and path.read_text(), name))

    def said(self):
        return (self.folder / LOG).read_text(encoding="utf-8")

    def until(self, wanted, what):
        waiting, end_s = threading.Event(), time.monotonic() + PATIENCE_S
        while not (found := wanted()):
            assert time.monotonic() < end_s, f"it never came to be {what}; the warden says:\n{self.said()}"
            waiting.wait(0.01)
        return found

    def close(self):
        self.talk.close()
        with suppress(WardenAway, WardenRefused), closing(Talk(str(self.folder))) as talk:
            talk.ask({"do": "stop"})
        self.until(lambda: start_of(self.about["pid"]) != self.about["start"], "gone")


@pytest.fixture
def warden(tmp_path):
    with closing(RunningWarden(tmp_path)) as warden:
        yield warden
