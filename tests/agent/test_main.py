"""The agent as a program: a real process, a real network, and pods that pretend."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from kube9.agent.main import main
from kube9.backends.agentfile import agent_file
from kube9.clocks import RealClock
from kube9.core.containers import Container, EnvVar
from kube9.core.nodes import Node, NodeSpec
from kube9.core.pods import Pod, PodPhase, PodSpec
from kube9.core.ports import JoinTicket
from kube9.core.stimuli import NodeJoined, PodStarted, StartPodFailed, StopPodDone
from kube9.testing.agenthost import AgentHost
from kube9.testing.agentprocesses import AgentProcesses
from kube9.testing.deliveries import Deliveries
from kube9.testing.reservedport import ReservedPort

pytestmark = pytest.mark.once

PATIENCE_MS = 60_000
#: Where it is to be over; a beat that a busy machine holds up is not to end it before that is tried.
LEASE_MS = 4_000
NODE = Node(uid="n-1", spec=NodeSpec(name="node-1"), ordinal=1)


class World:
    """One node, its server, and what it told."""

    def __init__(self, clock, folder):
        self.clock, self.deliveries = clock, Deliveries(clock)
        self.processes = AgentProcesses(clock, self.deliveries, folder)
        self.host = None
        self.pods = 0
        self.kept = ReservedPort()

    def listen(self, **options):
        """Have a server, on the port of the one before, which is kept while there is none."""
        seats = self.host.seats if self.host else {}
        self.host = AgentHost(self.processes, self.deliveries, self.clock, **{"port": self.kept.number, **options})
        self.host.seats.update(seats)

    def join(self, **options):
        self.listen(**options)
        self.host.create_node(NODE, JoinTicket(node_uid=NODE.uid))
        self.expect(NodeJoined, NODE.uid)
        return self

    def pod(self, uid=None, epoch=1, **knobs):
        self.pods += uid is None
        env = tuple(EnvVar(name=name, value=str(value)) for name, value in knobs.items())
        spec = PodSpec(name="web", containers=(Container(name="main", env=env),))
        return Pod(
            uid=uid or f"p{self.pods}", spec=spec, ordinal=1, created_at_ms=0, phase=PodPhase.STARTING, epoch=epoch
        )

    def run(self, **knobs):
        """A pod that runs."""
        pod = self.pod(**knobs)
        self.host.start_pod(NODE, pod)
        self.expect(PodStarted, pod.uid)
        return pod

    def heard(self, kind, uid):
        return len(self.deliveries.of(kind, uid))

    def expect(self, kind, uid, times=1):
        came = self.deliveries.wait_for(lambda: self.heard(kind, uid) >= times, PATIENCE_MS)
        assert came, f"{kind.__name__} of {uid} did not come; the agent says:\n{self.log}"

    def until(self, wanted, what=""):
        """Wait until something holds that nobody tells of."""
        waiting, end_s = threading.Event(), time.monotonic() + PATIENCE_MS / 1_000
        while not wanted():
            assert time.monotonic() < end_s, f"it never came to be {what}; the agent says:\n{self.log}"
            waiting.wait(0.01)

    def until_logged(self, text):
        self.until(lambda: text in self.log, f"that the log says {text!r}")

    @property
    def log(self):
        return self.processes.log_of(NODE.uid)

    @property
    def running(self):
        return self.processes.running(NODE.uid)

    def signal(self, number):
        self.processes.signal(NODE.uid, number)

    def close(self):
        self.processes.close()
        if self.host is not None:
            self.host.close()
        self.kept.close()


@pytest.fixture
def world(tmp_path):
    with RealClock() as clock:
        world = World(clock, tmp_path)
        yield world
        world.close()


def listed(world):
    return [(report.pod_uid, report.epoch, report.phase) for report in world.host.list_pods(NODE)]


# The link.


def test_answers_that_are_lost_are_asked_for_again(world):
    lost = iter(range(1, 1_000))

    def lose(sequence):
        if next(lost) % 3:
            raise ConnectionResetError

    world.join(before_answer=lose)
    pod = world.run()
    world.host.stop_pod(NODE, pod, 0)
    world.expect(StopPodDone, pod.uid)
    assert listed(world) == []


def test_orders_in_an_answer_that_comes_too_late_are_not_obeyed_until_they_are_repeated(world):
    """While one answer is kept on its way, the agent tells more, and what that answer says is void by then."""
    late, go_on, kept = threading.Event(), threading.Event(), []

    def keep_back(sequence):
        if late.is_set() and not kept:
            kept.append(sequence)
            go_on.wait(PATIENCE_MS / 1_000)

    world.join(before_answer=keep_back)
    late.set()
    pod = world.pod()
    world.host.start_pod(NODE, pod)
    world.expect(PodStarted, pod.uid)
    world.host.stop_pod(NODE, pod, 0)
    world.expect(StopPodDone, pod.uid)
    go_on.set()
    assert listed(world) == []
    assert world.running == []
    assert world.heard(StartPodFailed, pod.uid) == 0


def test_a_server_that_was_away_for_less_than_the_lease_finds_everything_as_it_was(world):
    world.join()
    pod = world.run()
    world.host.close()
    world.until_logged("is not reached")
    world.listen()
    world.until_logged("answers again")
    assert listed(world) == [(pod.uid, 1, PodPhase.RUNNING)]
    assert world.running == [f"{pod.uid}.1"]


def test_whatever_runs_is_killed_when_the_server_is_away_for_longer_than_the_lease(world):
    world.join(lease_ms=LEASE_MS)
    pods = [world.run(), world.run()]
    world.host.close()
    world.until_logged("the lease is over: 2 pods are killed: p1/1, p2/1")
    world.until(lambda: world.running == [], "empty")
    world.listen()
    world.until_logged("answers again")
    assert listed(world) == []
    again = world.pod(pods[0].uid, epoch=2)
    world.host.start_pod(NODE, again)
    world.expect(PodStarted, again.uid, times=2)
    assert world.running == ["p1.2"]


def test_a_node_that_is_not_known_any_more_runs_nothing(world):
    world.join()
    world.run()
    world.host.seats[NODE.name].gone = True
    world.until_logged("the server does not know this node")
    world.until(lambda: world.running == [], "empty")


def test_another_token_is_read_when_the_old_one_is_refused(world):
    world.join()
    world.host.seats[NODE.name].token = "another"
    world.until_logged("refuses with 401: Access denied: not node-1")
    world.processes.configure(
        NODE.uid, JoinTicket(node_uid=NODE.uid, server_url=world.host.url, token="another"), name=NODE.name
    )
    world.until_logged("answers again")
    assert listed(world) == []


def test_a_server_that_has_moved_is_found_on_demand(world):
    world.join()
    world.host.close()
    world.listen(port=0)
    seat = world.host.seats[NODE.name]
    ticket = JoinTicket(node_uid=NODE.uid, server_url=world.host.url, token=seat.token)
    world.processes.configure(NODE.uid, ticket, name=NODE.name)
    world.signal(signal.SIGHUP)
    world.until_logged(f"server={world.host.url}")
    assert listed(world) == []


# The process.


def test_when_the_agent_stands_still_past_its_lease_its_guard_kills_everything(world):
    world.join(lease_ms=LEASE_MS)
    pod = world.run()
    world.signal(signal.SIGSTOP)
    world.until(lambda: world.running == [], "empty")
    world.until_logged("the agent stands still: all pods are killed")
    world.host.lease_ms = PATIENCE_MS
    world.signal(signal.SIGCONT)
    world.until_logged("the lease is over: 1 pods are killed: p1/1")
    assert listed(world) == []
    again = world.pod(pod.uid, epoch=2)
    world.host.start_pod(NODE, again)
    world.expect(PodStarted, again.uid, times=2)
    assert world.running == ["p1.2"]


def test_a_guard_that_dies_is_started_again(world):
    world.join(lease_ms=LEASE_MS)
    world.run()
    first = guard_of(world)
    os.kill(first, signal.SIGKILL)
    world.until_logged("the guard has died")
    world.until(lambda: guard_of(world) not in (None, first), "guarded")
    world.signal(signal.SIGSTOP)
    world.until(lambda: world.running == [], "empty")
    world.signal(signal.SIGCONT)


def test_the_guard_ends_with_an_agent_that_is_killed(world):
    world.join()
    guard = guard_of(world)
    world.processes.crash(NODE.uid)
    world.until(lambda: not Path(f"/proc/{guard}").exists(), "without a guard")


def guard_of(world):
    """The process id of the agent's only child."""
    pid = world.processes.process_of(NODE.uid).pid
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return int(children[0]) if children else None


def test_one_that_starts_again_removes_what_the_one_before_left(world):
    world.join()
    world.run()
    world.host.restart_node(NODE)
    world.expect(NodeJoined, NODE.uid, times=2)
    assert world.running == []
    assert listed(world) == []


def test_one_that_is_told_to_leave_stops_its_pods_and_says_so(world):
    world.join()
    pod = world.run(STOP_MS=50)
    world.signal(signal.SIGTERM)
    assert world.processes.process_of(NODE.uid).wait(PATIENCE_MS / 1_000) == 0
    assert world.running == []
    assert [report.pod_uid for report in world.host.seats[NODE.name].reports] == []
    assert world.log.splitlines()[-1].endswith("left")
    assert "Traceback" not in world.log
    assert world.heard(PodStarted, pod.uid) == 1


def test_one_that_is_told_to_leave_kills_what_takes_too_long(world, tmp_path):
    world.join()
    world.run(STOP_MS=100_000)
    config = world.processes.folder_of(NODE.uid)
    world.processes.crash(NODE.uid)
    command = [sys.executable, "-I", str(world.processes.agent), "--config", str(config), "--leave-seconds", "0.5"]
    with (tmp_path / "second.log").open("wb") as log, subprocess.Popen(command, stderr=log) as agent:
        world.expect(NodeJoined, NODE.uid, times=2)
        seat = world.host.seats[NODE.name]
        with world.host.changed:
            seat.start(world.pod("slow", STOP_MS=100_000))
        world.expect(PodStarted, "slow")
        agent.send_signal(signal.SIGTERM)
        assert agent.wait(PATIENCE_MS / 1_000) == 0
    assert world.running == []


def test_it_leaves_also_when_there_is_no_server(world):
    world.join()
    world.run()
    world.host.close()
    world.until_logged("is not reached")
    world.signal(signal.SIGTERM)
    assert world.processes.process_of(NODE.uid).wait(PATIENCE_MS / 1_000) == 0
    assert world.running == []


@pytest.mark.parametrize(
    "name,text,message",
    [
        ("node.json", "{", "node.json: is no JSON"),
        ("node.json", None, "node.json: cannot be read: No such file or directory"),
        ("server.json", '{"url": "ftp://x"}', "server.json: url: expected the address of a server"),
        ("token", "", "token: expected one line of visible characters"),
        ("node.json", '{"node": "n", "nodeUid": "u", "cluster": "c", "runtime": "vm"}', "there is no 'vm'"),
    ],
    ids=str,
)
def test_what_it_is_told_wrongly_ends_it_with_a_word(tmp_path, name, text, message):
    program = tmp_path / "agent.pyz"
    program.write_bytes(agent_file().data)
    (tmp_path / "node.json").write_text(json.dumps({"node": "n", "nodeUid": "u", "cluster": "c", "runtime": "docker"}))
    (tmp_path / "server.json").write_text('{"url": "http://127.0.0.1:1"}')
    (tmp_path / "token").write_text("t")
    if text is None:
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_text(text)
    done = subprocess.run(
        [sys.executable, "-I", str(program), "--config", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def oldest_python():
    """The oldest Python from 3.8 on that is here; the one that runs this where there is no older."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = [str(python) for minor in (8, 9) for python in sorted(root.glob(f"3.{minor}.*/bin/python"))]
    return next(iter(found), shutil.which("python3.8") or shutil.which("python3.9") or sys.executable)


def test_it_lives_a_whole_life_on_the_oldest_python_there_is(world):
    world.processes.python = oldest_python()
    world.join(lease_ms=LEASE_MS)
    pod = world.run()
    world.host.stop_pod(NODE, pod, 0)
    world.expect(StopPodDone, pod.uid)
    world.run()
    world.host.close()
    world.until_logged("the lease is over: 1 pods are killed: p2/1")
    world.until(lambda: world.running == [], "empty")
    world.listen()
    world.until_logged("answers again")
    world.run()
    world.signal(signal.SIGTERM)
    assert world.processes.process_of(NODE.uid).wait(PATIENCE_MS / 1_000) == 0
    assert world.running == []
    assert "Traceback" not in world.log


@pytest.mark.parametrize("seconds", ["soon", "-1", "1e9", "nan"])
def test_how_long_it_may_take_to_leave_is_a_time(seconds, capsys):
    with pytest.raises(SystemExit) as caught:
        main([f"--leave-seconds={seconds}"])
    assert caught.value.code == 2
    assert f"expected seconds from 0 to 86400, got '{seconds}'" in capsys.readouterr().err


#: What the agent of a node with twenty pods may take of its memory.
RSS_BYTES_MAX = 25_000_000


def rss_bytes(pid):
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return 1_024 * next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:"))


def test_its_memory_is_small(world):
    world.join()
    for _ in range(20):
        world.run()
    assert rss_bytes(world.processes.process_of(NODE.uid).pid) < RSS_BYTES_MAX


# With a real engine.


class OnEngine(AgentProcesses):
    """Runs pods as containers."""

    def configure(self, uid, join, *, name):
        super().configure(uid, join, name=name)
        path = self.folder_of(uid) / "node.json"
        document = json.loads(path.read_text()) | {
            "cluster": self.mark,
            "runtime": "docker",
            "engine": self.engine.address,
            "sandboxImage": self.engine.busybox,
        }
        path.write_text(json.dumps(document))


@pytest.fixture
def on_engine(engine, cluster_mark, tmp_path):
    """A world whose pods are containers, and a function that lists those of them that run."""
    with RealClock() as clock:
        world = World(clock, tmp_path)
        world.processes = OnEngine(clock, world.deliveries, tmp_path)
        world.processes.engine, world.processes.mark = engine, cluster_mark
        world.processes.pods_of(NODE.uid).mkdir()
        yield world
        world.close()


def containers(world, **options):
    filters = {"label": f"kube9.cluster={world.processes.mark}"}
    return world.processes.engine.client.api.containers(filters=filters, **options)


def in_container(world, uid, epoch=1):
    container = Container(name="main", image=world.processes.engine.busybox, command=("sleep", "1000"))
    spec = PodSpec(name=uid, containers=(container,), grace_ms=100, host_network=True)
    pod = Pod(uid=uid, spec=spec, ordinal=1, created_at_ms=0, phase=PodPhase.STARTING, epoch=epoch)
    world.host.start_pod(NODE, pod)
    return pod


def test_real_containers_live_no_longer_than_the_lease_and_leave_with_the_agent(on_engine):
    world = on_engine
    world.join(lease_ms=LEASE_MS)
    pods = [in_container(world, f"p{number}") for number in range(4)]
    for pod in pods:
        world.expect(PodStarted, pod.uid)
    assert len(containers(world)) == 4
    assert rss_bytes(world.processes.process_of(NODE.uid).pid) < RSS_BYTES_MAX
    world.signal(signal.SIGSTOP)
    world.until(lambda: not containers(world), "empty")
    world.until_logged("the agent stands still: all pods are killed")
    world.host.lease_ms = PATIENCE_MS
    world.signal(signal.SIGCONT)
    world.until(lambda: not containers(world, all=True), "clean")
    assert listed(world) == []
    in_container(world, "p0", 2)
    world.expect(PodStarted, "p0", times=2)
    world.signal(signal.SIGTERM)
    assert world.processes.process_of(NODE.uid).wait(PATIENCE_MS / 1_000) == 0
    assert containers(world, all=True) == []
