from __future__ import annotations

import subprocess
import sys

import pluggy
import pytest

from kube9.backends import builtin
from kube9.backends.memory import MemoryBackend
from kube9.clocks import VirtualClock
from kube9.core import hookspecs
from kube9.core.errors import BackendError, InvalidInput, MissingExtra
from kube9.core.nodes import Node, NodeSpec
from kube9.core.ports import JoinTicket, NodeBackend
from kube9.core.registry import Registry


@pytest.fixture
def backends() -> Registry[NodeBackend]:
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    manager.register(builtin)
    registry: Registry[NodeBackend] = Registry("backend")
    manager.hook.kube9_register_backends(register=lambda name, factory: registry.add(name, factory, plugin="backends"))
    return registry


def test_the_memory_backend_is_offered_and_takes_its_knobs_as_text(backends):
    clock, told = VirtualClock(), []
    backend = backends.make("memory", clock=clock, deliver=told.append, create_delay_ms="70")
    assert isinstance(backend, MemoryBackend)
    assert isinstance(backend, NodeBackend)
    backend.create_node(Node(uid="n", spec=NodeSpec(name="n"), ordinal=1), JoinTicket(node_uid="n"))
    clock.advance(100)
    assert [(type(stimulus).__name__, stimulus.at_ms) for stimulus in told] == [("NodeJoined", 70)]


def test_a_knob_that_does_not_exist_is_refused_with_the_backends_name(backends):
    with pytest.raises(InvalidInput, match="backend 'memory' from plugin 'backends': there is no option 'speed'"):
        backends.make("memory", clock=VirtualClock(), deliver=print, speed="7")


def test_nodes_are_heard_if_it_is_asked_for(backends):
    clock, told = VirtualClock(), []
    backend = backends.make("memory", clock=clock, deliver=told.append, heartbeat_ms="40")
    assert backend.heartbeat_ms == 40
    backend.create_node(Node(uid="n", spec=NodeSpec(name="n"), ordinal=1), JoinTicket(node_uid="n"))
    clock.advance(100)
    assert [(type(stimulus).__name__, stimulus.at_ms) for stimulus in told] == [
        ("NodeJoined", 0),
        ("Heartbeat", 40),
        ("Heartbeat", 80),
    ]
    with pytest.raises(InvalidInput, match="option 'heartbeat_ms' must be a whole number of milliseconds"):
        backends.make("memory", clock=clock, deliver=told.append, heartbeat_ms="often")


def test_the_docker_backend_refuses_what_it_cannot_use_before_it_looks_for_an_engine(backends):
    def make(**options):
        backends.make("docker", clock=VirtualClock(), deliver=print, **options)

    with pytest.raises(InvalidInput, match="there is no option 'image'; expected one of base, "):
        make(cluster="c-1", image="python:3")
    with pytest.raises(InvalidInput, match="option 'host' must be the address of an engine"):
        make(cluster="c-1", host="gopher://far")
    with pytest.raises(InvalidInput, match="cluster must be"):
        make(host="unix:///nowhere.sock")


def test_the_docker_backend_is_made_also_where_no_engine_answers_yet(backends, tmp_path, caplog):
    pytest.importorskip("docker", reason="needs docker-py: pip install 'kube9[test]'")
    host = f"unix://{tmp_path}/docker.sock"
    backend = backends.make("docker", clock=VirtualClock(), deliver=print, cluster="c-1", host=host)
    try:
        assert isinstance(backend, NodeBackend)
        with pytest.raises(BackendError, match="cannot be reached.* is it running"):
            backend.list_pods(Node(uid="n", spec=NodeSpec(name="n"), ordinal=1))
    finally:
        backend.close()


def test_without_its_package_the_docker_backend_says_what_to_install(monkeypatch, backends):
    monkeypatch.setitem(sys.modules, "docker", None)
    with pytest.raises(MissingExtra, match=r"pip install 'kube9\[docker\]'"):
        backends.make("docker", clock=VirtualClock(), deliver=print, cluster="c-1")


def test_nothing_of_docker_is_loaded_before_it_is_asked_for():
    program = "import sys, kube9.backends.builtin, kube9.cli.main; sys.exit('docker' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=60).returncode == 0
