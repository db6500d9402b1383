"""Backends on a real engine whose nodes run a program that only waits, which is quick."""

from __future__ import annotations

import hashlib
import io
import threading
import time
import zipfile

import pytest

from kube9.agent import labels
from kube9.backends.agentfile import AgentFile
from kube9.backends.docker.backend import DockerBackend
from kube9.backends.docker.endpoint import Endpoint
from kube9.backends.docker.settings import DockerSettings
from kube9.backends.serverat import ServerAt
from kube9.clocks import RealClock
from kube9.core.errors import NodeGone
from kube9.core.nodes import Node, NodeSpec
from kube9.core.ports import JoinTicket
from kube9.core.stimuli import DestroyNodeDone
from kube9.testing import Deliveries

#: Nothing that works waits for it.
PATIENCE_S = 60.0
SERVER_URL = "http://127.0.0.1:9"

WAITS = """
import signal, sys
signal.signal(signal.SIGHUP, lambda *_: print("told to read again", flush=True))
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
print("it began", flush=True)
while True:
    signal.pause()
"""


def program(source):
    """An agent of a test's own."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo("__main__.py"), source)
    return AgentFile(data=buffer.getvalue(), sha256=hashlib.sha256(buffer.getvalue()).hexdigest())


def eventually(holds, patience_s=PATIENCE_S):
    """Wait until it does; returns what it said, or fails."""
    end_s, pause = time.monotonic() + patience_s, threading.Event()
    while not (said := holds()):
        assert time.monotonic() < end_s, f"did not come about in {patience_s:.0f} s: {holds}"
        pause.wait(0.02)
    return said


class Bench:
    """A backend of one cluster, its nodes, and an eye of its own on the engine."""

    def __init__(self, engine, clock, mark, source=WAITS, server=SERVER_URL, **settings):
        self.engine, self.clock, self.mark = engine, clock, mark
        self.deliveries = Deliveries(clock)
        self.nodes = []
        self.backend = DockerBackend(
            clock,
            self.deliveries,
            cluster=mark,
            endpoint=Endpoint(url=engine.address, source="the tests"),
            settings=DockerSettings(**{"base": engine.node_base, "pull": "Never", **settings}),
            server=ServerAt(url=server),
            agent=lambda: program(source),
        )

    def knows(self):
        """Wait until the backend has looked at what there is, and hears from then on what becomes of it."""
        nobody = Node(uid=f"nobody-{self.mark}", spec=NodeSpec(name="nobody", backend="docker"), ordinal=1)

        def objects():
            try:
                self.backend.start_pod(nobody, None)
            except NodeGone:
                return True
            return False

        eventually(objects)

    def node(self, name="n", **capacity):
        number = len(self.nodes) + 1
        spec = NodeSpec(name=name, backend="docker", capacity=capacity or {"cpu": 500, "memory": 2**27})
        node = Node(uid=f"{name}-{number}-{self.mark}", spec=spec, ordinal=number)
        self.nodes.append(node)
        return node

    def ticket(self, node, token="the-secret-token"):
        return JoinTicket(node_uid=node.uid, token=token)

    def up(self, name="n", **capacity):
        """A node whose container runs."""
        node = self.node(name, **capacity)
        self.backend.create_node(node, self.ticket(node))
        self.began(node)
        return node

    def began(self, node, times=1):
        """Wait until its program has begun so often."""
        eventually(lambda: self.said(node).count(b"it began") >= times)

    def said(self, node):
        """What its program has written; nothing where it does not run."""
        container = self.container(node)
        return container.logs() if container is not None and container.status == "running" else b""

    def container(self, node):
        """As docker-py has it; ``None`` where there is none."""
        found = self.engine.client.containers.list(
            all=True,
            ignore_removed=True,
            filters={"label": [f"{labels.NODE_UID}={node.uid}", f"{labels.ROLE}=node"]},
        )
        return found[0] if found else None

    def runs(self, node):
        container = self.container(node)
        return container is not None and container.status == "running"

    def run(self, node, name="main", command=("sleep", "1000"), *, pod="pod-1", epoch=1, role="container", **more):
        """A container as the node's agent would start one."""
        about = {
            labels.CLUSTER: self.mark,
            labels.NODE_UID: node.uid,
            labels.ROLE: role,
            labels.POD_UID: pod,
            labels.EPOCH: str(epoch),
            labels.CONTAINER: name,
        }
        options = {"network_mode": "none", "detach": True, **more}
        return self.engine.client.containers.run(self.engine.busybox, list(command), labels=about, **options)

    def ended(self, container):
        """Wait until it has ended, also in the engine's list, which is a little behind."""
        container.wait()
        mine = {"id": container.id}
        eventually(lambda: self.engine.client.api.containers(all=True, filters=mine)[0]["State"] == "exited")

    def gone(self, container):
        """Wait until it is not there any more; somebody else may be removing it already."""
        eventually(lambda: ("container", container.id) not in self.engine.left(self.mark))

    def told(self, kind, node, times=1):
        """Wait until it was told, and return the last."""
        came = self.deliveries.wait_for(
            lambda: len(self.deliveries.of(kind, node.uid)) >= times, int(PATIENCE_S * 1_000)
        )
        assert came, f"{kind.__name__} did not come; came: {self.deliveries.all}"
        return self.deliveries.of(kind, node.uid)[-1]

    def destroy(self, node):
        self.backend.destroy_node(node)
        self.told(DestroyNodeDone, node)

    def leave(self):
        """End the backend as a server ends, and leave its nodes to another."""
        self.nodes = []
        self.backend.close()

    def close(self):
        """Destroy what was made."""
        try:
            for node in self.nodes:
                if not self.deliveries.of(DestroyNodeDone, node.uid):
                    self.destroy(node)
        finally:
            self.backend.close()


@pytest.fixture
def clock():
    with RealClock() as clock:
        yield clock


@pytest.fixture
def make_bench(engine, clock, cluster_mark):
    """Makes a backend on the machine's engine; all their nodes are destroyed in the end."""
    made = []

    def make(mark=cluster_mark, engine=engine, clock=clock, **options):
        made.append(Bench(engine, clock, mark, **options))
        made[-1].knows()
        return made[-1]

    yield make
    for bench in reversed(made):
        bench.close()


@pytest.fixture
def program_file():
    """Makes an agent of a test's own."""
    return program


@pytest.fixture
def bench(make_bench):
    return make_bench()
