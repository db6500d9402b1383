from __future__ import annotations

import pytest

from kube9.clocks import VirtualClock
from kube9.controlplane.backends import Backends
from kube9.controlplane.inbox import Inbox
from kube9.controlplane.monitor import Monitor
from kube9.controlplane.tickets import Tickets
from kube9.controlplane.turn import Turn
from kube9.controlplane.view import View
from kube9.core import events as e
from kube9.core import stimuli as s
from kube9.core.nodes import NodePhase, NodeSpec
from kube9.core.stimuli import Stimulus
from kube9.plugins.health import Heartbeat
from kube9.testing.clusters import cluster_with


class Quiet:
    """A backend, as far as a monitor knows one."""

    def __init__(self, heartbeat_ms):
        self.heartbeat_ms = heartbeat_ms


class Post:
    """A monitor and a cluster, with nothing but the test between them."""

    def __init__(self, heartbeat_ms=0):
        self.clock, self.inbox, self.view = VirtualClock(), Inbox(100), View()
        self.cluster, self.tickets = cluster_with(), Tickets()
        #: Events of what is recorded, each with the name of its node.
        self.noted = []
        backends = Backends(lambda name, deliver: Quiet(heartbeat_ms), ["memory"], self.inbox.put)
        backends.get("memory")
        self.monitor = Monitor(
            check=Heartbeat(interval_ms=100, suspect_ms=300, fail_ms=1000),
            backends=backends,
            view=self.view,
            inbox=self.inbox,
            clock=self.clock,
            heartbeat_ms=100,
            note=lambda event, name, at_ms: self.noted.append((event, name)),
        )

    def up(self, *names):
        for name in names:
            self.tell(s.AddNode, uid=name, spec=NodeSpec(name=name))
            self.tell(s.NodeJoined, uid=name)
        return self

    def tell(self, kind, **about):
        self.do(kind(at_ms=self.clock.now_ms(), **about))

    def do(self, item):
        turn = Turn(self.cluster, self.tickets, self.clock.now_ms())
        if isinstance(item, Stimulus):
            turn.handle(item)
        else:
            item(turn)
        self.view.apply(turn.changes())
        self.monitor.hear(turn.events)
        return turn.events

    def work(self):
        """Do what waits for the loop; returns what happened."""
        return [
            (type(event).__name__, event.node.name)
            for item in (self.inbox.take(1000, 0) if len(self.inbox) else ())
            for event in self.do(item)
            if isinstance(event, e.NodeEvent)
        ]

    def later(self, ms, *beating):
        """Let time go by, in which some nodes beat; returns what happened."""
        happened = []
        for _ in range(ms // 50):
            self.clock.advance(50)
            for uid in beating:
                self.monitor.beat(uid)
            happened += self.work()
        return happened


@pytest.fixture
def post():
    """One whose time of grace is over."""
    post = Post(heartbeat_ms=100)
    post.monitor.start()
    post.clock.advance(1000)
    return post.up("a", "b")


def test_a_node_that_falls_silent_is_suspected_and_then_has_failed(post):
    assert post.later(250, "a") == []
    assert post.later(100, "a") == [("NodeSuspected", "b")]
    assert post.cluster.nodes["b"].reason == "not heard for 300 ms"
    assert post.later(600, "a") == []
    assert post.later(200, "a") == [("NodeFailed", "b"), ("NodeRecovering", "b")]
    assert post.later(2000, "a") == []


def test_a_suspected_node_that_is_heard_is_trusted_again(post):
    post.later(350, "a")
    post.monitor.beat("b")
    assert post.work() == [("NodeReady", "b")]
    assert post.later(250, "a") == []


def test_a_suspected_node_that_is_heard_keeps_its_history(post):
    post.later(200, "a", "b")
    before = list(post.monitor._arrivals["b"])
    assert post.later(350, "a") == [("NodeSuspected", "b")]
    post.monitor.beat("b")
    assert post.work() == [("NodeReady", "b")]
    assert list(post.monitor._arrivals["b"]) == [*before, post.clock.now_ms()]


@pytest.mark.parametrize("silent_ms", [350, 1100], ids=["suspected", "failed"])
def test_a_node_that_starts_anew_begins_another_history(post, silent_ms):
    post.later(200, "a", "b")
    post.later(silent_ms, "a")
    post.tell(s.NodeJoined, uid="b")
    assert list(post.monitor._arrivals["b"]) == [post.clock.now_ms()]


def test_beats_of_a_node_in_good_health_are_no_affair_of_the_cluster(post):
    for _ in range(1000):
        post.monitor.beat("a")
    assert len(post.inbox) == 0
    assert post.monitor.beats == 1000


def test_a_beat_that_comes_between_sweep_and_judgement_counts(post):
    post.clock.advance(250)
    post.clock.advance(100)
    assert len(post.inbox) == 2
    post.monitor.beat("a")
    post.monitor.beat("b")
    assert post.work() == []


def test_a_recovered_node_has_all_its_time_again(post):
    post.later(1100, "a")
    post.tell(s.NodeJoined, uid="b")
    assert post.later(250, "a") == []
    assert post.later(100, "a") == [("NodeSuspected", "b")]


def test_nodes_that_never_beat_are_not_judged():
    post = Post().up("a")
    post.monitor.start()
    assert post.later(5000) == []
    (health,) = post.monitor.health()
    assert (health.last_heard_ms_ago, health.suspicion) == (None, None)
    post.monitor.beat("a")
    assert post.later(350) == [("NodeSuspected", "a")]


def test_after_a_start_every_node_gets_the_time_it_takes_to_fail():
    post = Post(heartbeat_ms=100).up("a", "b")
    post.monitor.start()
    assert post.later(950, "a") == []
    assert post.later(100, "a") == [("NodeFailed", "b"), ("NodeRecovering", "b")]


def test_a_process_that_stood_still_blames_nobody(post, caplog):
    post.later(200, "a", "b")
    post.monitor._swept_ms -= 60_000
    for uid in "ab":
        post.monitor._arrivals[uid][-1] -= 60_000
    assert post.later(900, "a", "b") == []
    assert "went by unseen" in caplog.text


def test_one_that_is_being_made_joins_by_its_own_call_and_only_once(post):
    post.tell(s.AddNode, uid="c", spec=NodeSpec(name="c"))
    post.monitor.beat("c")
    assert post.work() == []
    post.monitor.introduce("c")
    post.monitor.introduce("c")
    assert post.work() == [("NodeReady", "c")]
    assert post.cluster.nodes["c"].phase is NodePhase.READY


def test_nodes_that_are_gone_are_forgotten(post):
    post.tell(s.DestroyNodeDone, uid="b")
    assert post.monitor.beat("b") is None
    assert list(post.monitor._arrivals) == ["a"]
    assert [health.name for health in post.monitor.health()] == ["a"]


def test_health_is_the_check_s_own_figure(post):
    post.clock.advance(120)
    assert [(health.last_heard_ms_ago, health.suspicion) for health in post.monitor.health()] == [(120, 120.0)] * 2


def test_the_lease_ends_before_the_node_is_given_up(post):
    assert (post.monitor.fail_after_ms, post.monitor.lease_ms) == (1000, 900)


def test_a_closed_one_judges_nobody(post):
    post.monitor.close()
    assert post.later(5000) == []


def test_beats_and_what_is_known_of_nodes_are_noted(post):
    assert post.noted == [("up", "a"), ("up", "b")]
    post.noted.clear()
    post.monitor.beat("a")
    post.later(350, "a")
    post.monitor.beat("b")
    post.work()
    assert [event for event, name in post.noted if name == "b"] == ["beat"]
    post.noted.clear()
    post.monitor.broke(post.cluster.nodes["b"])
    post.later(1100)
    post.monitor.beat("b")  # nobody judges a node that is known to have failed
    post.tell(s.NodeJoined, uid="b")
    post.tell(s.DestroyNodeDone, uid="b")
    assert post.noted == [("down", "b"), ("up", "b"), ("gone", "b")]


def test_nothing_is_noted_of_nodes_that_never_beat():
    post = Post().up("a")
    post.tell(s.DestroyNodeDone, uid="a")
    assert post.noted == []
