"""The agent with pods that are processes: real ones, of this machine."""

from __future__ import annotations

import pytest

from kube9.clocks import RealClock
from kube9.core.containers import Container, ExecAction, Probe, RestartPolicy
from kube9.core.pods import PodSpec
from kube9.testing import BackendContract
from kube9.testing.agenthost import AgentHost
from kube9.testing.processnodes import ProcessNodes

pytestmark = pytest.mark.once


def shell(name, script, policy=RestartPolicy.NEVER, **more):
    return PodSpec(
        name=name,
        requests={"cpu": 10, "memory": 2**20},
        containers=(Container(name="main", command=("sh", "-c", script), **more),),
        restart_policy=policy,
    )


class TestContract(BackendContract):
    """The real agent and its warden as processes, pods that are such, and beats over a real network."""

    cannot = frozenset({"copies", "fence"})
    quiet_ms = 400

    @pytest.fixture
    def clock(self):
        with RealClock() as clock:
            yield clock

    @pytest.fixture
    def backend(self, clock, deliver, tmp_path):
        nodes = ProcessNodes(clock, deliver, tmp_path)
        with AgentHost(nodes, deliver, clock) as host:
            yield host
            nodes.close()

    def long_pod(self):
        return shell("long", "echo hello; exec sleep 1000")

    def short_pod(self, exit_code):
        return shell("short", f"exit {exit_code}")

    def crashing_pod(self):
        return shell("crashing", "exit 1", RestartPolicy.ALWAYS)

    def unready_pod(self):
        probe = Probe(action=ExecAction(command=("test", "-e", "ready")), period_ms=1000)
        return shell("unready", "sleep 0.4; touch ready; exec sleep 1000", readiness=probe)

    def unstartable_pod(self):
        return PodSpec(name="unstartable", containers=(Container(name="main", command=("kube9-no-such-program",)),))

    def lose_node(self, backend, node):
        backend.backend.crash(node.uid)
