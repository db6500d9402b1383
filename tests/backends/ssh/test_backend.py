from __future__ import annotations

import contextlib
import os
import secrets
import shlex
import socket
import subprocess
import sys
import threading

import pytest
from attrs import evolve

from kube9.backends.serverat import ServerAt
from kube9.backends.ssh.backend import make_backend
from kube9.backends.ssh.settings import SshSettings
from kube9.clocks import RealClock
from kube9.core.containers import Container, EnvVar, ExecAction, Probe, PullPolicy, RestartPolicy
from kube9.core.errors import BackendError, InvalidInput, NodeGone
from kube9.core.nodes import Node, NodePhase, NodeSpec
from kube9.core.pods import Pod, PodPhase, PodSpec
from kube9.core.ports import JoinTicket, LogOptions
from kube9.core.stimuli import (
    CreateNodeFailed,
    DestroyNodeDone,
    NodeDescribed,
    NodeJoined,
    PodExited,
    PodStarted,
    RestartNodeFailed,
)
from kube9.testing import BackendContract
from kube9.testing.agenthost import AgentHost
from kube9.testing.contracts.backend_commands import BackendCommands
from kube9.testing.contracts.backend_logs import BackendLogs
from kube9.testing.deliveries import Deliveries, Readying

pytestmark = [pytest.mark.once, pytest.mark.timeout(300)]

MARK = "c-0123abcd"
#: Of a machine, for its sshd.
NO_DOCKER = "SetEnv DOCKER_HOST=unix:///nonexistent"
#: Takes itself for an older one.
OLD_PYTHON = f"""#!{sys.executable}
import sys
sys.version_info, sys.version = (3, 7, 16, "final", 0), "3.7.16 (default)"
exec(sys.argv[sys.argv.index("-c") + 1])
"""
QUIET = ("sh", "-c", "trap 'exit 0' TERM; echo it began; while :; do sleep 1 & wait $!; done")


def backend_of(ssh, clock, deliver, *, mark=MARK, server=None, **settings):
    return make_backend(
        clock,
        deliver,
        cluster=mark,
        settings=SshSettings(**settings),
        server=server or ServerAt(),
        environment=ssh.environment,
    )


@pytest.fixture
def clock():
    with RealClock() as clock:
        yield clock


class OnMachine:
    """A real sshd, real agents, and a control plane that is as small as they let it be, reached through a tunnel."""

    cannot = frozenset({"copies", "heartbeats", "reconnect"})
    quiet_ms = 700
    more = NO_DOCKER

    @pytest.fixture
    def clock(self):
        with RealClock() as clock:
            yield clock

    @pytest.fixture
    def deliver(self, clock, tmp_path):
        self.ready = tmp_path / "ready"
        return Readying(clock, lambda _: self.ready.touch())

    @pytest.fixture
    def backend(self, ssh, clock, deliver):
        self.machine = ssh.machine(more=self.more)
        backend = backend_of(ssh, clock, deliver)
        with AgentHost(backend, deliver, clock) as host:
            yield host
            backend.close()

    def node_spec(self, name):
        capacity = {"cpu": 1000, "memory": 2**30}
        return NodeSpec(name=name, backend="ssh", capacity=capacity, options=self.machine.options)

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
        probe = Probe(action=ExecAction(command=("test", "-e", str(self.ready))), period_ms=100)
        return self.process("unready", ("sleep", "1000"), readiness=probe)

    def unstartable_pod(self):
        return self.process("unstartable", ("/no/such/program",))

    def lose_node(self, backend, node):
        backend.backend.fail_node(node)


class TestContract(OnMachine, BackendContract):
    """Pods are processes, for that is what there is."""


class TestFewSessions(OnMachine, BackendLogs, BackendCommands):
    """A machine that allows two sessions at a time, one of which a log or a command may have."""

    more = f"{NO_DOCKER}\nMaxSessions 2"


class TestDockerThere(OnMachine, BackendContract):
    """Pods are containers of the machine's own engine."""

    @pytest.fixture
    def backend(self, engine, cluster_mark, ssh, clock, deliver):
        # Of a user who is of the group docker.
        self.machine, self.image = ssh.machine(more=f"SetEnv DOCKER_HOST={engine.address}"), engine.busybox
        backend = backend_of(ssh, clock, deliver, mark=cluster_mark, sandbox_image=engine.busybox)
        with AgentHost(backend, deliver, clock) as host:
            yield host
            backend.close()

    def process(self, name, command, policy=RestartPolicy.NEVER, **more):
        container = Container(
            name="main", image=self.image, command=command, requests={"cpu": 10, "memory": 2**23}, **more
        )
        return PodSpec(name=name, containers=(container,), restart_policy=policy)

    def unready_pod(self):
        # A file of this machine is not in the container; this is long enough for it to be told as started before.
        command = ("sh", "-c", "sleep 5; touch /ready; exec sleep 1000")
        probe = Probe(action=ExecAction(command=("test", "-e", "/ready")), period_ms=1_000)
        return self.process("unready", command, readiness=probe)

    def unstartable_pod(self):
        absent = Container(name="main", image="kube9-test/no-such-image:1", pull_policy=PullPolicy.NEVER)
        return PodSpec(name="unstartable", containers=(absent,))


class Play:
    """A backend with a host for its agents, and a short word for what is done with them."""

    def __init__(self, ssh, clock, **settings):
        self.ssh, self.deliver = ssh, Deliveries(clock)
        #: No other's on this machine, for what is left of a node is killed by its uid.
        self.mark = secrets.token_hex(4)
        self.backend = backend_of(ssh, clock, self.deliver, **settings)
        self.host = AgentHost(self.backend, self.deliver, clock)

    def close(self):
        self.host.close()
        self.backend.close()

    def node(self, machine, name="node", *, capacity=None, **options):
        options = {**machine.options, "runtime": "process", **options}
        spec = NodeSpec(name=name, backend="ssh", capacity=capacity or {}, options=options)
        return Node(uid=f"{name.replace('/', '-')}-{self.mark}", spec=spec, ordinal=1)

    def create(self, node):
        self.host.create_node(node, JoinTicket(node_uid=node.uid))

    def joined(self, machine, name="node", **options):
        node = self.node(machine, name, **options)
        self.create(node)
        self.expect(NodeJoined, node.uid)
        return node

    def expect(self, kind, uid, times=1):
        came = self.deliver.wait_for(lambda: len(self.deliver.of(kind, uid)) >= times, 60_000)
        assert came, f"{kind.__name__} of {uid} did not come; came: {self.deliver.all}"
        return self.deliver.of(kind, uid)[-1]

    def refusal(self, node):
        """Why a node cannot be made."""
        self.create(node)
        return self.expect(CreateNodeFailed, node.uid).reason

    def pod(self, node, name, command, **more):
        container = Container(name="main", command=command, **more)
        spec = PodSpec(name=name, containers=(container,), restart_policy=RestartPolicy.NEVER)
        return Pod(
            uid=f"uid-{name}",
            spec=spec,
            ordinal=1,
            created_at_ms=0,
            phase=PodPhase.STARTING,
            node_uid=node.uid,
            epoch=1,
        )

    def started(self, node, name="long", command=QUIET, **more):
        pod = self.pod(node, name, command, **more)
        self.host.start_pod(node, pod)
        self.expect(PodStarted, pod.uid)
        return pod

    def asked(self, node):
        """What the backend says of it, which may take its time to be sure."""
        told = []

        def known():
            try:
                told.append(self.backend.list_pods(node))
            except NodeGone:
                raise
            except BackendError:
                return False
            return True

        assert wait_for(known)
        return told[-1]

    def destroy(self, node):
        self.host.destroy_node(node)
        self.expect(DestroyNodeDone, node.uid)

    def beats(self, node):
        """How often it was heard."""
        return self.host.seats[node.name].beats

    def heard_again(self, node):
        """Whether it is heard from now on."""
        before = self.beats(node)
        with self.host.changed:
            return self.host.changed.wait_for(lambda: self.beats(node) > before + 2, 60)


@pytest.fixture
def play(ssh, clock):
    play = Play(ssh, clock)
    yield play
    play.close()


def test_a_machine_says_what_it_has_where_that_was_not_said(play, ssh):
    node = play.joined(ssh.machine())
    told = play.expect(NodeDescribed, node.uid)
    assert told.capacity["cpu"] == 1000 * len(os.sched_getaffinity(0))
    assert told.capacity["memory"] % 2**20 == 0 < told.capacity["memory"]
    assert told.labels["kube9.io/runtime"] == "process"
    play.destroy(node)


def test_a_deleted_node_leaves_its_machine_as_it_was(play, ssh):
    machine = ssh.machine()
    before = sorted(machine.folder.iterdir())
    node = play.joined(machine, "a/../../b")
    assert [each.name for each in (machine.root / MARK).iterdir()] == ["a%2F..%2F..%2Fb"]
    play.started(node)
    play.destroy(node)
    assert (sorted(machine.folder.iterdir()), ssh.left()) == (before, {})


def test_what_is_secret_is_for_its_owner_alone(play, ssh):
    machine = ssh.machine()
    node = play.joined(machine)
    folder = machine.root / MARK / "node"
    assert oct(folder.stat().st_mode & 0o777) == "0o700"
    modes = {each.name: oct(each.stat().st_mode & 0o777) for each in folder.iterdir() if each.is_file()}
    assert {modes[name] for name in ("token", "server.json", "node.json", "agent.pyz")} == {"0o600"}
    play.destroy(node)


def test_a_key_that_is_not_let_in_is_said_so(play, ssh):
    machine = ssh.machine()
    (machine.folder / "authorized_keys").write_text("", encoding="utf-8")
    why = play.refusal(play.node(machine))
    assert f"lets nobody in with key {ssh.key}" in why


def test_an_unknown_machine_is_refused_and_accepted_by_what_the_message_says(play, ssh):
    machine = ssh.machine(known=False)
    why = play.refusal(play.node(machine))
    keygen = ["ssh-keygen", "-lf", str(machine.folder / "host_key.pub")]
    shown = subprocess.run(keygen, capture_output=True, text=True, check=True).stdout.split()[1]
    assert f"ssh-ed25519 {shown}" in why
    command = why.rpartition("by: ")[2]
    assert shlex.split(command)[-1] == str(ssh.known_hosts)
    subprocess.run(["sh", "-c", command], check=True)
    play.destroy(play.joined(machine, "other"))


def test_a_machine_with_another_host_key_is_refused_loudly(play, ssh):
    machine, other = ssh.machine(known=False), ssh.machine("m2")
    ssh.know(machine, other.host_key.replace(other.name, machine.name))
    why = play.refusal(play.node(machine))
    assert "HAS CHANGED" in why
    assert why.count("SHA256:") == 2
    assert f"{ssh.known_hosts}:2" in why


def test_a_machine_without_python_is_said_so(play, ssh):
    why = play.refusal(play.node(ssh.machine(), python="/nonexistent"))
    assert "no Python 3.8 or later: looked for /nonexistent" in why


def test_a_machine_without_room_is_said_so(play, ssh):
    machine = ssh.machine()
    machine.root.mkdir()
    with small_disk(machine.root, "size=8m"):
        why = play.refusal(play.node(machine))
    assert "8 MiB left" in why


@pytest.mark.parametrize("files", [3, 4, 6])
def test_a_disk_that_is_full_in_the_middle_of_a_join_is_said_so_and_nothing_is_left(play, ssh, files):
    """Room for so many files and folders, so that what comes next fails: the agent, what it is to know, its token."""
    machine = ssh.machine()
    machine.root.mkdir()
    with small_disk(machine.root, f"size=64m,nr_inodes={files}"):
        node = play.node(machine)
        assert "No space left on device" in play.refusal(node)
        play.destroy(node)
        assert list(machine.root.iterdir()) == []


def test_an_agent_that_ends_soon_after_its_start_is_said_so(play, ssh):
    machine = ssh.machine()
    # Something is in its way that it only finds when it begins.
    (machine.root / MARK / "node").mkdir(parents=True, mode=0o700)
    (machine.root / MARK / "node" / "pods").write_text("", encoding="utf-8")
    node = play.node(machine)
    assert "ended soon after its start, and its log ends with: " in play.refusal(node)
    play.destroy(node)
    assert not machine.root.exists()


@pytest.mark.parametrize("passphrase", ["", "another"])
def test_a_key_that_is_locked_is_said_so(play, ssh, passphrase):
    machine = ssh.machine(key=ssh.new_key("locked", "right"))
    ssh.environment["KUBE9_SSH_PASSPHRASE"] = passphrase
    why = play.refusal(play.node(machine, key=f"{ssh.folder}/locked.key"))
    assert f"locked.key has {'another' if passphrase else 'a'} passphrase" in why
    assert "KUBE9_SSH_PASSPHRASE" in why


def test_a_python_that_is_too_old_is_said_so(play, ssh, tmp_path):
    old = tmp_path / "python3"
    old.write_text(OLD_PYTHON, encoding="utf-8")
    old.chmod(0o755)
    why = play.refusal(play.node(ssh.machine(), python=str(old)))
    assert f"no Python 3.8 or later: looked for {old}, and found {sys.executable} 3.7.16" in why


def test_a_secret_among_the_options_is_refused(play, ssh):
    with pytest.raises(InvalidInput, match="KUBE9_SSH_PASSWORD"):
        play.create(play.node(ssh.machine(), password="x"))


def test_a_machine_that_is_not_there_is_soon_forgotten_if_it_never_joined(play, ssh):
    machine = ssh.machine()
    machine.stop()
    node = play.node(machine)
    play.create(node)
    play.destroy(node)


def test_a_machine_that_may_run_something_is_not_said_to_be_gone(play, ssh):
    machine = ssh.machine()
    node = play.joined(machine)
    play.started(node)
    machine.kill()
    up = Node(uid=node.uid, spec=node.spec, ordinal=1, phase=NodePhase.READY, incarnation="boot")
    play.backend.destroy_node(up)
    with pytest.raises(BackendError):
        play.backend.list_pods(node)
    assert play.deliver.of(DestroyNodeDone, node.uid) == []
    machine.start()
    play.expect(DestroyNodeDone, node.uid)
    assert ssh.left() == {}


def test_a_slow_machine_joins_and_holds_up_nobody(play, ssh):
    machine = ssh.machine()
    way = ssh.slow(machine, 0.3)
    slow = play.node(machine, "slow", port=str(way.port))
    quick = play.node(ssh.machine("m2"), "quick")
    way.passable.clear()
    for node in (slow, quick):
        play.create(node)
    play.expect(NodeJoined, quick.uid)
    way.passable.set()
    play.expect(NodeJoined, slow.uid)
    assert [each.uid for each in play.deliver.all if isinstance(each, NodeJoined)] == [quick.uid, slow.uid]
    for node in (slow, quick):
        play.destroy(node)


def test_many_operations_leave_one_connection_and_nothing_else(play, ssh):
    machine = ssh.machine()
    node = play.joined(machine)
    pod = play.started(node, command=("sleep", "1000"))
    before = ssh.left().keys()

    def command():
        session = play.backend.run_command(node, pod, "", ("echo", "hello"))
        assert list(session.output()) == [(1, b"hello\n")]

    operations = (
        lambda: play.asked(node),
        lambda: list(play.backend.logs(node, pod, LogOptions(tail=1))),
        command,
        lambda: play.backend.stop_pod(node, play.pod(node, "other", QUIET), 0),
    )
    for number in range(200):
        operations[number % len(operations)]()
    link = play.backend.machines.of(node).link
    assert link.connections == 1
    assert wait_for(lambda: (link.turns.used, len(machine.sessions())) == (0, 1))
    assert wait_for(lambda: ssh.left().keys() <= before), (ssh.left(), before)
    play.destroy(node)


def test_a_tunnel_is_made_anew_when_the_machine_is_back(play, ssh):
    machine = ssh.machine()
    node = play.joined(machine)
    pod = play.started(node)
    machine.kill()
    machine.start()
    assert play.heard_again(node)
    assert len(play.deliver.of(NodeJoined, node.uid)) == 1
    assert play.deliver.of(PodExited, pod.uid) == []
    play.destroy(node)


def test_a_tunnel_that_lost_its_port_gets_another(play, ssh):
    machine = ssh.machine()
    node = play.joined(machine)
    port = play.backend.machines.of(node).tunnel.port
    machine.kill()
    with contextlib.ExitStack() as stack:
        taken = stack.enter_context(socket.socket())
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", port))
        taken.listen()
        machine.start()
        assert play.heard_again(node)
    assert play.backend.machines.of(node).tunnel.port != port
    play.destroy(node)


def test_another_server_finds_the_nodes_of_the_one_before(play, ssh, clock):
    node = play.joined(ssh.machine())
    play.started(node)
    play.backend.close()
    play.host.backend = play.backend = backend_of(ssh, clock, play.deliver, server=ServerAt(url=play.host.url))
    assert play.asked(node) is None
    assert play.heard_again(node)
    assert len(play.deliver.of(NodeJoined, node.uid)) == 1
    play.destroy(node)


def test_nothing_that_a_pod_says_is_run_by_a_shell(play, ssh, tmp_path):
    machine, marker = ssh.machine(), tmp_path / "marker"
    node = play.joined(machine)
    evil = f"'; touch {marker}; $(touch {marker}) `touch {marker}` \n\"#"
    pod = play.started(node, command=("env",), env=(EnvVar(name="EVIL", value=evil),))
    play.expect(PodExited, pod.uid)
    assert f"EVIL={evil}" in b"".join(play.backend.logs(node, pod)).decode()
    long = play.started(node, "other")
    session = play.backend.run_command(node, long, "", ("echo", evil))
    assert b"".join(data for _, data in session.output()).decode() == f"{evil}\n"
    assert not marker.exists()
    play.destroy(node)


@pytest.mark.parametrize("operation", ["create", "restart", "destroy"])
def test_an_sshd_that_dies_in_the_middle_is_waited_for(play, ssh, operation):
    machine = ssh.machine()
    node = play.node(machine)
    if operation != "create":
        play.joined(machine)
        play.started(node)
    machine.kill()
    if operation == "create":
        play.create(node)
    elif operation == "restart":
        play.backend.restart_node(node)
    else:
        play.host.destroy_node(node)
    machine.start()
    for _ in range(2):
        assert wait_for(machine.sessions)
        machine.kill()
        machine.start()
    if operation == "destroy":
        play.expect(DestroyNodeDone, node.uid)
    else:
        play.expect(NodeJoined, node.uid, times=1 if operation == "create" else 2)
        assert play.deliver.of(CreateNodeFailed, node.uid) == play.deliver.of(RestartNodeFailed, node.uid) == []
        play.destroy(node)
    assert ssh.left() == {}


def test_who_reads_when_an_sshd_dies_is_told(play, ssh):
    machine = ssh.machine()
    node = play.joined(machine)
    pod = play.started(node)
    log = play.backend.logs(node, pod, LogOptions(follow=True))
    assert b"it began" in next(log)
    session = play.backend.run_command(node, pod, "", ("cat",))
    machine.kill()
    with pytest.raises(BackendError):
        next(log)
    with pytest.raises(BackendError):
        list(session.output())
    machine.start()
    assert play.heard_again(node)
    play.destroy(node)


def test_what_an_sshd_that_is_dead_keeps_from_being_done_is_an_error_and_possible_afterwards(play, ssh):
    machine = ssh.machine()
    node = play.joined(machine)
    pod = play.started(node)
    assert wait_for(lambda: b"".join(play.backend.logs(node, pod)) == b"it began\n")
    machine.kill()
    for operation in (
        lambda: play.backend.fail_node(node),
        lambda: play.backend.list_pods(node),
        lambda: list(play.backend.logs(node, pod)),
        lambda: play.backend.run_command(node, pod, "", ("true",)),
    ):
        with pytest.raises(BackendError):
            operation()
    machine.start()
    assert b"".join(play.backend.logs(node, pod)) == b"it began\n"
    play.backend.fail_node(node)
    assert ssh.left() == {}
    play.destroy(node)


def test_a_node_that_was_broken_runs_nothing_until_it_is_restarted(play, ssh):
    node = play.joined(ssh.machine())
    pod = play.started(node)
    play.backend.fail_node(node)
    with pytest.raises(NodeGone):
        play.backend.start_pod(node, pod)
    assert ssh.left() == {}
    play.backend.restart_node(node)
    play.expect(NodeJoined, node.uid, times=2)
    play.destroy(node)


def test_a_machine_that_comes_back_by_itself_is_not_restarted_any_more(play, ssh):
    machine = ssh.machine()
    node = play.joined(machine)
    pod = play.started(node, command=("sleep", "1000"))
    runs = ssh.left()
    machine.kill()
    play.backend.restart_node(node)
    play.backend.start_pod(evolve(node, phase=NodePhase.READY), pod)
    machine.start()
    assert play.heard_again(node)
    assert runs.keys() <= ssh.left().keys()
    assert play.deliver.of(RestartNodeFailed, node.uid) == []
    play.destroy(node)


@contextlib.contextmanager
def small_disk(folder, options):
    """A disk of its own there, as long as it is needed."""
    if os.geteuid() != 0:
        pytest.skip("needs root, to make a small disk")
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"mode=0700,{options}", "tmpfs", str(folder)], check=False)
    if mounted.returncode:
        pytest.skip("needs the right to mount, to make a small disk")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def wait_for(holds):
    """Whether it does within a while."""
    waiting = threading.Event()
    for _ in range(6_000):
        if holds():
            return True
        waiting.wait(0.01)
    return False
