"""A control plane on a real store, with nodes in memory that the test can reach."""

from __future__ import annotations

import itertools
import time

import pytest

from kube9.backends.memory import MemoryBackend
from kube9.clocks import RealClock
from kube9.controlplane import ControlPlane, PlaneSettings
from kube9.core.errors import StoreUnavailable
from kube9.core.nodes import NodePhase, NodeSpec
from kube9.core.pods import PodPhase, PodSpec
from kube9.core.settings import Settings
from kube9.plugins.health import Heartbeat
from kube9.store import open_store
from kube9.testing.clusters import cluster_with

#: Longer than anything here takes on the slowest of machines.
PATIENCE_S = 60.0


class Foretold:
    """A real clock, on which whatever is to happen in more than an hour waits until it is told to happen."""

    HOUR_MS = 3_600_000

    def __init__(self):
        self._clock, self._far = RealClock(), []

    def now_ms(self):
        return self._clock.now_ms()

    def call_at(self, at_ms, action):
        if at_ms > self.now_ms() + self.HOUR_MS:
            self._far.append(action)
        else:
            self._clock.call_at(at_ms, action)

    def come_to_pass(self):
        """Let all of that happen now."""
        while self._far:
            self._clock.call_at(0, self._far.pop(0))

    def close(self):
        self._clock.close()


class OutlivingBackend:
    """Machines in memory that outlive the control plane, as real ones do; they report to whoever listens now."""

    def __init__(self, **knobs):
        self.clock = Foretold()
        self.listener = None
        self.machines = MemoryBackend(self.clock, self._deliver, **knobs)

    def _deliver(self, stimulus):
        if self.listener is not None:
            self.listener(stimulus)

    def heard_by(self, listener):
        self.listener = listener
        return Handle(self)

    def close(self):
        self.listener = None
        self.machines.close()
        self.clock.close()


class Handle:
    """The same machines, as one control plane has them: closing it leaves them running."""

    def __init__(self, outliving):
        self._outliving = outliving

    def __getattr__(self, name):
        return getattr(self._outliving.machines, name)

    def close(self):
        self._outliving.listener = None


class FlakyStore:
    """A store whose commits fail on demand, before or after they were done."""

    def __init__(self, store):
        self._store = store
        self.failure = None
        self.fails_afterwards = False
        self.commits = 0

    def __getattr__(self, name):
        return getattr(self._store, name)

    def commit(self, changes, events=()):
        failure = self.failure
        if failure is not None and not self.fails_afterwards:
            raise failure
        self._store.commit(changes, events)
        if failure is not None:
            raise failure
        self.commits += 1

    def break_down(self, error=None, *, afterwards=False):
        self.fails_afterwards = afterwards
        self.failure = error or StoreUnavailable("the database does not answer")

    def recover(self):
        self.failure = None


class World:
    """Control planes one after the other on one database, and the ways to wait for what they do."""

    def __init__(self, tmp_path):
        self.path = tmp_path / "state.db"
        self.plane = None
        self.store = None
        self.backend = None
        self.cluster = None
        self.told = []
        self.fatal = []
        self._outliving = None
        self._uids = itertools.count(1)

    def start(self, *, store=None, make_backend=None, backends=("memory",), knobs=None, outliving=False, **more):
        """A control plane that runs, on the same database as any before."""
        settings = {"commit_retry_ms": 10, "commit_retry_ms_max": 40, "backend_retry_ms": 10, "stop_grace_ms": 30_000}
        settings.update(more.pop("settings", {}))
        clock = RealClock()
        if outliving and self._outliving is None:
            self._outliving = OutlivingBackend(**(knobs or {}))

        def make(name, deliver):
            if make_backend is not None:
                self.backend = make_backend(name, clock, deliver)
            elif outliving:
                self.backend = self._outliving.heard_by(deliver)
            else:
                self.backend = MemoryBackend(clock, deliver, **(knobs or {}))
            return self.backend

        self.store = FlakyStore(store or open_store(str(self.path)))
        self.cluster = more.pop("cluster", None) or cluster_with(settings=more.pop("patience", Settings()))
        self.plane = ControlPlane(
            cluster=self.cluster,
            store=self.store,
            clock=clock,
            make_backend=make,
            backends=backends,
            health=more.pop("health", Heartbeat()),
            announce=more.pop("announce", self.told.append),
            settings=PlaneSettings(**settings),
            on_fatal=self.fatal.append,
            **more,
        )
        self.plane.start()
        return self.plane

    def restart(self, **more):
        self.plane.stop()
        return self.start(**more)

    def close(self):
        if self.plane is not None:
            self.plane.stop()
        if self._outliving is not None:
            self._outliving.close()

    # What tests do.

    def node(self, name, cpu_milli=1000, **more):
        """Add a node and wait until it is up."""
        self.plane.add_node(NodeSpec(name=name, capacity={"cpu": cpu_milli}, **more), uid=f"uid-{name}")
        self.until(lambda view: view.node(name).phase is NodePhase.READY)
        return self.plane.view.node(name)

    def pod(self, name, cpu_milli=100, **more):
        spec = PodSpec(name=name, requests={"cpu": cpu_milli}, **more)
        return self.plane.launch_pod(spec, uid=f"uid-{name}-{next(self._uids)}").pod

    def running(self, name, cpu_milli=100, **more):
        """Launch a pod and wait until it runs."""
        self.pod(name, cpu_milli, **more)
        self.until(lambda view: view.pod("default", name).phase is PodPhase.RUNNING)
        return self.plane.view.pod("default", name)

    def until(self, holds, timeout_s=PATIENCE_S):
        """Wait until something holds, which a change of the view brings about, or what follows it."""
        view, deadline_s = self.plane.view, time.monotonic() + timeout_s
        while True:
            revision = view.revision
            if holds(view):
                return
            left_s = deadline_s - time.monotonic()
            assert left_s > 0, f"it did not come about in {timeout_s} s: {[*map(str, self.types())]}"
            view.wait(revision, 0.02)

    def until_event(self, kind, count=1):
        self.until(lambda _: self.types().count(kind) >= count)

    def types(self):
        """The types of all events so far."""
        return [event.type for event in self.plane.events.since(0, 100_000)]


@pytest.fixture
def world(tmp_path):
    world = World(tmp_path)
    yield world
    world.close()
