from __future__ import annotations

import pytest
from attrs import evolve

from kube9.agent.brain import Answer, Beat, CopyReport
from kube9.clocks import VirtualClock
from kube9.core import stimuli as s
from kube9.core.errors import DuplicateName
from kube9.core.nodes import NodePhase, NodeSpec
from kube9.core.pods import PodPhase, PodSpec
from kube9.core.watch import NodeWatch, WatchSettings
from kube9.plugins.health import Heartbeat
from kube9.simulator.chaos.office import Office
from kube9.testing import cluster_with


class Watch(NodeWatch):
    """Remembers when it looked at the nodes."""

    def __init__(self):
        super().__init__(Heartbeat(), WatchSettings())
        self.looks_ms = []

    def judge(self, nodes, at_ms):
        self.looks_ms.append(at_ms)
        return super().judge(nodes, at_ms)


class Desk:
    """An office whose hands only note what they are to do, and nodes that beat when a test wants it."""

    def __init__(self):
        self.clock = VirtualClock()
        self.done, self.answers, self.events = [], [], []
        self.agents = {}
        self.office = Office(
            self.clock,
            self,
            make_cluster=cluster_with,
            make_watch=Watch,
            told=self.events.append,
        )

    # What the office can do.

    def create(self, node):
        self.done.append(("create", node.uid))

    def restart(self, node):
        self.done.append(("restart", node.uid))

    def destroy(self, node):
        self.done.append(("destroy", node.uid))

    def inspect(self, node):
        self.done.append(("inspect", node.uid))

    def start(self, node, pod, told_after):
        self.done.append(("start", node.uid, pod.uid, pod.epoch, told_after))

    def stop(self, node, pod):
        self.done.append(("stop", node.uid, pod.uid, pod.epoch))

    def answer(self, node_uid, answer):
        self.answers.append((node_uid, answer))

    # What a test does.

    def node(self, uid="n", cpu=1_000):
        self.office.do(s.AddNode, uid=uid, spec=NodeSpec(name=uid, capacity={"cpu": cpu}))
        self.agents[uid] = ["", 0]
        self.beat(uid)
        self.beat(uid)
        return self

    def pod(self, uid="p", cpu=100):
        self.office.do(s.LaunchPod, uid=uid, spec=PodSpec(name=uid, requests={"cpu": cpu}))

    def beat(self, uid="n", *pods):
        """A beat, with the token that came last; the answer to it, or ``None``."""
        token, sequence = self.agents[uid]
        count = len(self.answers)
        self.office.beat(uid, Beat(f"boot of {uid}", token, sequence + 1, pods))
        self.agents[uid] = [self.answers[-1][1].token if len(self.answers) > count else token, sequence + 1]
        return self.answers[-1][1] if len(self.answers) > count else None

    def beat_for(self, seconds, *pods):
        for _ in range(seconds):
            self.clock.advance(1_000)
            for uid in self.agents:
                self.beat(uid, *pods)

    def state(self):
        """All nodes, and all that is to be known of pods but why one waits."""
        cluster = self.office.cluster
        return dict(cluster.nodes), [evolve(pod, reason="") for pod in cluster.pods.values()]

    def phase(self, uid="n"):
        return self.office.cluster.nodes[uid].phase


@pytest.fixture
def desk():
    return Desk()


@pytest.fixture
def ready():
    """A node that is up, and a pod that runs on it."""
    desk = Desk().node()
    desk.pod()
    desk.beat("n", CopyReport("p", 1, "Running"))
    desk.done.clear()
    desk.answers.clear()
    return desk


RUNS = CopyReport("p", 1, "Running")


def test_a_node_that_beats_joins_and_is_given_pods(desk):
    desk.node()
    assert desk.phase() is NodePhase.READY
    desk.pod()
    assert desk.done == [("create", "n"), ("start", "n", "p", 1, ("boot of n", 2))]
    assert desk.beat("n", RUNS) == Answer(3, "token-1", 9_000, 1_000, boot="boot of n")
    assert desk.office.cluster.pods["p"].phase is PodPhase.RUNNING
    assert [type(event).__name__ for event in desk.events] == ["NodeAdded", "NodeReady", "PodBound", "PodRunning"]


def test_a_node_that_is_not_known_is_told_to_be_gone(desk):
    desk.agents["stranger"] = ["", 0]
    assert desk.beat("stranger").gone


def test_a_beat_that_comes_late_is_not_answered(ready):
    ready.agents["n"][1] -= 1
    assert ready.beat("n", RUNS) is None


def test_what_is_refused_is_told_to_whoever_asked_and_changes_nothing(ready):
    nodes = dict(ready.office.nodes)
    with pytest.raises(DuplicateName):
        ready.office.do(s.AddNode, uid="n", spec=NodeSpec(name="n"))
    assert ready.office.nodes == nodes


# Storing.


def test_what_the_cluster_has_is_stored_after_each_step(ready):
    office = ready.office
    steps = [
        (s.LaunchPod, {"uid": "q", "spec": PodSpec(name="q", requests={"cpu": 100})}),
        (s.CordonNode, {"uid": "n"}),
        (s.LaunchPod, {"uid": "waits", "spec": PodSpec(name="waits", requests={"cpu": 100})}),
        (s.DeletePod, {"uid": "waits"}),
        (s.PodExited, {"uid": "p", "epoch": 1}),
        (s.DrainNode, {"uid": "n"}),
        (s.StopPodDone, {"uid": "q", "epoch": 1}),
        (s.DeletePod, {"uid": "p"}),
        (s.DeleteNode, {"uid": "n"}),
        (s.DestroyNodeDone, {"uid": "n"}),
    ]
    for kind, about in steps:
        office.do(kind, **about)
        assert office.nodes == dict(office.cluster.nodes)
        assert office.pods == dict(office.cluster.pods)
    assert (list(office.nodes), list(office.pods)) == ([], ["q"])


def test_a_node_that_is_gone_is_forgotten(ready):
    ready.office.do(s.DeleteNode, uid="n")
    ready.office.do(s.DestroyNodeDone, uid="n")
    assert ready.done == [("destroy", "n")]
    assert not ready.office.watch.knows("n")
    assert ready.beat("n", RUNS).gone


# Crashes.


def test_while_it_is_down_nobody_is_heard(ready):
    ready.office.crash()
    ready.pod("q")
    assert ready.beat("n", RUNS) is None
    ready.clock.advance(600_000)
    assert (ready.done, ready.answers, list(ready.office.pods)) == ([], [], ["p"])


def test_a_crash_loses_only_what_is_not_stored(ready):
    ready.pod("waits", cpu=5_000)
    before = ready.state()
    old_cluster = ready.office.cluster
    ready.office.crash()
    ready.clock.advance(5_000)
    ready.office.restart()
    assert ready.office.cluster is not old_cluster
    assert ready.state() == before
    assert (ready.office.nodes, ready.office.pods) == (ready.office.cluster.nodes, ready.office.cluster.pods)
    assert ready.done == [("inspect", "n")]


def test_after_a_restart_nodes_prove_themselves_and_pods_stay(ready):
    ready.office.crash()
    ready.office.restart()
    unproved = ready.beat("n", RUNS)
    assert (unproved.token, unproved.lease_ms) == ("token-2", 0)
    assert ready.beat("n", RUNS).lease_ms == 9_000
    ready.beat_for(30, RUNS)
    pod = ready.office.cluster.pods["p"]
    assert (pod.node_uid, pod.epoch, pod.phase) == ("n", 1, PodPhase.RUNNING)


def test_after_a_restart_a_node_has_a_lease_to_be_heard_again(ready):
    ready.clock.advance(2_000)
    ready.office.crash()
    ready.clock.advance(100_000)
    ready.office.restart()
    ready.clock.advance(9_999)
    assert ready.phase() is NodePhase.READY
    ready.clock.advance(2_000)
    assert ready.phase() is NodePhase.RECOVERING


def test_to_restart_what_is_up_changes_nothing(ready):
    cluster = ready.office.cluster
    ready.office.restart()
    assert ready.office.cluster is cluster


def test_nothing_of_an_earlier_life_acts_in_the_next(ready):
    """Its alarms and its looks at the nodes end with it, so that they do not add up."""
    for _ in range(20):
        ready.office.crash()
        ready.office.restart()
    ready.beat("n", RUNS)
    ready.beat("n", RUNS)
    ready.clock.advance(500)
    ready.office.watch.looks_ms.clear()
    actions = 0
    while ready.clock.next_at_ms <= 3_000:
        actions += ready.clock.run_next()
    assert actions == 5
    assert ready.office.watch.looks_ms == [1_000, 1_500, 2_000, 2_500, 3_000]


def test_an_alarm_is_kept_after_a_restart(ready):
    """A pod whose start failed waits, and is tried again when its time has come."""
    ready.pod("q")
    ready.office.do(s.StartPodFailed, uid="q", epoch=1, reason="no image")
    ready.office.crash()
    ready.office.restart()
    ready.beat("n", RUNS)
    ready.beat("n", RUNS)
    ready.beat_for(3, RUNS)
    assert ("start", "n", "q", 2) in [each[:4] for each in ready.done]


# Pauses.


def test_what_comes_while_it_stands_still_is_taken_in_order_afterwards(ready):
    ready.office.pause(True)
    ready.pod("q")
    ready.office.do(s.DeletePod, uid="q")
    ready.pod("r")
    assert ready.beat("n", RUNS) is None
    assert (list(ready.office.cluster.pods), ready.done) == (["p"], [])
    ready.office.pause(False)
    assert [each[:4] for each in ready.done[:3]] == [
        ("start", "n", "q", 1),
        ("stop", "n", "q", 1),
        ("start", "n", "r", 1),
    ]
    assert len(ready.answers) == 1


def test_after_it_stood_still_for_long_it_does_not_take_its_own_silence_for_that_of_others(ready):
    ready.beat_for(2, RUNS)
    ready.office.pause(True)
    ready.clock.advance(60_000)
    ready.office.pause(False)
    assert ready.phase() is NodePhase.READY
    ready.beat_for(30, RUNS)
    assert ready.phase() is NodePhase.READY
    assert ready.office.cluster.pods["p"].epoch == 1


def test_a_crash_ends_a_pause_and_loses_what_came_in_it(ready):
    ready.office.pause(True)
    ready.pod("q")
    ready.office.crash()
    ready.office.pause(False)
    ready.office.restart()
    assert (ready.office.up, ready.office.paused) == (True, False)
    ready.office.pause(True)
    ready.office.pause(False)
    assert list(ready.office.cluster.pods) == ["p"]


# Silence.


def test_a_node_that_is_silent_fails_and_its_pod_moves_after_the_lease(ready):
    ready.node("m")
    ready.node("o")
    del ready.agents["n"]
    last_ms = ready.clock.now_ms()
    while ready.office.cluster.pods["p"].node_uid == "n":
        ready.beat_for(1)
        assert ready.clock.now_ms() < 60_000
    assert ready.clock.now_ms() - last_ms >= 9_000
    assert ready.phase("n") is NodePhase.RECOVERING
    assert ("restart", "n") in ready.done
    assert ready.office.cluster.pods["p"].epoch == 2
