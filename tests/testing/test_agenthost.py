from __future__ import annotations

import pytest

from kube9.clocks import RealClock
from kube9.core.containers import Container, EnvVar, RestartPolicy
from kube9.core.pods import PodSpec
from kube9.testing import BackendContract
from kube9.testing.agenthost import AgentHost
from kube9.testing.agentprocesses import AgentProcesses


def pretending(name: str, policy: RestartPolicy = RestartPolicy.NEVER, **knobs: str) -> PodSpec:
    env = tuple(EnvVar(name=knob, value=value) for knob, value in knobs.items())
    return PodSpec(
        name=name,
        requests={"cpu": 10, "memory": 2**20},
        containers=(Container(name="main", env=env),),
        restart_policy=policy,
    )


class TestContract(BackendContract):
    """The real agent as a process, pods that pretend, and beats over a real network."""

    pytestmark = pytest.mark.once
    cannot = frozenset({"copies", "exec", "fence", "follow", "heartbeats", "logs", "reconnect"})
    quiet_ms = 400

    @pytest.fixture
    def clock(self):
        with RealClock() as clock:
            yield clock

    @pytest.fixture
    def backend(self, clock, deliver, tmp_path):
        processes = AgentProcesses(clock, deliver, tmp_path)
        with AgentHost(processes, deliver, clock) as host:
            yield host
            processes.close()

    def long_pod(self):
        return pretending("long", START_MS="2", STOP_MS="3")

    def short_pod(self, exit_code):
        return pretending("short", EXIT_CODE=str(exit_code), RUN_MS="5")

    def crashing_pod(self):
        return pretending("crashing", RestartPolicy.ALWAYS, EXIT_CODE="1", RUN_MS="5")

    def unready_pod(self):
        return pretending("unready", READY_MS="3000")

    def unstartable_pod(self):
        return pretending("unstartable", START_ERROR="no such image")

    def lose_node(self, backend, node):
        backend.backend.crash(node.uid)
