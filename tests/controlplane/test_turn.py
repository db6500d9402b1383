from __future__ import annotations

import pytest

from kube9.controlplane.inbox import Request
from kube9.controlplane.tickets import Tickets, digest_of
from kube9.controlplane.turn import Turn
from kube9.core import stimuli as s
from kube9.core.deployments import DeploymentSpec
from kube9.core.errors import InvariantViolation, NotRunning, UnknownName
from kube9.core.nodes import NodeSpec
from kube9.core.outcome import CreateNode, NodeStored, Outcome, PodRemoved, PodStored
from kube9.core.pods import PodPhase, PodSpec
from kube9.testing.clusters import cluster_with


@pytest.fixture
def turn():
    return Turn(cluster_with(), Tickets(), 100)


def up(turn, name="n"):
    turn.tickets.issue(name)
    turn.tell(s.AddNode, uid=name, spec=NodeSpec(name=name))
    turn.tell(s.NodeJoined, uid=name)


def test_the_last_change_of_each_thing_counts(turn):
    up(turn)
    turn.tell(s.LaunchPod, uid="p", spec=PodSpec(name="p"))
    turn.tell(s.PodStarted, uid="p", epoch=1)
    changes = turn.changes()
    assert [type(change) for change in changes] == [NodeStored, PodStored]
    assert changes[0].node == turn.cluster.nodes["n"]
    assert changes[1].pod.phase is PodPhase.RUNNING
    assert turn.handled == 4
    assert len(turn.events) == 4


def test_what_is_gone_goes_first_so_that_its_name_is_free(turn):
    for uid in ("old", "new"):
        turn.tell(s.LaunchPod, uid=uid, spec=PodSpec(name="p"))
        if uid == "old":
            turn.tell(s.DeletePod, uid=uid)
    assert turn.changes() == [PodRemoved("old"), PodStored(turn.cluster.pods["new"])]


@pytest.mark.parametrize("at_ms, used_ms", [(50, 60), (60, 60), (80, 80), (100, 100), (900, 100)])
def test_a_report_has_its_own_time_unless_that_is_past_or_to_come(at_ms, used_ms):
    cluster = cluster_with()
    cluster.handle(s.TimePassed(at_ms=60))
    turn = Turn(cluster, Tickets(), 60 if at_ms == 50 else 100)
    turn.handle(s.TimePassed(at_ms=at_ms))
    assert cluster.now_ms == used_ms


def test_time_never_runs_backwards():
    cluster = cluster_with()
    cluster.handle(s.TimePassed(at_ms=500))
    turn = Turn(cluster, Tickets(), 100)
    turn.tell(s.TimePassed)
    assert cluster.now_ms == 500


def test_a_node_that_is_to_be_made_without_a_known_token_gets_one_in_the_same_turn(turn):
    turn.cluster.handle(s.AddNode(at_ms=0, uid="n", spec=NodeSpec(name="n"), token_digest="lost"))
    turn.take(Outcome((), (CreateNode(turn.cluster.nodes["n"]),), ()))
    assert turn.changes() == [NodeStored(turn.cluster.nodes["n"])]
    assert turn.cluster.nodes["n"].token_digest == digest_of(turn.tickets.ticket("n").token)


def test_everybody_gets_an_answer_of_his_own(turn):
    good, bad = Request(lambda turn: "done"), Request(lambda turn: turn.cluster.explain("none"))
    turn.ask(good)
    turn.ask(bad)
    turn.answer_all()
    assert good.wait() == "done"
    with pytest.raises(UnknownName, match="there is no pod with uid 'none'"):
        bad.wait()


def test_all_can_be_refused(turn):
    request = Request(lambda turn: "done")
    turn.ask(request)
    turn.refuse_all(NotRunning, "over")
    with pytest.raises(NotRunning, match="over"):
        request.wait()


def test_a_broken_invariant_is_no_answer(turn):
    def broken(_):
        raise InvariantViolation("one and one is three")

    with pytest.raises(InvariantViolation):
        turn.ask(Request(broken))


def test_what_came_to_be_in_this_turn_is_found_by_name(turn):
    up(turn)
    turn.tell(s.LaunchPod, uid="p", spec=PodSpec(name="p", namespace="there"))
    turn.tell(s.ApplyDeployment, uid="d", spec=DeploymentSpec(name="d", template=PodSpec(name="d")))
    assert turn.new_node("n").uid == "n"
    assert turn.new_node("m") is None
    assert turn.new_pod("there", "p").uid == "p"
    assert turn.new_pod("default", "p") is None
    assert turn.new_deployment("default", "d").uid == "d"
    assert turn.new_deployment("there", "d") is None
