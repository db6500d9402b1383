from __future__ import annotations

import pytest

from kube9.backends.docker.backend import DockerBackend
from kube9.backends.docker.door import ServerAt
from kube9.backends.docker.endpoint import Endpoint
from kube9.backends.docker.settings import DockerSettings
from kube9.clocks import RealClock
from kube9.core.containers import Container, ExecAction, Probe, PullPolicy, RestartPolicy
from kube9.core.pods import PodSpec
from kube9.core.stimuli import LookAfterNode
from kube9.testing import BackendContract
from kube9.testing.agenthost import AgentHost

pytestmark = [pytest.mark.once, pytest.mark.timeout(180)]

QUIET = ("sh", "-c", "trap 'exit 0' TERM; echo it began; while :; do sleep 1 & wait $!; done")


@pytest.fixture
def clock():
    with RealClock() as clock:
        yield clock


def backend_on(engine, clock, deliver, mark, **settings):
    return DockerBackend(
        clock,
        deliver,
        cluster=mark,
        endpoint=Endpoint(url=engine.address, source="the tests"),
        settings=DockerSettings(**{"base": engine.node_base, "pull": "Never", **settings}),
        server=ServerAt(),
    )


class TestContract(BackendContract):
    """The real engine, real agents, and a control plane that is as small as they let it be."""

    cannot = frozenset({"copies"})
    quiet_ms = 700

    @pytest.fixture
    def clock(self):
        with RealClock() as clock:
            yield clock

    @pytest.fixture
    def backend(self, engine, clock, deliver, cluster_mark):
        docker = backend_on(engine, clock, deliver, cluster_mark)
        self.engine, self.mark, self.deliveries = engine, cluster_mark, deliver
        with AgentHost(docker, deliver, clock) as host:
            yield host
            docker.close()

    def of_busybox(self, name, command, policy=RestartPolicy.NEVER, **more):
        container = Container(
            name="main",
            image=self.engine.busybox,
            command=command,
            requests={"cpu": 10, "memory": 2**23},
            **more,
        )
        return PodSpec(name=name, containers=(container,), restart_policy=policy)

    def long_pod(self):
        return self.of_busybox("long", QUIET)

    def expected_log(self):
        return b"it began"

    def short_pod(self, exit_code):
        return self.of_busybox("short", ("sh", "-c", f"exit {exit_code}"))

    def crashing_pod(self):
        return self.of_busybox("crashing", ("sh", "-c", "exit 1"), RestartPolicy.ALWAYS)

    def unready_pod(self):
        command = ("sh", "-c", "sleep 1; touch /tmp/ready; sleep 1000")
        probe = Probe(action=ExecAction(command=("test", "-e", "/tmp/ready")), period_ms=100)
        return self.of_busybox("unready", command, readiness=probe)

    def unstartable_pod(self):
        absent = Container(name="main", image="kube9-test/no-such-image:1", pull_policy=PullPolicy.NEVER)
        return PodSpec(name="unstartable", containers=(absent,))

    def lose_node(self, backend, node):
        container = self.engine.client.containers.get(f"kube9-{self.mark}-{node.name}")
        before = len(self.deliveries.of(LookAfterNode, node.uid))
        container.kill()
        heard = self.deliveries.wait_for(lambda: len(self.deliveries.of(LookAfterNode, node.uid)) > before, 10_000)
        assert heard, "nobody told that the node's container died"
