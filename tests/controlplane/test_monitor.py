from __future__ import annotations

import pytest

from kube9.agent.brain import Brain
from kube9.backends.behaviour import NodeBehaviour
from kube9.backends.memory import MemoryBackend
from kube9.clocks import VirtualClock
from kube9.controlplane.backends import Backends
from kube9.controlplane.inbox import Inbox
from kube9.controlplane.monitor import Monitor
from kube9.controlplane.tickets import Tickets
from kube9.controlplane.turn import Turn
from kube9.controlplane.view import View
from kube9.core import events as e
from kube9.core import stimuli as s
from kube9.core.errors import StoreUnavailable
from kube9.core.nodes import NodePhase, NodeSpec
from kube9.core.outcome import CreateNode, InspectNode
from kube9.core.pods import PodPhase, PodSpec
from kube9.core.settings import Settings
from kube9.core.stimuli import Stimulus
from kube9.plugins.health import Heartbeat
from kube9.testing.clusters import cluster_with


class Quiet:
    """A backend, as far as a monitor knows one."""

    def __init__(self, heartbeat_ms, by_agent):
        self.heartbeat_ms, self.by_agent = heartbeat_ms, by_agent


class Post:
    """A monitor and a cluster, with nothing but the test between them."""

    def __init__(self, heartbeat_ms=0, lease_ms=1, note_lease=None, by_agent=False, check=None):
        self.clock, self.inbox, self.view = VirtualClock(), Inbox(100), View()
        self.cluster, self.tickets = cluster_with(), Tickets()
        #: Events of what is recorded, each with the name of its node.
        self.noted = []
        backends = Backends(lambda name, deliver: Quiet(heartbeat_ms, by_agent), ["memory"], self.inbox.put)
        backends.get("memory")
        self.monitor = Monitor(
            check=check or Heartbeat(interval_ms=100, suspect_ms=300, fail_ms=1000),
            backends=backends,
            view=self.view,
            inbox=self.inbox,
            clock=self.clock,
            heartbeat_ms=100,
            note=lambda event, name, at_ms: self.noted.append((event, name)),
            lease_ms=lease_ms,
            note_lease=note_lease,
        )
        self.instructions = []

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
        self.instructions += turn.instructions
        return turn.events

    def agent(self, uid, brain, outage=""):
        """Let an agent beat; what it is answered."""
        turn = Turn(self.cluster, self.tickets, self.clock.now_ms(), outage=outage)
        answer = self.monitor.take(uid, brain.beat(self.clock.now_ms()), turn)
        self.view.apply(turn.changes())
        self.monitor.hear(turn.events)
        brain.heed(answer)
        return answer

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
    post.later(1000)
    return post.up("a", "b")


def test_a_node_that_falls_silent_is_suspected_and_then_has_failed(post):
    assert post.later(250, "a") == []
    assert post.later(100, "a") == [("NodeSuspected", "b")]
    assert post.cluster.nodes["b"].reason == "not heard for 300 ms"
    assert post.later(600, "a") == []
    assert post.later(200, "a") == [("NodeFailed", "b"), ("NodeRecovering", "b")]
    assert post.later(2000, "a") == []


class Clueless(Heartbeat):
    def suspicion(self, history, now_ms):
        raise RuntimeError("no idea")


def test_a_health_check_that_raises_does_not_save_a_silent_node(caplog):
    post = Post(heartbeat_ms=100, check=Clueless())
    post.monitor.start()
    post.later(1000)
    post.up("a", "b")
    assert post.later(350, "a") == [("NodeSuspected", "b")]
    assert post.later(800, "a") == [("NodeFailed", "b"), ("NodeRecovering", "b")]
    assert "the health check Clueless failed: RuntimeError: no idea" in caplog.text


@pytest.mark.parametrize("by_agent", [True, False])
def test_a_suspected_node_is_looked_after_once_where_its_agent_may_have_died(by_agent):
    post = Post(heartbeat_ms=100, by_agent=by_agent)
    post.monitor.start()
    post.later(1000)
    post.up("a", "b")
    post.later(250, "a")
    post.instructions.clear()
    assert post.later(600, "a") == [("NodeSuspected", "b")]
    looks = [each.node.uid for each in post.instructions if isinstance(each, InspectNode)]
    assert looks == (["b"] if by_agent else [])


def test_nodes_that_are_looked_after_anyway_are_so_once():
    """As where most are silent at once."""
    post = Post(heartbeat_ms=100, by_agent=True)
    post.monitor.start()
    post.later(1000)
    post.up("a", "b")
    post.instructions.clear()
    post.later(600)
    assert [each.node.uid for each in post.instructions if isinstance(each, InspectNode)] == ["a", "b"]


def test_a_suspected_node_that_is_heard_is_trusted_again(post):
    post.later(350, "a")
    post.monitor.beat("b")
    assert post.work() == [("NodeReady", "b")]
    assert post.later(250, "a") == []


def test_a_suspected_node_that_is_heard_keeps_its_history(post):
    post.later(200, "a", "b")
    before = list(post.monitor._watch._arrivals["b"])
    assert post.later(350, "a") == [("NodeSuspected", "b")]
    post.monitor.beat("b")
    assert post.work() == [("NodeReady", "b")]
    assert list(post.monitor._watch._arrivals["b"]) == [*before, post.clock.now_ms()]


@pytest.mark.parametrize("silent_ms", [350, 1100], ids=["suspected", "failed"])
def test_a_node_that_starts_anew_begins_another_history(post, silent_ms):
    post.later(200, "a", "b")
    post.later(silent_ms, "a")
    post.tell(s.NodeJoined, uid="b")
    assert list(post.monitor._watch._arrivals["b"]) == [post.clock.now_ms()]


def test_beats_of_a_node_in_good_health_are_no_affair_of_the_cluster(post):
    post.work()
    for _ in range(1000):
        post.monitor.beat("a")
    assert len(post.inbox) == 0
    assert post.monitor.beats == 1000


def test_a_beat_that_comes_between_sweep_and_judgement_counts(post):
    post.clock.advance(250)
    post.clock.advance(100)
    assert len(post.inbox) == 1
    post.monitor.beat("a")
    post.monitor.beat("b")
    assert post.work() == []


def test_a_node_that_comes_up_just_before_it_would_be_judged_has_its_time_as_well(post):
    post.later(1100, "a")
    post.clock.advance(500)
    (judge,) = post.inbox.take(10, 0)
    post.monitor.beat("a")
    turn = Turn(post.cluster, post.tickets, post.clock.now_ms())
    turn.tell(s.NodeJoined, uid="b")
    judge(turn)
    assert [type(event) for event in turn.events if isinstance(event, e.NodeEvent)] == [e.NodeReady]


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
    # What was due in that time comes when it goes on, all at once; the nodes stood still as well.
    post.clock.advance(60_000)
    assert post.work() == []
    assert post.later(900) == []
    assert post.later(100, "a", "b") == []
    assert post.later(2000, "a", "b") == []
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
    assert [health.name for health in post.monitor.health()] == ["a"]


def test_health_is_the_check_s_own_figure(post):
    post.clock.advance(120)
    assert [(health.last_heard_ms_ago, health.suspicion) for health in post.monitor.health()] == [(120, 120.0)] * 2


def test_the_lease_ends_before_the_node_is_given_up(post):
    answer = post.monitor.introduce("a")
    assert 90 <= answer.interval_ms <= 100
    assert answer.lease_ms == 900


def test_nodes_do_not_beat_in_step(post):
    assert len({post.monitor.introduce("a").interval_ms for _ in range(100)}) > 3


def test_the_longer_a_lease_the_later_pods_may_move():
    post = Post(heartbeat_ms=100, lease_ms=5000)
    post.monitor.start()
    post.later(5100)
    post.up("a", "b")
    assert post.monitor.introduce("b").lease_ms == 5000
    post.later(1100, "a")
    assert post.cluster.nodes["b"].phase is NodePhase.RECOVERING
    # From the beat on 5000 ms, and one in fifty for a clock that is slow.
    assert post.cluster.nodes["b"].lease_left_ms == 5000 + 101 - 1000


def test_a_node_that_was_judged_dead_gets_no_more_of_a_lease(post):
    post.later(950, "a")
    post.clock.advance(50)
    (judge,) = post.inbox.take(10, 0)
    turn = Turn(post.cluster, post.tickets, post.clock.now_ms())
    judge(turn)
    # That is not durable yet, so that everybody still sees a node that is suspected.
    assert post.view.node("b").phase is NodePhase.SUSPECT
    assert post.monitor.introduce("b").lease_ms == 0
    assert post.monitor.introduce("a").lease_ms == 900
    post.view.apply(turn.changes())
    post.monitor.hear(turn.events)
    post.tell(s.NodeJoined, uid="b")
    assert post.monitor.introduce("b").lease_ms == 900


def test_where_most_fall_silent_nobody_is_given_up():
    post = Post(heartbeat_ms=100)
    post.monitor.start()
    post.later(1000)
    post.up(*"abcde")
    assert post.later(400, "a", "b") == [("NodeSuspected", uid) for uid in "cde"]
    assert post.monitor.held == "3 of 5 nodes are not heard; the fault may be here"
    assert post.later(3000, "a", "b") == []
    assert {type(instruction) for instruction in post.instructions} == {CreateNode, InspectNode}
    assert post.later(100, *"abcde") == [("NodeReady", uid) for uid in "cde"]
    assert post.monitor.held == ""
    assert ("NodeFailed", "c") in post.later(1100, *"abde")


#: Patient enough for the slowest of machines, and yet soon over.
PATIENT = Heartbeat(interval_ms=20, suspect_ms=500, fail_ms=1000)


class TestALiveCluster:
    """Threads, a store, and nodes in memory that beat by themselves."""

    def test_a_node_that_dies_comes_back_and_nothing_runs_twice(self, world):
        knobs = {"heartbeat_ms": 20, "node_behaviour": NodeBehaviour(restart_delay_ms=200)}
        plane = world.start(knobs=knobs, health=PATIENT, settings={"lease_ms": 2_000})
        for name in "abc":
            world.node(name)
        pods = [world.running(f"p{number}", 300) for number in range(3)]
        assert {pod.node_uid for pod in pods} == {"uid-a"}
        # After its start it judges nobody for the time of a lease.
        world.until(lambda _: plane.status().heartbeats > 3 * 110)
        plane.fail_node("a")
        world.until(lambda view: all(pod.epoch == 2 and pod.phase is PodPhase.RUNNING for pod in view.pods()))
        world.until_event("NodeReady", 4)
        assert life_of(plane, "a") == [
            "NodeAdded",
            "NodeReady",
            "NodeSuspected",
            "NodeFailed",
            "NodeRecovering",
            "NodeFenced",
            "NodeReady",
        ]
        world.until(lambda _: not plane.status().instructions_waiting)
        copies = [copy for node in plane.view.nodes() for copy in world.backend.list_pods(node)]
        assert sorted((copy.pod_uid, copy.epoch) for copy in copies) == sorted((pod.uid, 2) for pod in pods)

    def test_one_that_cannot_be_recovered_is_lost_and_can_be_forgotten(self, world):
        patience = Settings(recovery_attempts=2, recovery_backoff_ms=10)
        plane = world.start(knobs={"heartbeat_ms": 20}, health=PATIENT, patience=patience)
        world.node("a")
        world.running("p")
        world.node("b")
        plane.fail_node("a", permanent=True)
        world.until(lambda view: view.node("a").phase is NodePhase.LOST)
        assert plane.view.node("a").reason == "not recovered in 2 attempts (last: the machine is dead)"
        world.until(lambda view: view.pod("default", "p").phase is PodPhase.RUNNING)
        assert plane.view.pod("default", "p").node_uid == "uid-b"
        assert plane.delete_node("a", force=True) is None
        assert [node.name for node in plane.view.nodes()] == ["b"]

    def test_where_most_are_not_heard_nothing_moves_until_they_are(self, world):
        plane = world.start(make_backend=Unheard, health=PATIENT)
        names = [f"n{number}" for number in range(10)]
        for name in names:
            world.node(name)
            world.running(f"on-{name}", 900)
        before = [(pod.node_uid, pod.epoch) for pod in plane.view.pods()]
        world.backend.muted = {f"uid-{name}" for name in names[:7]}
        world.until_event("MovesHeld")
        (held,) = (event for event in plane.events.since(0, 1000) if event.type == "MovesHeld")
        assert "of 10 nodes are not heard; the fault may be here" in held.message
        assert plane.status().moves_held
        # They are asked after once in ten beats, and this often only long after they would have been given up.
        world.until(lambda _: world.backend.looked_after >= 7 * 8)
        assert "NodeFailed" not in world.types()
        world.backend.muted = set()
        world.until_event("MovesResumed")
        world.until(lambda view: all(node.phase is NodePhase.READY for node in view.nodes()))
        assert [(pod.node_uid, pod.epoch) for pod in plane.view.pods()] == before
        assert plane.status().moves_held == ""
        # And it judges again.
        plane.fail_node("n0")
        world.until_event("NodeFailed")


class Unheard(MemoryBackend):
    """Nodes in memory of which some are not heard, and run all the same."""

    def __init__(self, name, clock, deliver):
        super().__init__(clock, self._pass_on, heartbeat_ms=20)
        self.listener = deliver
        self.muted = set()
        self.looked_after = 0

    def _pass_on(self, stimulus):
        if not (isinstance(stimulus, s.Heartbeat) and stimulus.uid in self.muted):
            self.listener(stimulus)

    def list_pods(self, node):
        self.looked_after += 1
        return super().list_pods(node)


def life_of(plane, name):
    """The types of all events of a node."""
    return [event.type for event in plane.events.since(0, 1000) if (event.object_kind, event.name) == ("Node", name)]


class TestAgents:
    """Nodes that say with each beat what they run."""

    @pytest.fixture
    def brain(self, post):
        """That of an agent that has joined as ``a``."""
        brain = Brain("boot-1")
        assert post.agent("a", brain).lease_ms == 0
        assert post.agent("a", brain).lease_ms == 900
        return brain

    def test_one_has_to_prove_that_it_is_there_now(self, post, brain):
        assert post.cluster.nodes["a"].incarnation == "boot-1"
        stranger = Brain("boot-0")
        assert post.agent("a", stranger).token not in ("", brain.token)
        assert post.cluster.nodes["a"].incarnation == "boot-1"

    def test_a_beat_without_news_tells_the_cluster_nothing(self, post, brain):
        post.later(200, "b")
        told_ms = post.cluster.now_ms
        assert post.agent("a", brain).lease_ms == 900
        assert post.cluster.now_ms == told_ms < post.clock.now_ms()
        assert post.monitor.health()[0].last_heard_ms_ago == 0

    def test_what_it_runs_and_ran_is_taken_over(self, post, brain):
        post.tell(s.LaunchPod, uid="p", spec=PodSpec(name="p"))
        (node_uid, epoch) = (post.cluster.pods["p"].node_uid, post.cluster.pods["p"].epoch)
        assert node_uid == "a"
        brain.start(post.clock.now_ms(), "p", epoch)
        brain.started("p", epoch)
        post.agent("a", brain)
        assert post.cluster.pods["p"].phase is PodPhase.RUNNING
        brain.exited("p", epoch, 3)
        post.agent("a", brain)
        assert (post.cluster.pods["p"].phase, post.cluster.pods["p"].exit_code) == (PodPhase.FAILED, 3)

    def test_one_that_is_heard_late_is_told_nothing_new(self, post, brain):
        beat = brain.beat(post.clock.now_ms())
        post.agent("a", brain)
        turn = Turn(post.cluster, post.tickets, post.clock.now_ms())
        answer = post.monitor.take("a", beat, turn)
        assert (answer.lease_ms, answer.token) == (0, brain.token)

    def test_one_that_is_not_known_is_to_run_nothing(self, post):
        answer = post.agent("z", Brain("boot-1"))
        assert (answer.gone, answer.lease_ms) == (True, 0)

    def test_while_nothing_can_be_stored_leases_go_on_and_news_wait(self, post, brain):
        assert post.agent("a", brain, outage="the disk is full").lease_ms == 900
        post.tell(s.LaunchPod, uid="p", spec=PodSpec(name="p"))
        brain.start(post.clock.now_ms(), "p", 1)
        brain.started("p", 1)
        with pytest.raises(StoreUnavailable, match="the disk is full"):
            post.agent("a", brain, outage="the disk is full")
        assert post.cluster.pods["p"].phase is PodPhase.STARTING
        assert post.agent("a", brain).lease_ms == 900
        assert post.cluster.pods["p"].phase is PodPhase.RUNNING

    def test_one_that_fell_silent_comes_back_with_what_it_runs(self, post, brain):
        assert ("NodeFailed", "a") in post.later(1100, "b")
        assert post.agent("a", brain).lease_ms == 900
        assert post.cluster.nodes["a"].phase is NodePhase.READY

    def test_its_silence_counts_also_for_the_next_life_of_the_server(self, post, brain):
        after = Post()
        after.view, after.cluster = post.view, post.cluster
        after.monitor._view = post.view
        after.clock.advance(post.clock.now_ms())
        after.monitor.start()
        assert ("NodeFailed", "a") in after.later(1100)


@pytest.mark.parametrize("earlier_ms,left_ms", [(0, 0), (900, 0), (5_000, 5_101 - 1_000)])
def test_a_lease_from_a_server_that_gave_longer_ones_is_waited_for(earlier_ms, left_ms):
    post = Post(heartbeat_ms=100).up("a", "b", "c")
    post.monitor.start(earlier_ms)
    while ("NodeFailed", "a") not in post.later(50, "b", "c"):
        assert post.clock.now_ms() < 2_000
    assert (post.clock.now_ms(), post.cluster.nodes["a"].lease_left_ms) == (1_000, left_ms)


def test_how_long_leases_are_is_noted_before_any_is_given():
    noted = []
    post = Post(heartbeat_ms=100, lease_ms=2_000, note_lease=noted.append)
    post.monitor.start(5_000)
    assert noted == [5_000]
    post.later(5_100)
    assert noted == [5_000]
    post.later(100)
    assert noted == [5_000, 2_000]


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
    post.later(1100, "a")
    post.noted[:] = [each for each in post.noted if each[1] == "b"]
    post.monitor.beat("b")  # nobody judges a node that is known to have failed
    post.tell(s.NodeJoined, uid="b")
    post.tell(s.DestroyNodeDone, uid="b")
    assert post.noted == [("down", "b"), ("up", "b"), ("gone", "b")]


def test_nothing_is_noted_of_nodes_that_never_beat():
    post = Post().up("a")
    post.tell(s.DestroyNodeDone, uid="a")
    assert post.noted == []
