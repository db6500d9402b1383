from __future__ import annotations

import threading

import pytest
from attrs import evolve

from kube9.backends.behaviour import NodeBehaviour, PodBehaviour
from kube9.backends.memory import MemoryBackend
from kube9.clocks import RealClock, VirtualClock
from kube9.core.containers import Container, Probe, TcpSocketAction
from kube9.core.errors import BackendError, Conflict, InvalidInput, NodeGone
from kube9.core.nodes import Node, NodeSpec
from kube9.core.pods import Pod, PodPhase, PodSpec
from kube9.core.ports import FaultInjector, JoinTicket, LogOptions, PodReport
from kube9.core.stimuli import PodStarted, Stimulus
from kube9.testing import BackendContract

NODE = Node(uid="n1", spec=NodeSpec(name="node-1"), ordinal=1)
OTHER = Node(uid="n2", spec=NodeSpec(name="node-2"), ordinal=2)


def pod(uid: str = "p", epoch: int = 1, **spec: object) -> Pod:
    return Pod(uid=uid, spec=PodSpec(name=uid, **spec), ordinal=1, created_at_ms=0, node_uid="n1", epoch=epoch)


class TestContract(BackendContract):
    cannot = frozenset({"reconnect"})

    @pytest.fixture
    def backend(self, clock, deliver):
        return MemoryBackend(clock, deliver, behaviour=self.behaviour, heartbeat_ms=20)

    @staticmethod
    def behaviour(pod):
        labels = pod.spec.labels
        if "crashes" in labels:
            return PodBehaviour(crash_after_ms=3)
        if "unready" in labels:
            return PodBehaviour(ready_after_ms=20)
        if "exit-code" in labels:
            return PodBehaviour(run_for_ms=5, exit_code=int(labels["exit-code"]))
        return PodBehaviour(start_delay_ms=2, stop_delay_ms=3, start_error=labels.get("error", ""))

    def short_pod(self, exit_code):
        return PodSpec(name="short", labels={"exit-code": str(exit_code)})

    def crashing_pod(self):
        return PodSpec(name="crashing", labels={"crashes": ""}, containers=(Container(name="web"),))

    def unready_pod(self):
        probe = Probe(action=TcpSocketAction(port=80), period_ms=10)
        return PodSpec(name="unready", labels={"unready": ""}, containers=(Container(name="web", readiness=probe),))

    def unstartable_pod(self):
        return PodSpec(name="unstartable", labels={"error": "no-image"})

    def lose_node(self, backend, node):
        backend.crash_node(node.uid, down_for_ms=100)

    def expected_log(self):
        return b"running"


class TestContractInRealTime(TestContract):
    #: Enough for the delays above, on the slowest of machines.
    quiet_ms = 50

    @pytest.fixture
    def clock(self):
        with RealClock() as clock:
            yield clock


class World:
    """A backend on a virtual clock, and everything it told, one line per stimulus."""

    def __init__(self, **knobs) -> None:
        self.clock = VirtualClock()
        self.told: list[Stimulus] = []
        self.backend = MemoryBackend(self.clock, self.told.append, **knobs)

    def create(self, *nodes: Node) -> World:
        for node in nodes or (NODE,):
            self.backend.create_node(node, JoinTicket(node_uid=node.uid))
        return self

    def up(self, *nodes: Node) -> World:
        """Make nodes, wait until they have joined, and forget that it was told."""
        self.create(*nodes)
        while self.clock.run_next():
            pass
        self.told.clear()
        return self

    def heard(self, until_ms: int | None = None) -> list[str]:
        """What was told by then, or until nothing is due any more, each thing once over all calls."""
        if until_ms is not None:
            self.clock.run_until(until_ms)
        else:
            while self.clock.run_next():
                pass
        lines = [line(stimulus) for stimulus in self.told]
        self.told.clear()
        return lines


def line(stimulus: Stimulus) -> str:
    facts = [
        str(getattr(stimulus, name)) for name in ("uid", "epoch", "exit_code", "reason") if hasattr(stimulus, name)
    ]
    return f"{stimulus.at_ms} {type(stimulus).__name__} {' '.join(facts)}".rstrip()


def test_nothing_is_delivered_within_a_call():
    world = World()
    world.backend.create_node(NODE, JoinTicket(node_uid="n1"))
    assert world.told == []
    assert world.heard() == ["0 NodeJoined n1"]
    world.backend.start_pod(NODE, pod())
    world.backend.stop_pod(NODE, pod("other"), grace_ms=0)
    world.backend.destroy_node(NODE)
    assert world.told == []


def test_answers_without_delay_come_in_the_order_of_the_calls():
    world = World().up(NODE, OTHER)
    world.backend.start_pod(OTHER, pod("b"))
    world.backend.start_pod(NODE, pod("a"))
    world.backend.stop_pod(OTHER, pod("c"), grace_ms=0)
    assert world.heard() == ["0 PodStarted b 1", "0 PodStarted a 1", "0 StopPodDone c 1"]


def test_whoever_is_told_may_call_back_at_once():
    world = World()

    def react(stimulus: Stimulus) -> None:
        world.told.append(stimulus)
        if isinstance(stimulus, PodStarted) and stimulus.epoch < 3:
            world.backend.start_pod(NODE, pod(epoch=stimulus.epoch + 1))

    world.backend = MemoryBackend(world.clock, react)
    world.up()
    world.backend.start_pod(NODE, pod())
    assert world.heard() == ["0 PodStarted p 1", "0 PodStarted p 2", "0 PodStarted p 3"]


POD_LIVES = [
    # behaviour of the pod, and all that is told of a pod that is started at 0
    (PodBehaviour(), ["0 PodStarted p 1"]),
    (PodBehaviour(start_delay_ms=200), ["200 PodStarted p 1"]),
    (PodBehaviour(start_delay_ms=200, start_error="no image"), ["200 StartPodFailed p 1 no image"]),
    (PodBehaviour(run_for_ms=0), ["0 PodStarted p 1", "0 PodExited p 1 0"]),
    (PodBehaviour(start_delay_ms=5, run_for_ms=10), ["5 PodStarted p 1", "15 PodExited p 1 0"]),
    (PodBehaviour(run_for_ms=10, exit_code=3), ["0 PodStarted p 1", "10 PodExited p 1 3"]),
    (PodBehaviour(crash_after_ms=7), ["0 PodStarted p 1", "7 PodExited p 1 1 crashed after 7 ms"]),
    (
        PodBehaviour(run_for_ms=9, crash_after_ms=7, exit_code=3),
        ["0 PodStarted p 1", "7 PodExited p 1 3 crashed after 7 ms"],
    ),
    (PodBehaviour(run_for_ms=7, crash_after_ms=9), ["0 PodStarted p 1", "7 PodExited p 1 0"]),
]


@pytest.mark.parametrize("behaviour,lines", POD_LIVES)
def test_a_pod_does_as_its_behaviour_says(behaviour, lines):
    world = World(behaviour=behaviour).up()
    world.backend.start_pod(NODE, pod())
    assert world.heard() == lines


NODE_LIVES = [
    # behaviour of the node, and all that is told of one that is created at 0, restarted at 1000, destroyed at 2000
    (NodeBehaviour(), ["0 NodeJoined n1", "1000 NodeJoined n1", "2000 DestroyNodeDone n1"]),
    (
        NodeBehaviour(create_delay_ms=100, restart_delay_ms=200, destroy_delay_ms=300),
        ["100 NodeJoined n1", "1200 NodeJoined n1", "2300 DestroyNodeDone n1"],
    ),
    (
        NodeBehaviour(create_delay_ms=100, create_error="no quota"),
        [
            "100 CreateNodeFailed n1 no quota",
            "1000 RestartNodeFailed n1 it was never created",
            "2000 DestroyNodeDone n1",
        ],
    ),
    (
        NodeBehaviour(restart_delay_ms=50, restart_error="no power"),
        ["0 NodeJoined n1", "1050 RestartNodeFailed n1 no power", "2000 DestroyNodeDone n1"],
    ),
    (
        NodeBehaviour(create_delay_ms=100, answer_delay_ms=7),
        ["107 NodeJoined n1", "1007 NodeJoined n1", "2007 DestroyNodeDone n1"],
    ),
    (
        NodeBehaviour(create_delay_ms=100, lose_after_ms=200, lose_for_ms=300),
        ["100 NodeJoined n1", "600 NodeJoined n1", "1000 NodeJoined n1", "2000 DestroyNodeDone n1"],
    ),
    (
        NodeBehaviour(lose_after_ms=200),
        ["0 NodeJoined n1", "1000 RestartNodeFailed n1 the machine is dead", "2000 DestroyNodeDone n1"],
    ),
]


@pytest.mark.parametrize("behaviour,lines", NODE_LIVES)
def test_a_node_does_as_its_behaviour_says(behaviour, lines):
    world = World(node_behaviour=behaviour).create()
    heard = world.heard(1000)
    world.backend.restart_node(NODE)
    heard += world.heard(2000)
    world.backend.destroy_node(NODE)
    assert heard + world.heard() == lines


def test_behaviours_may_differ_by_pod_and_by_node():
    world = World(
        behaviour=lambda pod: PodBehaviour(run_for_ms={"short": 10, "long": 20}[pod.name]),
        node_behaviour=lambda node: NodeBehaviour(create_delay_ms=node.ordinal),
    )
    assert world.create(NODE, OTHER).heard() == ["1 NodeJoined n1", "2 NodeJoined n2"]
    world.backend.start_pod(NODE, pod("long"))
    world.backend.start_pod(OTHER, pod("short"))
    assert world.heard()[2:] == ["12 PodExited short 1 0", "22 PodExited long 1 0"]


def test_calls_done_twice_act_once():
    world = World(behaviour=PodBehaviour(start_delay_ms=5, run_for_ms=5))
    world.create().create()
    assert world.heard() == ["0 NodeJoined n1"]
    world.create()
    world.backend.start_pod(NODE, pod())
    world.backend.start_pod(NODE, pod())
    assert world.heard(5) == ["5 PodStarted p 1"]
    world.backend.start_pod(NODE, pod())
    assert world.heard() == ["10 PodExited p 1 0"]
    world.backend.start_pod(NODE, pod())
    world.backend.restart_node(NODE)
    world.backend.restart_node(NODE)
    assert world.heard() == ["10 NodeJoined n1"]


def test_a_create_that_failed_may_be_tried_again():
    errors = iter(["no quota", ""])
    world = World(node_behaviour=lambda _: NodeBehaviour(create_error=next(errors)))
    assert world.create().heard() == ["0 CreateNodeFailed n1 no quota"]
    assert world.create().heard() == ["0 NodeJoined n1"]


def test_a_pod_stopped_before_it_runs_never_runs():
    world = World(behaviour=PodBehaviour(start_delay_ms=100)).up()
    world.backend.start_pod(NODE, pod())
    world.clock.advance(99)
    world.backend.stop_pod(NODE, pod(), grace_ms=30_000)
    assert world.backend.list_pods(NODE) == ()
    assert world.heard() == ["99 StopPodDone p 1"]


STOPS = [
    # how long the pod takes to stop, the grace it is given, when the stop is done
    (0, 30_000, 50),
    (20, 30_000, 70),
    (20, 5, 55),
    (20, 0, 50),
]


@pytest.mark.parametrize("stop_delay_ms,grace_ms,done_ms", STOPS)
def test_a_stop_takes_its_time_but_never_more_than_the_grace(stop_delay_ms, grace_ms, done_ms):
    world = World(behaviour=PodBehaviour(stop_delay_ms=stop_delay_ms)).up()
    world.backend.start_pod(NODE, pod())
    world.clock.advance(50)
    world.told.clear()
    world.backend.stop_pod(NODE, pod(), grace_ms=grace_ms)
    if done_ms > 50:
        world.heard(done_ms - 1)
        assert [report.phase for report in world.backend.list_pods(NODE)] == [PodPhase.RUNNING]
    assert world.heard() == [f"{done_ms} StopPodDone p 1"]
    assert world.backend.list_pods(NODE) == ()


def test_a_pod_that_would_end_while_it_is_stopped_is_told_as_stopped_only():
    world = World(behaviour=PodBehaviour(run_for_ms=10, stop_delay_ms=20)).up()
    world.backend.start_pod(NODE, pod())
    world.heard(5)
    world.backend.stop_pod(NODE, pod(), grace_ms=100)
    assert world.heard() == ["25 StopPodDone p 1"]


def test_every_stop_is_answered():
    world = World(behaviour=PodBehaviour(stop_delay_ms=20)).up()
    world.backend.start_pod(NODE, pod())
    world.heard(0)
    world.backend.stop_pod(NODE, pod(), grace_ms=100)
    world.backend.stop_pod(NODE, pod(), grace_ms=5)
    assert world.heard() == ["5 StopPodDone p 1", "20 StopPodDone p 1"]
    world.backend.stop_pod(NODE, pod(), grace_ms=100)
    assert world.heard() == ["20 StopPodDone p 1"]


def test_a_late_start_of_an_older_or_stopped_epoch_fails_and_disturbs_nothing():
    world = World().up()
    world.backend.start_pod(NODE, pod(epoch=3))
    world.backend.start_pod(NODE, pod(epoch=2))
    assert world.heard() == ["0 PodStarted p 3", "0 StartPodFailed p 2 epoch 3 was seen already"]
    world.backend.stop_pod(NODE, pod(epoch=1), grace_ms=0)
    world.backend.start_pod(NODE, pod(epoch=1))
    assert world.heard() == ["0 StopPodDone p 1", "0 StartPodFailed p 1 epoch 3 was seen already"]
    world.backend.stop_pod(NODE, pod(epoch=4), grace_ms=0)
    world.backend.start_pod(NODE, pod(epoch=4))
    assert world.heard() == ["0 StopPodDone p 4", "0 StartPodFailed p 4 it was stopped or failed already"]
    assert world.backend.list_pods(NODE) == (PodReport(pod_uid="p", epoch=3, phase=PodPhase.RUNNING),)


def test_listed_are_copies_that_were_not_stopped_in_the_order_they_were_asked_for():
    behaviours = {
        "starting": PodBehaviour(start_delay_ms=1000),
        "done": PodBehaviour(run_for_ms=1),
        "broken": PodBehaviour(run_for_ms=1, exit_code=9),
        "unstartable": PodBehaviour(start_error="no"),
    }
    world = World(behaviour=lambda pod: behaviours.get(pod.name, PodBehaviour())).up()
    for name in ["running", *behaviours, "stopped"]:
        world.backend.start_pod(NODE, pod(name))
    world.backend.stop_pod(NODE, pod("stopped"), grace_ms=0)
    world.heard(1)
    assert world.backend.list_pods(NODE) == (
        PodReport(pod_uid="running", epoch=1, phase=PodPhase.RUNNING),
        PodReport(pod_uid="starting", epoch=1, phase=PodPhase.STARTING),
        PodReport(pod_uid="done", epoch=1, phase=PodPhase.SUCCEEDED, exit_code=0),
        PodReport(pod_uid="broken", epoch=1, phase=PodPhase.FAILED, exit_code=9),
    )
    world.backend.stop_pod(NODE, pod("done"), grace_ms=0)
    world.backend.stop_pod(NODE, pod("broken"), grace_ms=0)
    assert [report.pod_uid for report in world.backend.list_pods(NODE)] == ["running", "starting"]


def test_copies_that_ended_are_kept_up_to_a_number_and_running_ones_always():
    world = World(behaviour=lambda pod: PodBehaviour(run_for_ms=None if pod.uid == "p0" else 1), ended_kept=2).up()
    for number in range(5):
        world.backend.start_pod(NODE, pod(f"p{number}"))
        world.clock.advance(1)
    world.heard()
    assert [report.pod_uid for report in world.backend.list_pods(NODE)] == ["p0", "p3", "p4"]


def test_a_copy_that_exited_and_was_stopped_ended_once():
    world = World(behaviour=PodBehaviour(run_for_ms=1), ended_kept=2).up()
    for name in ("p0", "p1", "p2", "p3"):
        world.backend.start_pod(NODE, pod(name))
        world.clock.advance(1)
        world.backend.stop_pod(NODE, pod(name), grace_ms=0)
        world.clock.advance(1)
    assert [line.partition(" ")[2] for line in world.heard() if "StopPodDone" in line] == [
        f"StopPodDone p{number} 1" for number in range(4)
    ]


def test_forgetting_an_older_epoch_does_not_forget_that_there_is_a_newer_one():
    world = World(ended_kept=0).up()
    world.backend.start_pod(NODE, pod(epoch=1))
    world.backend.start_pod(NODE, pod(epoch=2))
    world.backend.stop_pod(NODE, pod(epoch=1), grace_ms=0)
    world.heard()
    world.backend.start_pod(NODE, pod(epoch=1))
    assert world.heard() == ["0 StartPodFailed p 1 epoch 2 was seen already"]


def test_forgetting_the_newest_epoch_of_a_pod_does_not_forget_an_older_one_that_runs():
    world = World(ended_kept=0).up()
    world.backend.start_pod(NODE, pod(epoch=1))
    world.backend.start_pod(NODE, pod(epoch=2))
    world.heard()
    world.backend.stop_pod(NODE, pod(epoch=2), grace_ms=0)
    world.backend.stop_pod(NODE, pod(epoch=1), grace_ms=0)
    assert world.heard() == ["0 StopPodDone p 2", "0 StopPodDone p 1"]
    assert world.backend.list_pods(NODE) == ()


LOGS = [
    (PodBehaviour(), b"3 ms: pod p epoch 1: asked to start\n3 ms: pod p epoch 1: running\n"),
    (PodBehaviour(start_delay_ms=1000), b"3 ms: pod p epoch 1: asked to start\n"),
    (
        PodBehaviour(start_delay_ms=1, start_error="no image"),
        b"3 ms: pod p epoch 1: asked to start\n4 ms: pod p epoch 1: could not start: no image\n",
    ),
    (
        PodBehaviour(start_delay_ms=1, run_for_ms=2, exit_code=4),
        b"3 ms: pod p epoch 1: asked to start\n4 ms: pod p epoch 1: running\n6 ms: pod p epoch 1: exited with code 4\n",
    ),
]


@pytest.mark.parametrize("behaviour,text", LOGS)
def test_the_log_of_a_pod_tells_what_happened_to_it_and_when(behaviour, text):
    world = World(behaviour=behaviour).up()
    world.clock.run_until(3)
    world.backend.start_pod(NODE, pod())
    world.backend.start_pod(NODE, pod("other"))
    world.clock.run_until(100)
    assert b"".join(world.backend.logs(NODE, pod())) == text
    assert b"".join(world.backend.logs(NODE, pod(epoch=2))) == b""


def test_a_crash_is_silent_and_takes_every_pod_and_every_answer_with_it():
    world = World(behaviour=PodBehaviour(start_delay_ms=5, run_for_ms=50, stop_delay_ms=10)).up()
    world.backend.start_pod(NODE, pod("old"))
    world.backend.start_pod(NODE, pod("untouched"))
    world.heard(20)
    world.backend.start_pod(NODE, pod("new"))
    world.backend.stop_pod(NODE, pod("old"), grace_ms=100)
    world.backend.start_pod(NODE, pod("old", epoch=0))
    world.backend.crash_node("n1", down_for_ms=None)
    assert world.heard() == []
    with pytest.raises(NodeGone, match="node 'node-1' is down"):
        world.backend.list_pods(NODE)


def test_a_crashed_node_boots_by_itself_when_the_outage_ends_empty_and_is_told_once():
    world = World().up()
    world.backend.start_pod(NODE, pod())
    world.heard(10)
    world.backend.crash_node("n1", down_for_ms=100)
    assert world.heard() == ["110 NodeJoined n1"]
    assert world.backend.list_pods(NODE) == ()
    world.backend.start_pod(NODE, pod())
    assert world.heard() == ["110 PodStarted p 1"]


def test_whoever_waits_for_a_lease_is_told_that_a_restart_has_ended_all():
    world = World(node_behaviour=NodeBehaviour(restart_delay_ms=50)).up()
    world.backend.start_pod(NODE, pod())
    world.heard(5)
    world.backend.restart_node(evolve(NODE, lease_left_ms=9000))
    with pytest.raises(NodeGone):
        world.backend.list_pods(NODE)
    assert world.heard(6) == ["5 NodeFenced n1"]
    # Asked again, in whatever state the machine is, the answer is the same.
    world.backend.restart_node(evolve(NODE, lease_left_ms=8000))
    assert world.heard() == ["6 NodeFenced n1", "55 NodeJoined n1"]


def test_a_node_that_is_down_is_booted_by_making_it_anew():
    world = World(node_behaviour=NodeBehaviour(create_delay_ms=50)).up()
    world.backend.fail_node(NODE)
    world.create().create()
    assert world.heard() == ["100 NodeJoined n1"]
    world.backend.crash_node("n1", down_for_ms=500)
    world.create()
    assert world.heard() == ["600 NodeJoined n1"]
    world.backend.crash_node("n1", down_for_ms=None)
    world.create()
    assert world.heard() == ["650 CreateNodeFailed n1 the machine is dead"]


def test_nothing_is_known_any_more_of_what_ran_before_a_restart():
    world = World(behaviour=PodBehaviour(run_for_ms=1), ended_kept=1).up()
    world.backend.start_pod(NODE, pod("before", epoch=2))
    world.heard(5)
    world.backend.restart_node(NODE)
    world.heard(5)
    assert list(world.backend.logs(NODE, pod("before", epoch=2))) == []
    for name in ("before", "after"):
        world.backend.start_pod(NODE, pod(name, epoch=1))
    assert [line.split()[1:3] for line in world.heard()] == [
        ["PodStarted", "before"],
        ["PodStarted", "after"],
        ["PodExited", "before"],
        ["PodExited", "after"],
    ]


def test_a_restart_while_the_node_is_made_changes_nothing():
    world = World(node_behaviour=NodeBehaviour(create_delay_ms=100, restart_error="no power")).create()
    world.heard(50)
    world.backend.restart_node(NODE)
    assert world.heard() == ["100 NodeJoined n1"]


RESTARTS = [
    # behaviour, length of the outage from 0 on, when a restart is asked for, all that is told
    (NodeBehaviour(), 100, [10], ["100 NodeJoined n1"]),
    (NodeBehaviour(restart_delay_ms=20), 100, [10, 50], ["100 NodeJoined n1"]),
    (NodeBehaviour(restart_delay_ms=500), 100, [10], ["100 NodeJoined n1"]),
    (NodeBehaviour(restart_delay_ms=20), None, [10], ["30 RestartNodeFailed n1 the machine is dead"]),
    (
        NodeBehaviour(),
        None,
        [10, 20],
        ["10 RestartNodeFailed n1 the machine is dead", "20 RestartNodeFailed n1 the machine is dead"],
    ),
    (
        NodeBehaviour(restart_error="no power"),
        100,
        [10],
        ["10 RestartNodeFailed n1 no power", "100 NodeJoined n1"],
    ),
    (NodeBehaviour(restart_delay_ms=20), 100, [150], ["100 NodeJoined n1", "170 NodeJoined n1"]),
    (NodeBehaviour(restart_delay_ms=20), 100, [150, 160], ["100 NodeJoined n1", "170 NodeJoined n1"]),
]


@pytest.mark.parametrize("behaviour,down_for_ms,restarts,lines", RESTARTS)
def test_a_restart_during_an_outage_waits_for_its_end(behaviour, down_for_ms, restarts, lines):
    world = World(node_behaviour=behaviour).up()
    world.backend.crash_node("n1", down_for_ms)
    heard = []
    for at_ms in restarts:
        heard += world.heard(at_ms)
        world.backend.restart_node(NODE)
    assert heard + world.heard() == lines


def test_a_later_crash_sets_when_the_outage_ends():
    world = World().up()
    world.backend.crash_node("n1", down_for_ms=100)
    world.backend.crash_node("n1", down_for_ms=None)
    assert world.heard(200) == []
    world.backend.crash_node("n1", down_for_ms=0)
    assert world.heard() == ["200 NodeJoined n1"]


CRASHES_WHILE_MADE = [
    # length of an outage that begins at 10, while the node takes 100 to make, and all that is told
    (None, "", ["100 CreateNodeFailed n1 the machine is dead"]),
    (20, "", ["100 NodeJoined n1"]),
    (200, "", ["210 NodeJoined n1"]),
    (200, "no quota", ["100 CreateNodeFailed n1 no quota"]),
]


@pytest.mark.parametrize("down_for_ms,create_error,lines", CRASHES_WHILE_MADE)
def test_a_crash_while_a_node_is_made_is_answered_once(down_for_ms, create_error, lines):
    world = World(node_behaviour=NodeBehaviour(create_delay_ms=100, create_error=create_error)).create()
    world.heard(10)
    world.backend.crash_node("n1", down_for_ms)
    assert world.heard() == lines


def test_a_destroyed_node_never_comes_back():
    world = World(node_behaviour=NodeBehaviour(restart_delay_ms=50, lose_after_ms=70, lose_for_ms=1))
    world.create().heard(0)
    world.backend.restart_node(NODE)
    world.backend.crash_node("n1", down_for_ms=10)
    world.backend.destroy_node(NODE)
    assert world.heard() == ["0 DestroyNodeDone n1"]
    with pytest.raises(NodeGone, match="'node-1' is not known"):
        world.backend.list_pods(NODE)


def test_a_slow_node_answers_later_and_the_last_word_on_how_much_counts():
    world = World(
        behaviour=PodBehaviour(start_delay_ms=5), node_behaviour=NodeBehaviour(restart_delay_ms=10, answer_delay_ms=1)
    ).up()
    start_ms = world.clock.now_ms()
    world.backend.slow_node("n1", extra_ms=1000)
    world.backend.slow_node("n1", extra_ms=100)
    world.backend.start_pod(NODE, pod())
    world.backend.stop_pod(NODE, pod("unknown"), grace_ms=0)
    assert world.heard() == [f"{start_ms + 101} StopPodDone unknown 1", f"{start_ms + 106} PodStarted p 1"]
    world.backend.slow_node("n1", extra_ms=0)
    world.backend.restart_node(NODE)
    assert world.heard() == [f"{start_ms + 106 + 11} NodeJoined n1"]


def test_faults_refuse_what_cannot_be():
    world = World().up()
    with pytest.raises(NodeGone, match="no node 'n7'"):
        world.backend.crash_node("n7", None)
    with pytest.raises(NodeGone, match="no node 'n7'"):
        world.backend.slow_node("n7", 1)
    with pytest.raises(InvalidInput, match="down_for_ms must not be negative, got -1"):
        world.backend.crash_node("n1", -1)
    with pytest.raises(InvalidInput, match="extra_ms must not be negative, got -1"):
        world.backend.slow_node("n1", -1)


def test_calls_from_many_threads_at_once_are_all_carried_out():
    pods_each, threads = 50, 8
    all_told = threading.Event()
    told: list[tuple[str, int]] = []

    def deliver(stimulus: Stimulus) -> None:
        if isinstance(stimulus, PodStarted):
            told.append((stimulus.uid, stimulus.epoch))
            if len(told) == pods_each * threads:
                all_told.set()

    with RealClock() as clock:
        backend = MemoryBackend(clock, deliver)
        backend.create_node(NODE, JoinTicket(node_uid="n1"))
        joined = threading.Event()
        clock.call_at(clock.now_ms(), joined.set)
        assert joined.wait(60)

        def start(thread: int) -> None:
            for number in range(pods_each):
                backend.start_pod(NODE, pod(f"t{thread}-{number}"))

        workers = [threading.Thread(target=start, args=(number,)) for number in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert all_told.wait(60)
        assert len(set(told)) == len(backend.list_pods(NODE)) == pods_each * threads


# ---------------------------------------------------------------------- options of one node


def with_options(**options):
    return Node(uid="n1", spec=NodeSpec(name="node-1", options=options), ordinal=1)


def test_options_of_a_node_go_on_top_of_how_all_behave():
    world = World(
        behaviour=lambda pod: PodBehaviour(start_delay_ms=5, exit_code=2),
        node_behaviour=NodeBehaviour(create_delay_ms=10),
    )
    world.create(with_options(run_for_ms="7", restart_delay_ms="3"), OTHER)
    assert world.heard() == ["10 NodeJoined n1", "10 NodeJoined n2"]
    world.backend.start_pod(NODE, pod())
    world.backend.start_pod(OTHER, pod("q"))
    assert world.heard() == ["15 PodStarted p 1", "15 PodStarted q 1", "22 PodExited p 1 2"]
    world.backend.restart_node(NODE)
    assert world.heard() == ["25 NodeJoined n1"]


@pytest.mark.parametrize("options", [{"speed": "7"}, {"run_for_ms": "long"}, {"heartbeat_ms": "5"}], ids=str)
def test_a_node_whose_options_cannot_be_read_is_not_made(options):
    world = World()
    with pytest.raises(BackendError, match="the memory backend cannot make node 'node-1': .*option"):
        world.create(with_options(**options))
    assert world.heard() == []
    assert world.create(NODE).heard() == ["0 NodeJoined n1"]


# ---------------------------------------------------------------------- heartbeats


def test_only_nodes_that_are_up_are_heard():
    world = World(heartbeat_ms=100, node_behaviour=lambda node: NodeBehaviour(create_delay_ms=50 * node.ordinal))
    world.create(NODE, OTHER)
    assert world.heard(150) == ["50 NodeJoined n1", "100 Heartbeat n1", "100 NodeJoined n2"]
    world.backend.fail_node(NODE)
    assert world.heard(250) == ["200 Heartbeat n2"]
    world.backend.close()
    assert world.heard() == []


def test_without_an_interval_no_timer_runs():
    world = World().up()
    assert world.clock.next_at_ms is None


# ---------------------------------------------------------------------- faults on purpose


FAILURES = [
    # how it is broken at 100, and what is told of a restart at 200 and until 1000
    ({}, ["200 NodeJoined n1"]),
    ({"down_for_ms": 300}, ["400 NodeJoined n1"]),
    ({"down_for_ms": 0}, ["100 NodeJoined n1", "200 NodeJoined n1"]),
    ({"permanent": True}, ["200 RestartNodeFailed n1 the machine is dead"]),
]


@pytest.mark.parametrize("how, told", FAILURES, ids=str)
def test_a_node_can_be_broken_on_purpose(how, told):
    world = World().up()
    world.backend.start_pod(NODE, pod())
    world.heard(100)
    world.backend.fail_node(NODE, **how)
    with pytest.raises(NodeGone, match="is down"):
        world.backend.list_pods(NODE)
    heard = world.heard(200)
    world.backend.restart_node(NODE)
    assert heard + world.heard(1000) == told


def test_a_node_that_was_broken_for_good_stays_so():
    world = World().up()
    world.backend.fail_node(NODE, permanent=True)
    world.backend.fail_node(NODE)
    world.backend.restart_node(NODE)
    assert world.heard() == ["0 RestartNodeFailed n1 the machine is dead"]


def test_what_cannot_be_broken_so_is_refused():
    world = World().up()
    assert isinstance(world.backend, FaultInjector)
    with pytest.raises(InvalidInput, match="a node that never comes back cannot be down for 5 ms"):
        world.backend.fail_node(NODE, down_for_ms=5, permanent=True)
    with pytest.raises(InvalidInput, match="must not be negative"):
        world.backend.fail_node(NODE, down_for_ms=-5)
    with pytest.raises(NodeGone, match="has no node 'n2'"):
        world.backend.fail_node(OTHER)


FOLLOWED = LogOptions(follow=True)


@pytest.mark.parametrize("tail,count", [(None, 2), (1, 1), (0, 0), (9, 2)])
def test_the_end_of_a_log_is_so_many_lines(tail, count):
    world = World().up()
    world.backend.start_pod(NODE, pod())
    world.clock.run_until(100)
    assert len(list(world.backend.logs(NODE, pod(), LogOptions(tail=tail)))) == count


def test_of_earlier_runs_there_is_no_log():
    world = World().up()
    with pytest.raises(InvalidInput, match="keeps no log of earlier runs"):
        world.backend.logs(NODE, pod(), LogOptions(previous=True))


ENDINGS = [
    lambda backend: backend.stop_pod(NODE, pod(), 0),
    lambda backend: backend.crash_node("n1", down_for_ms=None),
    lambda backend: backend.restart_node(NODE),
    lambda backend: backend.destroy_node(NODE),
]


@pytest.mark.parametrize("end", ENDINGS, ids=["stop", "crash", "restart", "destroy"])
def test_whatever_ends_a_pod_ends_its_log_and_its_commands(end):
    world = World().up()
    world.backend.start_pod(NODE, pod())
    world.clock.run_until(100)
    log = world.backend.logs(NODE, pod(), FOLLOWED)
    command = world.backend.run_command(NODE, pod(), "", ["cat"])
    assert [next(log).split(b": ")[-1], next(log).split(b": ")[-1]] == [b"asked to start\n", b"running\n"]
    end(world.backend)
    world.clock.run_until(200)
    assert all(b"stopped" in line for line in log)
    assert (list(command.output()), command.exit_code()) == ([], 137)


def test_a_log_that_is_left_is_told_nothing_more():
    world = World().up()
    world.backend.start_pod(NODE, pod())
    copy = world.backend._machines["n1"].copies["p", 1]
    logs = [world.backend.logs(NODE, pod(), FOLLOWED) for _ in range(3)]
    logs[1].close()
    assert copy.watchers == [logs[0].ring, logs[2].ring]


def test_commands_that_ended_are_forgotten():
    world = World().up()
    world.backend.start_pod(NODE, pod())
    world.clock.run_until(100)
    for _ in range(5):
        world.backend.run_command(NODE, pod(), "", ["true"])
        left = world.backend.run_command(NODE, pod(), "", ["cat"])
        left.close()
    assert len(world.backend._machines["n1"].copies["p", 1].commands) == 1


def test_a_command_ends_with_the_run_of_its_container():
    world = World(behaviour=PodBehaviour(crash_after_ms=50)).up()
    one = pod(containers=(Container(name="web"),))
    world.backend.start_pod(NODE, one)
    world.clock.run_until(20)
    command = world.backend.run_command(NODE, one, "web", ["cat"])
    assert command.exit_code() is None
    world.clock.run_until(60)
    assert command.exit_code() == 137
    # The first restart is at once, the next one after ten seconds.
    world.clock.run_until(500)
    with pytest.raises(Conflict, match="container 'web' of pod 'p' does not run on node 'node-1' now"):
        world.backend.run_command(NODE, one, "", ["cat"])
