from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kube9.agent.brain import Beat
from kube9.core import stimuli as s
from kube9.core.nodes import NodePhase, NodeSpec
from kube9.core.outcome import StartPod, StopPod
from kube9.core.pods import PodPhase, PodReport, PodSpec
from kube9.core.reception import Reception, Welcome
from kube9.core.watch import NodeWatch, WatchSettings
from kube9.plugins.health import Heartbeat
from kube9.testing import cluster_with

STARTING, RUNNING, SUCCEEDED, FAILED = PodPhase.STARTING, PodPhase.RUNNING, PodPhase.SUCCEEDED, PodPhase.FAILED
LEASE_MS = 9_000


class Desk:
    """A real cluster, its reception, and one node ``n`` that beats; what it is told to do is noted."""

    def __init__(self):
        self.now_ms = 0
        self.tokens = itertools.count(1)
        self.cluster = cluster_with()
        self.listen()
        self.boot, self.token, self.sequence = "a", "", 0
        self.told = []
        self.tell(s.AddNode, uid="n", spec=NodeSpec(name="n", capacity={"cpu": 1_000}))

    def listen(self):
        self.watch = NodeWatch(Heartbeat(), WatchSettings())
        self.reception = Reception(self.watch, lambda: f"token-{next(self.tokens)}")

    def tell(self, kind, **about):
        outcome = self.cluster.handle(kind(at_ms=self.now_ms, **about))
        self.cluster.check()
        self.told += outcome.instructions
        return outcome

    def beat(self, *pods, node_uid="n", sequence=None, after_ms=0):
        """A beat, and what the server makes of it; the cluster is told."""
        self.now_ms += after_ms
        self.sequence += sequence is None
        beat = Beat(self.boot, self.token, sequence or self.sequence, ())
        welcome = self.reception.take(self.cluster, node_uid, beat, pods, self.now_ms)
        if welcome.stimulus is not None:
            outcome = self.cluster.handle(welcome.stimulus)
            self.cluster.check()
            self.told += outcome.instructions
        if not welcome.silent:
            self.token = welcome.token
        return welcome

    def join(self):
        self.beat()
        assert isinstance(self.beat().stimulus, s.NodeJoined)
        self.told.clear()
        return self

    def pod(self, name="p", cpu=100):
        self.tell(s.LaunchPod, uid=name, spec=PodSpec(name=name, requests={"cpu": cpu}))
        return self.cluster.pods[name]

    def running(self, name="p"):
        pod = self.pod(name)
        self.tell(s.PodStarted, uid=name, epoch=pod.epoch)
        self.told.clear()
        return self.cluster.pods[name]

    def restart(self):
        before, self.cluster = self.cluster, cluster_with()
        self.cluster.restore(before.nodes.values(), before.pods.values(), at_ms=self.now_ms)
        self.listen()

    @property
    def node(self):
        return self.cluster.nodes["n"]


@pytest.fixture
def desk():
    return Desk()


@pytest.fixture
def joined():
    return Desk().join()


def copy(pod, phase, **more):
    return PodReport(pod_uid=pod.uid, epoch=pod.epoch, phase=phase, **more)


def news(welcome):
    return type(welcome.stimulus)


# Who is there.


def test_a_node_that_is_not_known_is_told_to_be_gone(desk):
    assert desk.beat(node_uid="stranger") == Welcome(gone=True)
    assert not desk.watch.knows("stranger")


def test_a_start_that_has_proved_nothing_gets_a_token_and_no_lease(desk):
    assert desk.beat() == Welcome("token-1")
    assert not desk.watch.knows("n")
    assert desk.node.phase is NodePhase.PROVISIONING


def test_a_start_that_has_proved_itself_joins_and_gets_a_lease(desk):
    desk.beat()
    welcome = desk.beat(after_ms=50)
    assert welcome == Welcome("token-1", LEASE_MS, stimulus=s.NodeJoined(at_ms=50, uid="n", incarnation="a"))
    assert (desk.node.phase, desk.node.incarnation) == (NodePhase.READY, "a")
    assert desk.watch.last_heard_ms("n") == 50
    assert desk.reception.latest("n") == ("a", 2)


def test_a_beat_that_comes_late_or_twice_gets_no_answer_and_counts_for_nothing(joined):
    joined.beat(after_ms=1_000)
    for sequence in (3, 2, 1):
        assert joined.beat(sequence=sequence, after_ms=1_000) == Welcome(silent=True)
    assert joined.watch.last_heard_ms("n") == 1_000
    assert joined.reception.latest("n") == ("a", 3)


def test_a_node_that_started_anew_joins_again_and_its_pods_move(joined):
    pod = joined.running()
    joined.boot, joined.token, joined.sequence = "b", "", 0
    joined.beat()
    assert joined.cluster.pods["p"] == pod
    assert news(joined.beat()) is s.NodeJoined
    assert joined.cluster.pods["p"].epoch == pod.epoch + 1
    assert joined.reception.latest("n") == ("b", 2)


def test_a_node_that_is_forgotten_proves_itself_again(joined):
    joined.reception.forget("n")
    assert joined.reception.latest("n") == ("", 0)
    assert joined.beat() == Welcome("token-2")
    assert joined.beat() == Welcome("token-2", LEASE_MS)


# What is news.


def test_a_node_that_runs_what_it_should_is_no_news(joined):
    pods = [joined.running("p"), joined.running("q")]
    for _ in range(3):
        welcome = joined.beat(*(copy(pod, RUNNING) for pod in pods), after_ms=1_000)
        assert welcome == Welcome("token-1", LEASE_MS)


def test_an_empty_node_that_should_be_empty_is_no_news(joined):
    assert joined.beat() == Welcome("token-1", LEASE_MS)


ENDS = [
    ((SUCCEEDED, {"exit_code": 0}), SUCCEEDED),
    ((FAILED, {"exit_code": 3}), FAILED),
]


@pytest.mark.parametrize("told,expected", ENDS, ids=["succeeded", "failed"])
def test_that_a_pod_ended_is_news_once(joined, told, expected):
    pod = joined.running()
    phase, more = told
    report = copy(pod, phase, **more)
    assert joined.beat(report).stimulus == s.NodeReported(at_ms=0, uid="n", pods=(report,))
    assert joined.cluster.pods["p"].phase is expected
    assert joined.beat(report).stimulus is None


def test_that_a_pod_runs_is_news_once(joined):
    report = copy(joined.pod(), RUNNING)
    assert news(joined.beat(report)) is s.NodeReported
    assert joined.cluster.pods["p"].phase is RUNNING
    assert joined.beat(report).stimulus is None


def test_how_a_pod_is_is_news_once_where_it_is_new(joined):
    pod = joined.running()
    assert joined.beat(copy(pod, RUNNING)).stimulus is None
    sick = copy(pod, RUNNING, ready=False, restarts=1, reason="Unhealthy: it hangs")
    assert news(joined.beat(sick)) is s.NodeReported
    known = joined.cluster.pods["p"]
    assert (known.ready, known.restarts, known.reason) == (False, 1, "Unhealthy: it hangs")
    assert joined.beat(sick).stimulus is None
    assert news(joined.beat(copy(pod, RUNNING, restarts=1))) is s.NodeReported
    assert joined.cluster.pods["p"].ready
    assert joined.beat(copy(pod, RUNNING, ready=False)).stimulus is None, "fewer restarts are old news"


def test_that_a_pod_is_still_starting_is_no_news(joined):
    pod = joined.pod()
    assert joined.beat(copy(pod, STARTING)).stimulus is None


def test_that_a_pod_could_not_be_started_is_news(joined):
    pod = joined.pod()
    assert news(joined.beat(copy(pod, FAILED, error="no image"))) is s.NodeReported
    assert joined.cluster.pods["p"].reason == "could not start on n: no image"


def test_that_a_pod_which_ran_is_not_there_is_news(joined):
    pod = joined.running()
    assert news(joined.beat()) is s.NodeReported
    assert joined.cluster.pods["p"].epoch == pod.epoch + 1


def test_that_an_older_copy_ended_is_no_news(joined):
    pod = joined.running()
    old = PodReport(pod_uid="p", epoch=0, phase=FAILED, exit_code=1)
    assert joined.beat(old, copy(pod, RUNNING)).stimulus is None


def test_that_a_pod_which_was_stopped_is_not_there_is_news(joined):
    joined.running()
    joined.tell(s.DeletePod, uid="p")
    assert news(joined.beat()) is s.NodeReported
    assert "p" not in joined.cluster.pods


# What was asked for and is not done.


def reminders(desk, pods, kind):
    """When a node that beats four times in 250 ms, for two seconds, is told again."""
    told_ms = []
    for _ in range(32):
        desk.told.clear()
        desk.beat(*pods, after_ms=62 if desk.now_ms % 125 == 0 else 63)
        told_ms += [desk.now_ms for instruction in desk.told if isinstance(instruction, kind)]
    return told_ms


EVERY_QUARTER_SECOND = [62, 312, 562, 812, 1_062, 1_312, 1_562, 1_812]


def test_a_pod_that_does_not_start_is_asked_for_again_and_again_at_its_pace(joined):
    joined.pod()
    assert reminders(joined, (), StartPod) == EVERY_QUARTER_SECOND


def test_a_pod_that_does_not_stop_is_told_again_and_again_at_its_pace(joined):
    pod = joined.running()
    joined.tell(s.DeletePod, uid="p")
    assert reminders(joined, (copy(pod, RUNNING),), StopPod) == EVERY_QUARTER_SECOND


def test_a_copy_that_should_not_be_there_is_told_to_stop_again_and_again_at_its_pace(joined):
    stray = PodReport(pod_uid="stray", epoch=4, phase=RUNNING)
    assert reminders(joined, (stray,), StopPod) == EVERY_QUARTER_SECOND


def test_what_really_happened_is_told_between_reminders(joined):
    joined.pod("slow")
    quick = joined.pod("quick")
    assert news(joined.beat()) is s.NodeReported
    assert joined.beat(after_ms=1).stimulus is None
    assert news(joined.beat(copy(quick, RUNNING), after_ms=1)) is s.NodeReported
    assert joined.cluster.pods["quick"].phase is RUNNING


# Nodes that are not as they should be.


def test_a_node_that_was_suspected_is_trusted_again(joined):
    pod = joined.running()
    joined.tell(s.SuspectNode, uid="n")
    assert joined.beat(copy(pod, RUNNING), after_ms=9).stimulus == s.Heartbeat(at_ms=9, uid="n")
    assert joined.node.phase is NodePhase.READY
    assert joined.beat(copy(pod, RUNNING)).stimulus is None


def test_a_node_that_was_suspected_and_has_news_tells_both(joined):
    report = copy(joined.running(), SUCCEEDED, exit_code=0)
    joined.tell(s.SuspectNode, uid="n")
    assert news(joined.beat(report)) is s.NodeReported
    assert joined.cluster.pods["p"].phase is SUCCEEDED
    joined.beat(report)
    assert joined.node.phase is NodePhase.READY


@pytest.mark.parametrize("given_up", [False, True])
def test_a_node_that_was_thought_to_be_dead_is_back_with_what_it_runs(joined, given_up):
    pod = joined.running()
    joined.tell(s.FailNode, uid="n", lease_left_ms=5_000)
    if given_up:
        joined.tell(s.GiveUpNode, uid="n")
    welcome = joined.beat(copy(pod, RUNNING))
    assert (news(welcome), welcome.lease_ms) == (s.NodeReported, LEASE_MS)
    assert joined.node.phase is NodePhase.READY


def test_after_a_restart_the_first_beat_that_proves_itself_is_told_whatever_it_says(joined):
    pod = joined.running()
    joined.restart()
    report = copy(pod, RUNNING)
    assert joined.beat(report) == Welcome("token-2")
    assert joined.beat(report).stimulus == s.NodeReported(at_ms=0, uid="n", pods=(report,))
    assert joined.beat(report).stimulus is None
    assert joined.cluster.pods["p"] == pod


def test_a_node_that_is_being_deleted_is_heard_and_asked_nothing(joined):
    joined.running()
    joined.tell(s.DeleteNode, uid="n")
    assert joined.beat(after_ms=700) == Welcome("token-1", LEASE_MS)
    assert joined.watch.last_heard_ms("n") == 700


def test_a_node_that_is_down_and_being_deleted_gets_no_longer_lease(joined):
    """It never comes up again, and its pods run elsewhere when the lease is over that it had when it failed."""
    pod = joined.running()
    joined.tell(s.DeleteNode, uid="n")
    joined.tell(s.FailNode, uid="n", lease_left_ms=5_000)
    assert joined.beat(copy(pod, RUNNING), after_ms=1_000) == Welcome("token-1")
    joined.now_ms = 5_000
    joined.tell(s.TimePassed)
    assert joined.cluster.pods["p"].node_uid is None
    assert joined.beat(copy(pod, RUNNING)).lease_ms == 0


# However it went, node and cluster come to agree.


@given(lost=st.lists(st.booleans(), max_size=12), cpus=st.lists(st.sampled_from([100, 600]), max_size=5))
def test_whatever_is_lost_on_the_way_is_made_good_by_the_beats_after_it(lost, cpus):
    desk, runs, ended = Desk().join(), {}, {}
    losses = iter(lost)
    for number, cpu in enumerate(cpus):
        desk.pod(f"p{number}", cpu)
    for turn in range(40):
        told, desk.told = desk.told, []
        for instruction in told:
            key = instruction.pod.uid, instruction.pod.epoch
            if next(losses, False):
                continue
            if isinstance(instruction, StopPod):
                runs.pop(key, None)
            elif key not in ended:
                runs[key] = RUNNING
        if turn == 10 and runs:
            ended[next(iter(runs))] = SUCCEEDED
            del runs[next(iter(ended))]
        pods = [PodReport(pod_uid=uid, epoch=epoch, phase=phase) for (uid, epoch), phase in (runs | ended).items()]
        desk.beat(*pods, after_ms=500)
    bound = {(pod.uid, pod.epoch): pod.phase for pod in desk.cluster.pods_on("n")}
    assert bound == runs
    assert {uid for uid, _ in ended} == {uid for uid, pod in desk.cluster.pods.items() if pod.phase.finished}
