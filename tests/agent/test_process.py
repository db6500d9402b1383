"""The agent with pods that are processes: real ones, of this machine."""

from __future__ import annotations

import json
import os
import secrets
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from kube9.agent.proctable import machine_boot, start_of
from kube9.agent.wardentalk import question
from kube9.backends.agentfile import agent_file
from kube9.clocks import RealClock
from kube9.core.containers import (
    Config,
    ConfigVolume,
    Container,
    EnvVar,
    ExecAction,
    NamedVolume,
    Probe,
    RestartPolicy,
    Volume,
    VolumeMount,
)
from kube9.core.nodes import Node, NodeSpec
from kube9.core.pods import Pod, PodPhase, PodSpec
from kube9.core.ports import JoinTicket, LogOptions
from kube9.core.stimuli import NodeJoined, PodExited, PodStarted, StartPodFailed, StopPodDone
from kube9.testing import BackendContract, pretending
from kube9.testing.agenthost import AgentHost
from kube9.testing.deliveries import Deliveries, Readying
from kube9.testing.processnodes import ProcessNodes

pytestmark = pytest.mark.once

PATIENCE_MS = 60_000
#: Where it is to be over; a beat that a busy machine holds up is not to end it before that is tried.
LEASE_MS = 4_000
#: No other's on this machine, for what is left of a node is killed by that.
NODE = Node(uid=f"n-{secrets.token_hex(8)}", spec=NodeSpec(name="node-1"), ordinal=1)


def shell(name, script, policy=RestartPolicy.NEVER, **more):
    return PodSpec(
        name=name,
        requests={"cpu": 10, "memory": 2**20},
        containers=(Container(name="main", command=("sh", "-c", script), **more),),
        restart_policy=policy,
    )


class TestContract(BackendContract):
    """The real agent and its warden as processes, pods that are such, and beats over a real network."""

    cannot = frozenset({"copies", "fence", "heartbeats", "reconnect"})
    quiet_ms = 400

    @pytest.fixture
    def clock(self):
        with RealClock() as clock:
            yield clock

    @pytest.fixture
    def deliver(self, clock, tmp_path):
        self.ready = tmp_path / "ready"
        return Readying(clock, lambda _: self.ready.touch())

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
        probe = Probe(action=ExecAction(command=("test", "-e", str(self.ready))), period_ms=100)
        return shell("unready", "exec sleep 1000", readiness=probe)

    def unstartable_pod(self):
        return PodSpec(name="unstartable", containers=(Container(name="main", command=("kube9-no-such-program",)),))

    def lose_node(self, backend, node):
        backend.backend.crash(node.uid)


class World:
    """One node whose pods are processes, its server, and what it told."""

    def __init__(self, clock, folder, **options):
        self.clock, self.deliveries = clock, Deliveries(clock)
        self.nodes = ProcessNodes(clock, self.deliveries, folder)
        self.host = AgentHost(self.nodes, self.deliveries, clock, **options)
        self.host.create_node(NODE, JoinTicket(node_uid=NODE.uid))
        self.expect(NodeJoined, NODE.uid)
        self.pods = 0

    def begin(self, *containers, policy=RestartPolicy.NEVER, **more):
        self.pods += 1
        spec = PodSpec(name="web", containers=containers, restart_policy=policy, **more)
        pod = Pod(uid=f"p{self.pods}", spec=spec, ordinal=1, created_at_ms=0, phase=PodPhase.STARTING, epoch=1)
        self.host.start_pod(NODE, pod)
        return pod

    def run(self, script, *, name="main", **more):
        """A pod with one container that runs a script of the shell."""
        policy = more.pop("policy", RestartPolicy.NEVER)
        pod_more = {key: more.pop(key) for key in ("volumes", "configs", "init_containers", "grace_ms") if key in more}
        container = Container(name=name, command=("sh", "-c", script), **more)
        pod = self.begin(container, policy=policy, **pod_more)
        self.expect(PodStarted, pod.uid)
        return pod

    def stop(self, pod, grace_ms=1_000):
        self.host.stop_pod(NODE, pod, grace_ms)
        self.expect(StopPodDone, pod.uid)

    def expect(self, kind, uid, times=1):
        came = self.deliveries.wait_for(lambda: len(self.deliveries.of(kind, uid)) >= times, PATIENCE_MS)
        assert came, f"{kind.__name__} of {uid} did not come {times} times; the agent says:\n{self.log}"
        return self.deliveries.of(kind, uid)[-1]

    def until(self, wanted, what=""):
        waiting, end_s = threading.Event(), time.monotonic() + PATIENCE_MS / 1_000
        while not (found := wanted()):
            assert time.monotonic() < end_s, f"it never came to be {what}; the agent says:\n{self.log}"
            waiting.wait(0.02)
        return found

    @property
    def log(self):
        warden = self.folder / "warden.log"
        told = warden.read_text(encoding="utf-8") if warden.exists() else ""
        return f"{self.nodes.log_of(NODE.uid)}\n{told}"

    @property
    def folder(self):
        return self.nodes.folder_of(NODE.uid)

    def files(self, pod, container="main"):
        """A container's own folder."""
        return self.folder / "pods" / f"{pod.uid}-{pod.epoch}" / "files" / container

    def read(self, pod, name, container="main"):
        """What a container wrote into a file of its own, once all of the first line is there."""
        path = self.files(pod, container) / name
        return self.until(lambda: path.exists() and path.read_text().endswith("\n") and path.read_text(), f"in {name}")

    def pid(self, pod, name="pid"):
        return int(self.read(pod, name))

    def logged(self, pod, **options):
        return b"".join(self.host.logs(NODE, pod, LogOptions(**options)))

    @property
    def warden(self):
        return self.nodes.call(NODE.uid, "status")["warden"]["pid"]

    def kill_agent(self):
        self.nodes.crash(NODE.uid)

    def close(self):
        self.nodes.close()
        self.host.close()


def is_there(pid):
    """Whether it runs, and has not just not been taken note of."""
    return start_of(pid) is not None


@pytest.fixture
def clock():
    with RealClock() as clock:
        yield clock


@pytest.fixture
def make_world(clock, tmp_path):
    worlds = []

    def make(**options):
        worlds.append(World(clock, tmp_path, **options))
        return worlds[-1]

    yield make
    for world in worlds:
        world.close()


@pytest.fixture
def world(make_world):
    return make_world()


# What a container has.


def test_a_process_has_a_clean_environment_and_a_folder_of_its_own(world):
    world_only = "KUBE9_TEST_OF_THE_AGENT"
    os.environ[world_only] = "1"
    try:
        pod = world.run("env > all; pwd > where; umask > mask; echo; sleep 1000", env=(EnvVar(name="A", value="b c"),))
    finally:
        del os.environ[world_only]
    assert world.read(pod, "where") == f"{world.files(pod)}\n"
    env = dict(line.split("=", 1) for line in world.read(pod, "all").splitlines())
    assert (env["A"], env["HOME"], env["LANG"]) == ("b c", str(world.files(pod)), "C.UTF-8")
    assert world_only not in env
    assert stat.S_IMODE((world.folder / "pods").stat().st_mode) == 0o700


NASTY = {
    "newline": "a\nrm -rf nothing\n",
    "quotes": "'\"`",
    "commands": "$(touch evil) `touch evil` ; touch evil & | touch evil",
    "dashes": "--config",
    "long": "x" * 100_000,
    "unicode": "ä\u2028\U0001f600",
    "empty": "",
    "equals": "a=b=c",
}


def test_nothing_that_a_pod_says_is_a_command(world, tmp_path):
    env = tuple(EnvVar(name=f"V_{name}", value=value) for name, value in NASTY.items())
    script = (
        "import json, os, sys, time; json.dump([sys.argv[1:], dict(os.environ)], open('got.new', 'w'));"
        " os.rename('got.new', 'got'); time.sleep(1000)"
    )
    container = Container(name="main", command=(sys.executable, "-c", script), args=tuple(NASTY.values()), env=env)
    pod = world.begin(container)
    world.expect(PodStarted, pod.uid)
    path = world.files(pod) / "got"
    argv, got = json.loads(world.until(lambda: path.exists() and path.read_text(), "told"))
    assert argv == list(NASTY.values())
    assert {name: got[f"V_{name}"] for name in NASTY} == NASTY
    assert list(tmp_path.rglob("evil")) == []
    code = world.host.run_command(NODE, pod, "", ["sh", "-c", 'test "$V_commands" = "$1"', "-", NASTY["commands"]])
    assert list(code.output()) == []
    assert code.exit_code() == 0
    assert list(tmp_path.rglob("evil")) == []


@pytest.mark.parametrize("uid", ["../../evil", "a/b", ".", "-", "$(touch evil)", "x\ny", "ä"], ids=repr)
def test_a_uid_that_is_no_name_of_a_folder_starts_nothing(world, uid, tmp_path):
    spec = PodSpec(name="web", containers=(Container(name="main", command=("sleep", "1000")),))
    pod = Pod(uid=uid, spec=spec, ordinal=1, created_at_ms=0, phase=PodPhase.STARTING, epoch=1)
    world.host.start_pod(NODE, pod)
    assert "cannot be the name of a folder" in world.expect(StartPodFailed, uid).reason
    assert world.nodes.running(NODE.uid) == []
    assert list(tmp_path.rglob("evil*")) == []


@pytest.mark.parametrize(
    "container,why",
    [
        (Container(name="main", image="web:1"), "a process needs a command"),
        (Container(name="main", command=("kube9-no-such",)), "No such file or directory: kube9-no-such"),
        (Container(name="main", command=("sleep", "1"), working_dir="/kube9-no-such"), "/kube9-no-such"),
        (Container(name="main", command=("/etc/passwd",)), "Permission denied: /etc/passwd"),
        (
            Container(name="main", command=("sleep", "1"), mounts=(VolumeMount(name="data", path="/data"),)),
            "is not below the workingDir",
        ),
    ],
    ids=["no command", "no program", "no folder", "no permission", "mount elsewhere"],
)
def test_what_cannot_be_a_process_is_given_back_with_the_reason(world, container, why):
    pod = world.begin(container, volumes=(Volume(name="data"),))
    assert why in world.expect(StartPodFailed, pod.uid).reason
    assert world.nodes.running(NODE.uid) == []


def test_volumes_are_where_the_containers_look_for_them(world, tmp_path):
    work = tmp_path / "work"
    work.mkdir()
    config = Config(name="settings", data={"a": "one", "b.txt": "two"}, secret=True)
    volumes = (
        Volume(name="shared"),
        Volume(name="settings", source=ConfigVolume(config="settings")),
        Volume(name="kept", source=NamedVolume(volume="kept")),
    )
    mounts = (VolumeMount(name="shared", path=f"{work}/in/shared"), VolumeMount(name="settings", path=f"{work}/conf"))
    script = (
        "echo hi > $KUBE9_VOLUMES/kept/hi; cat conf/a conf/b.txt > in/shared/new; echo >> in/shared/new; "
        "mv in/shared/new in/shared/both; sleep 1000"
    )
    first = Container(name="main", command=("sh", "-c", script), mounts=mounts, working_dir=str(work))
    second = Container(
        name="other",
        command=("sh", "-c", "until cat $KUBE9_VOLUMES/shared/both > seen; do sleep 0.02; done; sleep 1000"),
    )
    pod = world.begin(first, second, volumes=volumes, configs=(config,))
    world.expect(PodStarted, pod.uid)
    assert world.read(pod, "seen", "other") == "onetwo\n"
    secret = world.folder / "pods" / "p1-1" / "volumes" / "settings" / "a"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    world.stop(pod)
    assert list(work.rglob("*")) == [work / "in"]
    assert world.nodes.running(NODE.uid) == []
    assert (world.folder / "volumes" / "kept" / "hi").read_text() == "hi\n"


def test_init_containers_run_one_after_the_other_before_the_rest(world):
    note = "echo {} >> $KUBE9_VOLUMES/all/order"
    inits = [Container(name=f"init-{n}", command=("sh", "-c", f"sleep 0.1; {note.format(n)}")) for n in (1, 2)]
    pod = world.run(f"{note.format('main')}; sleep 1000", volumes=(Volume(name="all"),), init_containers=tuple(inits))
    path = world.folder / "pods" / "p1-1" / "volumes" / "all" / "order"
    assert (
        world.until(lambda: path.exists() and path.read_text().count("\n") == 3 and path.read_text()) == "1\n2\nmain\n"
    )
    world.stop(pod)


@pytest.mark.parametrize("script,code", [("exit 7", 7), ("kill -9 $$", 137), ("kill -15 $$", 143)])
def test_it_is_told_how_a_pod_ended(world, script, code):
    pod = world.begin(Container(name="main", command=("sh", "-c", script)))
    assert world.expect(PodExited, pod.uid).exit_code == code


def test_a_process_that_may_have_little_memory_gets_no_more(world):
    script = "try:\n x = bytearray(2**28)\nexcept MemoryError:\n raise SystemExit(9)"
    container = Container(name="main", command=(sys.executable, "-c", script), limits={"memory": 2**27})
    assert world.expect(PodExited, world.begin(container).uid).exit_code == 9


def test_a_process_that_may_have_little_cpu_stands_back(world):
    pod = world.run("nice > nice; sleep 1000", limits={"cpu": 100})
    assert 0 < int(world.read(pod, "nice")) <= 19


def test_what_it_takes_is_counted(world):
    pod = world.run("sh -c 'while :; do :; done' & wait")

    def use():
        return question(str(world.folder), {"do": "use"})["use"]

    before = world.until(use, "counted")[0]
    assert before[:2] == [pod.uid, 1]
    assert before[3] > 0
    world.until(lambda: use()[0][2] >= before[2] + 100, "busy")


# Ending.


AWAY = "setsid env -i /bin/sh -c 'echo $$ > away; trap : TERM; while :; do sleep 0.1; done' &"


@pytest.mark.parametrize("how", ["stop", "exit", "kill", "destroy"])
def test_what_leaves_its_session_ends_with_its_pod(world, how):
    """With another session, another parent, and nothing of the environment that it had."""
    script = f"( {AWAY} ) ; until [ -e away ]; do sleep 0.02; done; echo $$ > pid; "
    script += "until [ -e end ]; do sleep 0.02; done" if how == "exit" else "sleep 1000"
    pod = world.run(script)
    away, pid = world.pid(pod, "away"), world.pid(pod)
    assert is_there(away)
    if how == "stop":
        world.stop(pod, 200)
    elif how == "exit":
        (world.files(pod) / "end").touch()
        world.expect(PodExited, pod.uid)
    elif how == "kill":
        os.kill(pid, signal.SIGKILL)
        assert world.expect(PodExited, pod.uid).exit_code == 137
    else:
        world.host.destroy_node(NODE)
        world.until(lambda: not is_there(pid), "gone")
    assert not is_there(away)
    assert not is_there(pid)


def test_whoever_does_not_end_when_told_is_ended_after_the_grace(world):
    pod = world.run("trap '' TERM; echo $$ > pid; while :; do sleep 0.05; done")
    pid = world.pid(pod)
    world.stop(pod, 300)
    assert not is_there(pid)


def test_all_of_a_pod_is_told_to_end(world):
    """A shell would not pass it on."""
    pod = world.run(
        "sh -c 'trap \"echo told > told; exit\" TERM; echo $$ > pid; while :; do sleep 0.05; done' & wait; wait"
    )
    world.pid(pod)
    told = world.files(pod) / "told"
    world.host.stop_pod(NODE, pod, 5_000)
    world.until(lambda: told.exists() or not told.parent.exists(), "told")
    world.expect(StopPodDone, pod.uid)


# Surviving.


def started_marks(world, pod):
    """A line for each time that it began; it has told of its start before it writes the first."""
    path = world.files(pod) / "starts"
    return world.until(lambda: path.exists() and path.read_text(), "begun").splitlines()


def test_pods_go_on_when_the_agent_is_killed_and_started_again(world):
    runs = world.run("echo $$ >> starts; echo $$ > pid; exec sleep 1000")
    ends = world.run("echo $$ >> starts; until [ -e end ]; do sleep 0.02; done; exit 5")
    again = world.run(
        "echo $$ >> starts; until [ -e end ]; do sleep 0.02; done; rm end; exit 6", policy=RestartPolicy.ALWAYS
    )
    pid, warden = world.pid(runs), world.warden
    world.kill_agent()
    for pod in (ends, again):
        (world.files(pod) / "end").touch()
    world.until(lambda: not (world.files(again) / "end").exists(), "ended")
    assert is_there(pid)
    world.nodes.start_again(NODE.uid)
    assert world.expect(PodExited, ends.uid).exit_code == 5
    world.until(lambda: len(started_marks(world, again)) == 2, "started again")
    assert [len(started_marks(world, pod)) for pod in (runs, ends)] == [1, 1]
    assert (world.pid(runs), world.warden) == (pid, warden)
    assert len(world.deliveries.of(NodeJoined, NODE.uid)) == 1
    listed = {report.pod_uid: report.phase for report in world.host.list_pods(NODE)}
    assert listed == {runs.uid: PodPhase.RUNNING, ends.uid: PodPhase.FAILED, again.uid: PodPhase.RUNNING}
    world.stop(runs)
    assert not is_there(pid)
    assert len(world.deliveries.of(PodExited, runs.uid)) == 0


def test_an_agent_that_is_killed_again_and_again_starts_nothing_twice(world):
    pods = [world.run("echo $$ >> starts; exec sleep 1000")]
    for _ in range(5):
        pods.append(world.begin(Container(name="main", command=("sh", "-c", "echo $$ >> starts; exec sleep 1000"))))
        world.kill_agent()
        world.nodes.start_again(NODE.uid)
    for pod in pods:
        world.expect(PodStarted, pod.uid)
    assert {len(started_marks(world, pod)) for pod in pods} == {1}
    assert len(world.deliveries.of(NodeJoined, NODE.uid)) == 1


def test_when_the_lease_is_over_while_there_is_no_agent_the_warden_ends_everything(make_world):
    world = make_world(lease_ms=LEASE_MS)
    pod = world.run("echo $$ > pid; sleep 1000")
    pid = world.pid(pod)
    world.kill_agent()
    world.until(lambda: not is_there(pid), "gone")
    assert f"all that runs is killed: {pod.uid}/1" in world.log
    world.nodes.start_again(NODE.uid)
    world.expect(NodeJoined, NODE.uid, times=2)
    assert list(world.host.list_pods(NODE)) == []
    assert world.nodes.running(NODE.uid) == []


def test_when_the_agent_stands_still_past_the_lease_the_warden_ends_everything(make_world):
    world = make_world(lease_ms=LEASE_MS)
    pod = world.run("echo $$ >> starts; echo $$ > pid; sleep 1000", policy=RestartPolicy.ALWAYS)
    pid, starts = world.pid(pod), world.files(pod) / "starts"
    world.nodes.signal(NODE.uid, signal.SIGSTOP)
    world.until(lambda: not is_there(pid), "gone")
    assert len(starts.read_text().splitlines()) == 1
    world.host.lease_ms = PATIENCE_MS
    world.nodes.signal(NODE.uid, signal.SIGCONT)
    world.until(lambda: "the lease is over: 1 pods are killed: p1/1" in world.log, "told")
    world.until(lambda: world.nodes.running(NODE.uid) == [], "empty")
    assert list(world.host.list_pods(NODE)) == []
    second = world.run("sleep 1000")
    assert [report.pod_uid for report in world.host.list_pods(NODE)] == [second.uid]


def test_when_the_warden_is_killed_all_dies_with_it_and_is_started_again(world):
    pod = world.run(
        "echo $$ >> starts; sh -c 'echo $$ > below; sleep 1000' & echo $$ > pid; wait", policy=RestartPolicy.ALWAYS
    )
    never = world.run("sleep 1000")
    pid, below, warden = world.pid(pod), world.pid(pod, "below"), world.warden
    os.kill(warden, signal.SIGKILL)
    world.until(lambda: not is_there(pid) and not is_there(below), "gone")
    world.until(lambda: len(started_marks(world, pod)) == 2, "started again")
    assert world.expect(PodExited, never.uid).exit_code == 137
    assert world.warden != warden
    assert len(world.deliveries.of(NodeJoined, NODE.uid)) == 1


def test_when_both_are_killed_the_next_agent_starts_empty(world):
    pod = world.run("sh -c 'echo $$ > below; sleep 1000' & echo $$ > pid; wait")
    pid, below, warden = world.pid(pod), world.pid(pod, "below"), world.warden
    world.kill_agent()
    os.kill(warden, signal.SIGKILL)
    world.nodes.start_again(NODE.uid)
    world.expect(NodeJoined, NODE.uid, times=2)
    assert not is_there(pid)
    assert not is_there(below)
    assert world.nodes.running(NODE.uid) == []


def test_after_another_start_of_the_machine_it_begins_empty(world):
    """What was written down under another boot id is not gone on with."""
    pod = world.run("echo $$ > pid; sleep 1000")
    pid = world.pid(pod)
    world.kill_agent()
    path = world.folder / "state.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "machineBoot": "another"}))
    world.nodes.start_again(NODE.uid)
    world.expect(NodeJoined, NODE.uid, times=2)
    assert not is_there(pid)
    assert world.nodes.running(NODE.uid) == []


def test_one_that_is_told_to_leave_stops_its_pods_and_its_warden(world):
    pod = world.run("echo $$ > pid; sleep 1000", grace_ms=1_000)
    pid, warden = world.pid(pod), world.warden
    assert world.nodes.call(NODE.uid, "stop") is None
    assert world.nodes.process_of(NODE.uid).wait(PATIENCE_MS / 1_000) == 0
    assert not is_there(pid)
    world.until(lambda: not is_there(warden), "gone")
    assert "Traceback" not in world.log
    assert not (world.folder / "state.json").exists()


# Logs.


def test_a_log_stays_within_its_bounds_and_ends_with_what_was_written_last(world):
    pod = world.run("head -c 40000000 /dev/zero | tr '\\0' x; echo; echo last; sleep 1000")
    world.until(lambda: world.logged(pod, tail=1) == b"last\n", "written")
    files = list((world.folder / "pods" / "p1-1" / "logs" / "main").iterdir())
    assert len(files) == 3
    assert max(path.stat().st_size for path in files) <= 10 * 2**20
    assert len(world.logged(pod)) > 20 * 2**20


def test_what_a_container_wrote_before_its_restart_is_kept(world):
    pod = world.run(
        "echo $$; if [ -e once ]; then sleep 1000; fi; touch once; echo first; exit 1", policy=RestartPolicy.ALWAYS
    )
    world.until(lambda: world.logged(pod, previous=True).count(b"\n") == 2, "started again")
    assert world.logged(pod, previous=True).splitlines()[1] == b"first"
    world.until(lambda: world.logged(pod).count(b"\n") == 1, "heard of anew")
    with pytest.raises(StopIteration):
        next(world.host.logs(NODE, world.run("sleep 1000"), LogOptions(previous=True)))


def test_a_full_disk_is_survived(clock, tmp_path):
    if os.geteuid():
        pytest.skip("only root may mount a small disk")
    small = tmp_path / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "none", str(small)], check=True)
    try:
        world = World(clock, small)
        try:
            pod = world.run(
                "echo $$ > pid; until [ -e full ]; do head -c 100000 /dev/zero; done; sleep 0.2; echo end; sleep 1000"
            )
            world.until(lambda: os.statvfs(small).f_bavail == 0, "full")
            assert is_there(world.pid(pod))
            world.until(lambda: world.host.list_pods(NODE), "listed")
            world.stop(pod, 0)
            second = world.run("echo fine; sleep 1000")
            world.until(lambda: world.logged(second) == b"fine\n", "written")
        finally:
            world.close()
    finally:
        subprocess.run(["umount", "-l", str(small)], check=True)


# The agent's own commands.


def test_it_can_be_started_by_itself_and_told_about_and_ended(world):
    world.kill_agent()
    world.nodes.call(NODE.uid, "sweep")
    assert world.nodes.call(NODE.uid, "status")["agent"] is None
    started = world.nodes.call(NODE.uid, "start")
    assert world.nodes.call(NODE.uid, "start") == started
    world.expect(NodeJoined, NODE.uid, times=2)
    status = world.nodes.call(NODE.uid, "status")
    assert status["agent"] == started
    assert start_of(started["pid"]) == started["start"]
    assert status["sha256"] == agent_file({"pretending.py": Path(pretending.__file__).read_bytes()}).sha256
    assert os.getsid(started["pid"]) not in (os.getsid(0), 0)
    pod = Pod(
        uid="by-itself",
        spec=PodSpec(
            name="web", containers=(Container(name="main", command=("sh", "-c", "echo $$ > pid; sleep 1000")),)
        ),
        ordinal=1,
        created_at_ms=0,
        phase=PodPhase.STARTING,
        epoch=1,
    )
    with world.host.changed:
        world.host.seats[NODE.name].start(pod)
    pid = world.pid(pod)
    world.nodes.call(NODE.uid, "sweep")
    assert not is_there(pid)
    assert not is_there(started["pid"])
    status = world.nodes.call(NODE.uid, "status")
    assert (status["agent"], status["warden"]) == (None, None)
    assert world.nodes.running(NODE.uid) == []


def test_it_says_what_the_machine_is(world):
    look = world.nodes.call(NODE.uid, "look")
    assert look["cores"] >= 1
    assert look["memoryBytes"] > 2**27
    assert look["machineBoot"] == machine_boot()
    assert set(look["limits"]) == {"cpu", "memory"}


@pytest.mark.parametrize(
    "question", [b"", b"x\n", b"[]\n", b'{"uid": 1, "epoch": 1}\n', b'{"uid": "../x", "epoch": 1}\n']
)
def test_a_question_that_makes_no_sense_is_answered_with_a_line(world, question):
    command = [sys.executable, "-I", str(world.nodes.agent), "logs", "--config", str(world.folder)]
    done = subprocess.run(command, input=question, capture_output=True, check=False, timeout=60)
    assert done.returncode == 125
    assert json.loads(done.stderr)["error"] == "InvalidInput"
    assert done.stdout == b""


def test_the_terminal_of_a_command_gets_the_size_that_was_said_and_then_another(world):
    pod = world.run("sleep 1000")
    # What is not heard before its first word is lost.
    script = "trap 'stty size; exit 4' WINCH; stty size; while :; do sleep 0.02; done"
    about = {"command": ["sh", "-c", script], "terminal": True, "rows": 33, "columns": 99, "session": "s-1"}
    with world.nodes.begin(NODE.uid, "exec", pod, about) as process:
        assert json.loads(process.stderr.readline()) == {"begun": True}
        assert process.stdout.readline().split() == [b"33", b"99"]
        size = {"session": "s-1", "rows": 50, "columns": 120}
        with world.nodes.begin(NODE.uid, "resize", pod, size) as resizing:
            resizing.communicate()
        assert process.stdout.readline().split() == [b"50", b"120"]
        process.communicate()
        assert process.returncode == 4


def test_a_command_whose_reader_has_gone_is_ended(world):
    pod = world.run("sleep 1000")
    session = world.host.run_command(NODE, pod, "", ["sh", "-c", "echo $$ > command; sleep 1000"])
    pid = world.pid(pod, "command")
    session.close()
    world.until(lambda: not is_there(pid), "gone")


# What it weighs.


def rss_bytes(pid):
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return 1024 * next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:"))


#: Of the agent and the warden together, with twenty pods.
RSS_BYTES_MAX = 40_000_000


def test_its_memory_is_small(world):
    for _ in range(20):
        world.run("exec sleep 1000")
    weighs = [rss_bytes(world.nodes.process_of(NODE.uid).pid), rss_bytes(world.warden)]
    print(f"agent {weighs[0]:,} bytes, warden {weighs[1]:,} bytes")  # noqa: T201  (it is asked for)
    assert sum(weighs) < RSS_BYTES_MAX
