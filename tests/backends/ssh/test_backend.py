from __future__ import annotations

import pytest

from kube9.backends.serverat import ServerAt
from kube9.backends.ssh.backend import make_backend
from kube9.backends.ssh.settings import SshSettings
from kube9.clocks import RealClock
from kube9.core.containers import Container, ExecAction, Probe, RestartPolicy
from kube9.core.nodes import NodeSpec
from kube9.core.pods import PodSpec
from kube9.testing import BackendContract
from kube9.testing.agenthost import AgentHost

pytestmark = [pytest.mark.once, pytest.mark.timeout(180)]

MARK = "c-0123abcd"
QUIET = ("sh", "-c", "trap 'exit 0' TERM; echo it began; while :; do sleep 1 & wait $!; done")


def backend_of(ssh, clock, deliver, **settings):
    return make_backend(
        clock,
        deliver,
        cluster=MARK,
        settings=SshSettings(**settings),
        server=ServerAt(),
        environment=ssh.environment,
    )


@pytest.fixture
def clock():
    with RealClock() as clock:
        yield clock


class TestContract(BackendContract):
    """A real sshd, real agents, and a control plane that is as small as they let it be, reached through a tunnel."""

    cannot = frozenset({"copies"})
    quiet_ms = 700
    more = ""

    @pytest.fixture
    def clock(self):
        with RealClock() as clock:
            yield clock

    @pytest.fixture
    def backend(self, ssh, clock, deliver):
        self.machine = ssh.machine(more=self.more)
        backend = backend_of(ssh, clock, deliver)
        with AgentHost(backend, deliver, clock) as host:
            yield host
            backend.close()

    def node_spec(self, name):
        options = {**self.machine.options, "runtime": "process"}
        return NodeSpec(name=name, backend="ssh", capacity={"cpu": 1000, "memory": 2**30}, options=options)

    def process(self, name, command, policy=RestartPolicy.NEVER, **more):
        container = Container(name="main", command=command, requests={"cpu": 10, "memory": 2**23}, **more)
        return PodSpec(name=name, containers=(container,), restart_policy=policy)

    def long_pod(self):
        return self.process("long", QUIET)

    def expected_log(self):
        return b"it began"

    def short_pod(self, exit_code):
        return self.process("short", ("sh", "-c", f"exit {exit_code}"))

    def crashing_pod(self):
        return self.process("crashing", ("sh", "-c", "exit 1"), RestartPolicy.ALWAYS)

    def unready_pod(self):
        command = ("sh", "-c", "sleep 1; touch ready; exec sleep 1000")
        probe = Probe(action=ExecAction(command=("test", "-e", "ready")), period_ms=100)
        return self.process("unready", command, readiness=probe)

    def unstartable_pod(self):
        return self.process("unstartable", ("/no/such/program",))

    def lose_node(self, backend, node):
        backend.backend.fail_node(node)
