from __future__ import annotations

import threading

import pytest

from kube9.agent.brain import Brain, CopyReport, StopOrder
from kube9.core.containers import Config
from kube9.core.errors import NodeGone, StoreUnavailable
from kube9.core.nodes import NodePhase, NodeSpec
from kube9.core.pods import PodPhase
from kube9.core.stimuli import DeletePod, DestroyNodeDone
from kube9.plugins.health import Heartbeat

PATIENCE_S = 60
LONG_MS = 600_000


class ByAgent:
    """A backend whose nodes are agents; they are played by the tests."""

    by_agent = True

    def __init__(self, clock, deliver):
        self.clock, self.deliver = clock, deliver
        self.gone = set()

    def _look(self, node):
        if node.name in self.gone:
            raise NodeGone(f"{node.name} is gone")

    def create_node(self, node, join):
        pass

    def restart_node(self, node):
        pass

    def destroy_node(self, node):
        self.deliver(DestroyNodeDone(at_ms=self.clock.now_ms(), uid=node.uid))

    def start_pod(self, node, pod):
        self._look(node)

    def stop_pod(self, node, pod, grace_ms):
        self._look(node)

    def list_pods(self, node):
        self._look(node)

    def logs(self, node, pod, options=None):
        return iter(())


class Agent:
    """One node's agent, whose every beat a test sends by hand."""

    def __init__(self, plane, name, boot="boot"):
        self.plane, self.name, self.brain = plane, name, Brain(boot)
        self.now_ms = 0

    def send(self, wait_ms=LONG_MS):
        """The request, and what tells that it is answered."""
        request = self.plane.ask_for_lease(self.name, self.brain.beat(self.now_ms), wait_ms)
        answered = threading.Event()
        request.then(lambda _: answered.set())
        return request, answered

    def beat(self, wait_ms=0):
        request, answered = self.send(wait_ms)
        return self.heed(request, answered)

    def heed(self, request, answered):
        assert answered.wait(PATIENCE_S), "no answer came"
        answer = request.result()
        self.brain.heed(answer)
        return answer

    def join(self):
        self.beat()
        return self.beat()

    def run(self, pod):
        self.brain.start(self.now_ms, pod.uid, pod.epoch)
        self.brain.started(pod.uid, pod.epoch)
        self.beat()


@pytest.fixture
def plane(world):
    return world.start(**how())


def how():
    # Beats are to be ten minutes apart, so whatever is answered sooner is answered for a reason.
    health = Heartbeat(interval_ms="600000", suspect_ms="2000000", fail_ms="3000000")
    return {"make_backend": lambda _, clock, deliver: ByAgent(clock, deliver), "health": health}


@pytest.fixture
def agent(world, plane):
    plane.add_node(NodeSpec(name="n", capacity={"cpu": 1_000}), uid="uid-n")
    agent = Agent(plane, "n")
    agent.join()
    world.until(lambda view: view.node("n").phase is NodePhase.READY)
    return agent


def ids(orders):
    return [(order.uid, order.epoch) for order in orders]


def test_an_answer_waits_until_there_is_something_to_start(world, agent):
    request, answered = agent.send()
    pod = world.pod("p", configs=(Config(name="c", data={"k": "hush"}, secret=True),), labels={"app": "web"})
    answer = agent.heed(request, answered)
    assert ids(answer.start) == [(pod.uid, pod.epoch)]
    order = answer.start[0]
    assert (order.namespace, order.name, order.owner, order.devices) == ("default", "p", "", {})
    assert order.spec["configs"] == [{"name": "c", "data": {"k": "hush"}, "secret": True}]


def test_an_order_is_repeated_until_a_beat_shows_that_it_is_known(world, agent):
    pod = world.pod("p")
    assert ids(agent.beat().start) == ids(agent.beat().start) == [(pod.uid, pod.epoch)]
    agent.brain.start(agent.now_ms, pod.uid, pod.epoch)
    assert agent.beat().start == ()
    agent.brain.started(pod.uid, pod.epoch)
    agent.beat()
    world.until(lambda view: view.pod("default", "p").phase is PodPhase.RUNNING)


def test_many_pods_are_told_with_one_answer(world, agent):
    request, answered = agent.send()
    wanted = [world.pod(f"p{number}", cpu_milli=10) for number in range(20)]
    first = agent.heed(request, answered)
    told = ids(first.start)
    while len(told) < len(wanted):
        for uid, epoch in ids(first.start):
            agent.brain.start(agent.now_ms, uid, epoch)
        first = agent.beat(LONG_MS)
        told += ids(first.start)
    assert told == [(pod.uid, pod.epoch) for pod in wanted]


@pytest.mark.parametrize("grace_ms,said_ms", [(None, 30_000), (1_500, 1_500)])
def test_a_pod_is_stopped_with_the_grace_that_was_asked_for(world, plane, agent, grace_ms, said_ms):
    pod = world.pod("p")
    agent.run(pod)
    request, answered = agent.send()
    plane.delete_pod("default", "p", grace_ms=grace_ms)
    told = agent.heed(request, answered).stop
    assert told == agent.beat().stop == agent.beat().stop == (StopOrder(pod.uid, pod.epoch, said_ms),)
    agent.brain.stop(pod.uid, pod.epoch)
    agent.brain.stopped(pod.uid, pod.epoch)
    assert agent.beat().stop == ()
    world.until(lambda view: not view.pods())


def test_a_beat_in_the_turn_that_stops_a_pod_is_answered_with_the_grace_that_was_asked_for(world, plane, agent):
    pod = world.pod("p")
    agent.run(pod)
    here, on = threading.Event(), threading.Event()

    def hold_up(_turn):
        here.set()
        assert on.wait(PATIENCE_S)

    plane._inbox.put(hold_up)
    assert here.wait(PATIENCE_S)
    plane._inbox.put(lambda turn: turn.tell(DeletePod, uid=pod.uid, grace_ms=1_500))
    request, answered = agent.send()
    on.set()
    assert agent.heed(request, answered).stop == (StopOrder(pod.uid, pod.epoch, 1_500),)


def test_nothing_is_told_that_could_not_be_stored_yet(world, agent):
    world.store.break_down()
    with pytest.raises(StoreUnavailable):
        world.pod("p")
    with pytest.raises(StoreUnavailable):
        agent.beat()
    assert agent.beat().start == (), "it had news, which can wait; that it lives cannot"
    request, answered = agent.send()
    world.store.recover()
    answer = agent.heed(request, answered)
    assert [order.name for order in answer.start] == ["p"]


def test_a_copy_that_nobody_knows_is_stopped(agent):
    agent.brain.start(agent.now_ms, "stray", 4)
    assert agent.beat(LONG_MS).stop == (StopOrder("stray", 4, 0),)


def test_a_later_beat_has_the_one_before_answered(agent):
    first, answered = agent.send()
    later, _ = agent.send()
    answer = agent.heed(first, answered)
    assert (answer.sequence, answer.start, answer.stop) == (3, (), ())
    assert answer.lease_ms > 0
    assert later is not first


def test_an_answer_waits_no_longer_than_the_agent_does(agent):
    answer = agent.beat(wait_ms=30)
    assert (answer.start, answer.stop) == ((), ())


def test_a_start_of_a_node_that_is_not_known_yet_is_answered_at_once(plane, agent):
    other = Agent(plane, "n", "another boot")
    answer = other.beat(LONG_MS)
    assert (answer.lease_ms, bool(answer.token)) == (0, True)
    assert other.beat(30).lease_ms > 0, "it has joined"


def test_only_so_many_are_kept_waiting(world):
    plane = world.start(settings={"answers_held_max": 1}, **how())
    first, second = agents = [Agent(plane, name) for name in ("n", "m")]
    for each in agents:
        plane.add_node(NodeSpec(name=each.name), uid=f"uid-{each.name}")
        each.join()
    _, answered = first.send()
    assert second.beat(LONG_MS).lease_ms > 0
    assert not answered.is_set()


def test_the_end_of_the_server_answers_all(world, agent):
    request, answered = agent.send()
    world.plane.stop()
    assert agent.heed(request, answered).lease_ms > 0


def test_a_node_that_goes_leaves_nobody_waiting(world, plane, agent):
    request, answered = agent.send()
    plane.delete_node("n")
    agent.heed(request, answered)
    world.until(lambda view: not view.nodes())
    with pytest.raises(Exception, match="there is no node 'n'"):
        agent.beat()


def test_after_a_restart_a_node_is_told_what_it_missed(world, agent):
    kept, missed = world.pod("kept"), world.pod("missed")
    agent.run(kept)
    agent.plane = world.restart(**how())
    agent.beat()
    answer = agent.beat()
    assert (ids(answer.start), answer.stop) == ([(missed.uid, missed.epoch)], ())


def test_nodes_of_other_backends_are_told_nothing(world):
    plane = world.start(knobs={"heartbeat_ms": 0})
    world.node("n")
    agent = Agent(plane, "n")
    agent.join()
    world.pod("p")
    agent.brain.start(agent.now_ms, "stray", 1)
    assert CopyReport("stray", 1, "Starting") in agent.brain.beat(agent.now_ms).pods
    answer = agent.beat(LONG_MS)
    assert (answer.start, answer.stop) == ((), ())


def test_a_backend_that_is_sure_a_node_is_gone_has_its_pods_moved(world, plane, agent):
    world.backend.gone.add("n")
    world.pod("p")
    world.until_event("NodeFailed")
