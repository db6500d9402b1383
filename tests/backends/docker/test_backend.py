from __future__ import annotations

import json
import secrets
import threading
import time

import pytest
from attrs import evolve

from kube9.agent import labels
from kube9.backends.docker.backend import DockerBackend
from kube9.backends.docker.endpoint import Endpoint
from kube9.backends.docker.settings import DockerSettings
from kube9.backends.serverat import ServerAt
from kube9.clocks import RealClock, VirtualClock
from kube9.core.containers import Container, ExecAction, Probe, PullPolicy, RestartPolicy
from kube9.core.errors import BackendError, InvalidInput, NodeDown, NodeGone
from kube9.core.pods import PodSpec
from kube9.core.stimuli import (
    CreateNodeFailed,
    DestroyNodeDone,
    LookAfterNode,
    NodeAbsent,
    NodeFenced,
    RestartNodeFailed,
)
from kube9.testing import BackendContract
from kube9.testing.agenthost import AgentHost
from kube9.testing.deliveries import Readying

docker = pytest.importorskip("docker", reason="needs docker-py: pip install 'kube9[test]'")

pytestmark = [pytest.mark.once, pytest.mark.timeout(180)]

OURS = {getattr(labels, name) for name in labels.__all__}
PATIENCE_S = 60.0
QUIET = ("sh", "-c", "trap 'exit 0' TERM; echo it began; while :; do sleep 1 & wait $!; done")


def eventually(holds):
    """Wait until it does; returns what it said, or fails."""
    end_s, pause = time.monotonic() + PATIENCE_S, threading.Event()
    while not (said := holds()):
        assert time.monotonic() < end_s, f"did not come about in {PATIENCE_S:.0f} s: {holds}"
        pause.wait(0.02)
    return said


def has_ended(container):
    """Whether it runs no more; whoever looks at a node that is down for the second time removes what is left of it."""
    try:
        container.reload()
    except docker.errors.NotFound:
        return True
    return not container.attrs["State"]["Running"]


class StandingClock:
    """Time that goes on when a test says so, and then does what is due; any thread may ask for that."""

    def __init__(self):
        self._clock, self._lock = VirtualClock(1_000), threading.RLock()
        #: When something was asked to be done.
        self.asked_for_ms = []

    def now_ms(self):
        with self._lock:
            return self._clock.now_ms()

    def call_at(self, at_ms, action):
        with self._lock:
            self.asked_for_ms.append(at_ms)
            self._clock.call_at(at_ms, action)

    def advance(self, ms):
        with self._lock:
            self._clock.advance(ms)


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

    # What runs on its nodes, their agents tell.
    cannot = frozenset({"copies", "heartbeats", "reconnect"})
    quiet_ms = 700

    @pytest.fixture
    def clock(self):
        with RealClock() as clock:
            yield clock

    @pytest.fixture
    def deliver(self, clock):
        self.has_unready = False
        return Readying(clock, self.make_ready)

    def make_ready(self, uid):
        if self.has_unready:
            wanted = {"label": [f"{labels.POD_UID}={uid}", f"{labels.CONTAINER}=main"]}
            (container,) = self.engine.client.containers.list(filters=wanted)
            assert container.exec_run(["touch", "/ready"]).exit_code == 0

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
        self.has_unready = True
        probe = Probe(action=ExecAction(command=("test", "-e", "/ready")), period_ms=1_000, timeout_ms=60_000)
        return self.of_busybox("unready", ("sleep", "1000"), readiness=probe)

    def unstartable_pod(self):
        absent = Container(name="main", image="kube9-test/no-such-image:1", pull_policy=PullPolicy.NEVER)
        return PodSpec(name="unstartable", containers=(absent,))

    def lose_node(self, backend, node):
        container = self.engine.client.containers.get(f"kube9-{self.mark}-{node.name}")
        before = len(self.deliveries.of(LookAfterNode, node.uid))
        container.kill()
        heard = self.deliveries.wait_for(lambda: len(self.deliveries.of(LookAfterNode, node.uid)) > before, 60_000)
        assert heard, "nobody told that the node's container died"


def test_a_node_is_a_container_with_its_capacity_and_its_labels(bench, engine):
    node = bench.up(cpu=300, memory=2**27)
    about = bench.container(node).attrs
    assert about["Name"] == f"/kube9-{bench.mark}-n"
    assert about["Config"]["Hostname"] == "n"
    assert about["HostConfig"]["NanoCpus"] == 300_000_000
    assert about["HostConfig"]["Memory"] == 2**27
    assert about["HostConfig"]["RestartPolicy"]["Name"] in ("", "no")
    assert about["HostConfig"]["LogConfig"]["Config"]["max-size"]
    told = {name: text for name, text in about["Config"]["Labels"].items() if name in OURS}
    assert told == {
        labels.CLUSTER: bench.mark,
        labels.NODE: "n",
        labels.NODE_UID: node.uid,
        labels.ROLE: "node",
    }
    assert list(about["NetworkSettings"]["Networks"]) == [f"kube9-{bench.mark}"]


def test_the_token_is_in_a_file_that_only_root_reads_and_nowhere_else(bench, engine):
    container = bench.container(bench.up())
    shown = container.exec_run(["stat", "-c", "%a", "/etc/kube9/token"]).output
    assert shown.strip() == b"600"
    assert container.exec_run(["cat", "/etc/kube9/token"]).output == b"the-secret-token"
    assert b"the-secret-token" not in container.logs()
    assert "the-secret-token" not in json.dumps(container.attrs)


def test_a_node_that_runs_is_left_alone_by_a_second_create_but_for_a_new_token(bench):
    node = bench.up()
    first = bench.container(node)
    bench.backend.create_node(node, bench.ticket(node, token="another"))
    eventually(lambda: b"told to read again" in first.logs())
    assert first.exec_run(["cat", "/etc/kube9/token"]).output == b"another"
    assert bench.container(node).id == first.id


def test_a_stopped_container_of_the_node_is_replaced(bench):
    node = bench.up()
    first = bench.container(node)
    first.kill()
    bench.told(LookAfterNode, node)
    bench.backend.create_node(node, bench.ticket(node))
    eventually(lambda: bench.runs(node))
    assert bench.container(node).id != first.id


def test_a_node_whose_container_dies_takes_its_pods_with_it_and_that_is_told(bench):
    node = bench.up()
    pod = bench.run(node)
    bench.container(node).kill()
    bench.told(LookAfterNode, node)
    assert has_ended(pod)
    with pytest.raises(NodeDown, match="^its container ended with code 137$"):
        bench.backend.list_pods(node)
    with pytest.raises(NodeGone, match="is down"):
        bench.backend.start_pod(node, None)


def test_a_node_whose_container_was_removed_is_gone(bench):
    node = bench.up()
    pod = bench.run(node)
    bench.container(node).remove(force=True)
    bench.told(LookAfterNode, node)
    assert has_ended(pod)
    with pytest.raises(NodeGone) as gone:
        bench.backend.list_pods(node)
    assert gone.type is NodeGone


def test_a_paused_node_is_up(bench):
    node = bench.up()
    bench.container(node).pause()
    pod = bench.run(node)
    assert bench.backend.list_pods(node) is None
    pod.reload()
    assert pod.status == "running"


def test_a_restart_ends_the_pods_before_it_says_so_and_starts_the_same_container(bench):
    node = bench.up()
    before = bench.container(node)
    pod = bench.run(node)
    bench.backend.restart_node(evolve(node, lease_left_ms=60_000, incarnation="boot-1"))
    assert bench.told(NodeFenced, node).incarnation == "boot-1"
    bench.began(node, times=2)
    assert bench.container(node).id == before.id
    pod.reload()
    assert pod.status == "exited", "what is left of it the agent removes when it begins"


def test_nobody_is_told_of_a_fence_whom_no_lease_keeps_waiting(bench):
    node = bench.up()
    bench.backend.restart_node(node)
    bench.began(node, times=2)
    assert bench.deliveries.of(NodeFenced, node.uid) == []


def test_a_node_without_a_container_is_absent_rather_than_not_restarted(bench):
    node = bench.up()
    bench.container(node).remove(force=True)
    bench.backend.restart_node(evolve(node, incarnation="boot-1"))
    assert bench.told(NodeAbsent, node).incarnation == "boot-1"
    assert bench.deliveries.of(RestartNodeFailed, node.uid) == []


def test_a_node_that_dies_before_it_joined_was_not_made(make_bench):
    bench = make_bench(source="print('what it says last'); raise SystemExit(7)")
    node = bench.node()
    bench.backend.create_node(node, bench.ticket(node))
    reason = bench.told(CreateNodeFailed, node).reason
    assert reason == "its container ended with code 7; it said last: what it says last"


def test_a_node_that_dies_right_after_its_restart_was_not_restarted(make_bench):
    once = "import os, sys, time\nif os.path.exists('/seen'): sys.exit(9)\nopen('/seen', 'w').close()\n"
    once += "print('it began', flush=True)\ntime.sleep(1000)"
    bench = make_bench(source=once)
    node = bench.up()
    bench.backend.restart_node(node)
    assert "ended with code 9" in bench.told(RestartNodeFailed, node).reason


def test_a_base_image_that_is_not_there_is_told_with_what_to_do(make_bench):
    bench = make_bench(base="kube9-test/no-such-base:1")
    node = bench.node()
    bench.backend.create_node(node, bench.ticket(node))
    reason = bench.told(CreateNodeFailed, node).reason
    assert "'kube9-test/no-such-base:1' is not on the engine" in reason
    assert "--backend docker:base=IMAGE" in reason


def test_a_base_image_without_python_is_told(make_bench, engine):
    bench = make_bench(base=engine.busybox)
    node = bench.node()
    bench.backend.create_node(node, bench.ticket(node))
    reason = bench.told(CreateNodeFailed, node).reason
    assert "python3" in reason


def test_a_ticket_without_a_token_makes_no_node(bench):
    node = bench.node()
    bench.backend.create_node(node, bench.ticket(node, token=""))
    assert "no token" in bench.told(CreateNodeFailed, node).reason


def test_a_name_that_somebody_else_has_is_left_to_them(bench, engine):
    node = bench.node()
    other = engine.client.containers.create(engine.busybox, ["true"], name=f"kube9-{bench.mark}-n")
    try:
        bench.backend.create_node(node, bench.ticket(node))
        assert "rename or remove it" in bench.told(CreateNodeFailed, node).reason
        other.reload()
    finally:
        other.remove()


def test_what_a_node_of_that_name_left_that_was_struck_out_makes_room(bench):
    old = bench.up()
    pod = bench.run(old)
    new = bench.node()
    bench.backend.create_node(new, bench.ticket(new))
    eventually(lambda: bench.runs(new))
    assert bench.container(old) is None
    bench.gone(pod)


def test_a_destroyed_node_leaves_nothing_and_the_last_one_no_network(bench, engine):
    node, other = bench.up("n"), bench.up("m")
    bench.run(node, volumes=["/data"])
    api, about = engine.client.api, {labels.CLUSTER: bench.mark, labels.NODE_UID: node.uid, labels.ROLE: "volume"}
    api.create_volume(f"{bench.mark}-data", labels=about)
    bench.destroy(node)
    assert set(engine.left(bench.mark).values()) == {f"kube9-{bench.mark}-m", f"kube9-{bench.mark}"}
    bench.destroy(other)
    assert engine.left(bench.mark) == {}


def test_two_clusters_on_one_engine_do_not_see_each_other(make_bench, engine):
    one, other = make_bench(), make_bench(mark=f"c-{secrets.token_hex(4)}")
    mine, theirs = one.up(), other.up()
    their_pod = other.run(theirs)
    one.container(mine).kill()
    one.told(LookAfterNode, mine)
    one.destroy(mine)
    their_pod.reload()
    assert their_pod.status == "running"
    assert other.backend.list_pods(theirs) is None
    assert other.deliveries.all == []


def test_other_peoples_containers_are_never_touched(bench, engine):
    node = bench.up()
    run = engine.client.containers.run
    bare = run(engine.busybox, ["sleep", "1000"], detach=True, network_mode="none")
    # One that bears the node's uid, but belongs to nobody's cluster.
    named = run(engine.busybox, ["sleep", "1000"], detach=True, network_mode="none", labels={labels.NODE_UID: node.uid})
    try:
        bench.container(node).kill()
        bench.told(LookAfterNode, node)
        bench.destroy(node)
        for container in (bare, named):
            container.reload()
            assert container.status == "running"
    finally:
        bare.remove(force=True)
        named.remove(force=True)


def test_a_server_that_starts_again_finds_its_nodes_and_tells_them_where_it_is(bench, make_bench):
    node = bench.up()
    bench.leave()
    again = make_bench(server="http://127.0.0.1:10")
    container = bench.container(node)
    eventually(lambda: b"told to read again" in container.logs())
    told = json.loads(container.exec_run(["cat", "/etc/kube9/server.json"]).output)
    assert told["url"].endswith(":10")
    assert again.backend.list_pods(node) is None
    again.backend.start_pod(node, None)
    again.destroy(node)


def test_a_server_that_starts_again_ends_what_lost_its_node_meanwhile(bench, make_bench):
    node = bench.up()
    orphan, other = bench.run(node), bench.node("other")
    stray = bench.run(other)
    bench.leave()
    bench.container(node).kill()
    again = make_bench()
    again.told(LookAfterNode, node)
    assert has_ended(orphan)
    again.gone(stray)
    again.destroy(node)


def test_a_node_that_was_broken_for_good_is_not_restarted_by_any_server(bench, make_bench):
    node = bench.up()
    pod = bench.run(node)
    bench.backend.fail_node(node, permanent=True)
    assert has_ended(pod)
    bench.backend.restart_node(node)
    assert "broken for good" in bench.told(RestartNodeFailed, node).reason
    bench.leave()
    again = make_bench()
    again.backend.restart_node(node)
    assert "broken for good" in again.told(RestartNodeFailed, node).reason
    again.destroy(node)


def test_a_node_that_is_down_for_a_while_comes_back_by_itself_and_not_before(make_bench):
    clock = StandingClock()
    bench = make_bench(clock=clock)
    node = bench.up()
    bench.backend.fail_node(node, down_for_ms=1_500)
    due_ms = clock.now_ms() + 1_500
    bench.backend.restart_node(node)
    bench.told(LookAfterNode, node)
    eventually(lambda: clock.asked_for_ms.count(due_ms) == 2)
    assert not bench.runs(node)
    clock.advance(1_500)
    eventually(lambda: bench.runs(node))
    assert bench.deliveries.of(RestartNodeFailed, node.uid) == []


def test_a_node_that_is_down_for_a_while_is_brought_back_in_time_by_another_server(make_bench):
    bench, clock = make_bench(clock=StandingClock()), StandingClock()
    node = bench.up()
    bench.backend.fail_node(node, down_for_ms=3_000)
    bench.leave()
    again = make_bench(clock=clock)
    again.nodes.append(node)
    again.told(LookAfterNode, node)
    again.backend.restart_node(node)
    eventually(lambda: clock.now_ms() + 3_000 in clock.asked_for_ms)
    assert not again.runs(node)
    clock.advance(3_000)
    eventually(lambda: again.runs(node))
    assert again.deliveries.of(RestartNodeFailed, node.uid) == []


def test_a_node_that_is_not_there_cannot_be_broken(bench):
    with pytest.raises(NodeGone, match="has no container"):
        bench.backend.fail_node(bench.node())
    with pytest.raises(InvalidInput, match="give one of the two"):
        bench.backend.fail_node(bench.nodes[0], permanent=True, down_for_ms=5)


@pytest.mark.timeout(300)
def test_an_engine_that_restarts_is_come_back_to(own_engine, make_bench):
    """Its containers are down by then: pods are dead, that is told, and nodes can be restarted."""
    bench = make_bench(engine=own_engine)
    node, other = bench.up("n"), bench.up("m")
    pod = bench.run(node)
    own_engine.stop()
    with pytest.raises(BackendError, match="cannot be reached"):
        bench.backend.list_pods(node)
    # Asked for while it is away, and done when it is back.
    bench.backend.destroy_node(other)
    bench.backend.restart_node(node)
    own_engine.start()
    bench.told(DestroyNodeDone, other)
    eventually(lambda: bench.runs(node))
    assert bench.deliveries.of(RestartNodeFailed, node.uid) == []
    with pytest.raises(docker.errors.NotFound):
        pod.reload()
    # It is followed anew.
    eventually(lambda: bench.backend.list_pods(node) is None)
    bench.deliveries.all.clear()
    bench.container(node).kill()
    bench.told(LookAfterNode, node)
