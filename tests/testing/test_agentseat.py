from __future__ import annotations

from kube9.core.nodes import Node, NodeSpec
from kube9.core.pods import Pod, PodPhase, PodReport, PodSpec
from kube9.core.stimuli import PodExited, PodHealthChanged, PodStarted, StartPodFailed, StopPodDone
from kube9.testing.agentseat import AgentSeat

NODE = Node(uid="n", spec=NodeSpec(name="node"), ordinal=1)


def seat():
    return AgentSeat(node=NODE, token="t", remind_ms=50)


def pod(epoch=1, uid="p"):
    return Pod(uid=uid, spec=PodSpec(name="web"), ordinal=1, created_at_ms=0, epoch=epoch)


def told(phase="RUNNING", epoch=1, **words):
    return PodReport(pod_uid="p", epoch=epoch, phase=PodPhase[phase], **words)


def kinds(news):
    return [(type(each), each.epoch) for each in news]


def asked(orders):
    start, stop = orders
    return [(each.uid, each.epoch) for each in start], [(each.uid, each.epoch, each.grace_ms) for each in stop]


def test_an_order_is_told_again_until_it_is_carried_out():
    each = seat()
    assert each.due_ms() is None
    each.start(pod())
    assert each.due_ms() == 0
    assert asked(each.orders(100)) == ([("p", 1)], [])
    assert each.due_ms() == 150
    assert kinds(each.report([told("STARTING", ready=False)], 0)) == []
    assert each.due_ms() is None
    assert kinds(each.report([told()], 0)) == [(PodStarted, 1)]
    each.stop("p", 1, 700)
    assert asked(each.orders(200)) == ([], [("p", 1, 700)])
    assert kinds(each.report([told()], 0)) == []
    assert kinds(each.report([], 0)) == [(StopPodDone, 1)]
    assert each.due_ms() is None


def test_a_start_that_is_to_be_stopped_is_not_ordered():
    each = seat()
    each.start(pod())
    each.orders(0)
    each.stop("p", 1, 0)
    each.start(pod())
    assert asked(each.orders(0)) == ([], [("p", 1, 0)])
    assert kinds(each.report([], 0)) == [(StopPodDone, 1)]


def test_everybody_who_waits_for_a_stop_is_told():
    each = seat()
    each.stop("p", 1, 0)
    each.stop("p", 1, 0)
    assert kinds(each.report([], 0)) == [(StopPodDone, 1)] * 2


def test_an_older_epoch_than_the_one_that_runs_is_ordered_no_more():
    each = seat()
    each.start(pod(1))
    each.start(pod(3))
    each.report([told(epoch=2)], 0)
    assert asked(each.orders(0)) == ([("p", 3)], [])


def test_what_becomes_of_a_copy_is_told_once():
    each = seat()
    assert each.report([told("STARTING", reason="it crashes", ready=False, restarts=1)], 7) == [
        PodHealthChanged(at_ms=7, uid="p", epoch=1, ready=False, restarts=1, reason="it crashes")
    ]
    running = told(ready=False, restarts=1)
    assert each.report([running], 8) == [PodStarted(at_ms=8, uid="p", epoch=1, ready=False, restarts=1)]
    assert each.report([running], 9) == []
    assert each.report([told(restarts=1)], 9) == [
        PodHealthChanged(at_ms=9, uid="p", epoch=1, ready=True, restarts=1, reason="")
    ]
    ended = told("FAILED", exit_code=3, restarts=1, reason="Error")
    assert each.report([ended], 10) == [PodExited(at_ms=10, uid="p", epoch=1, exit_code=3, reason="Error")]
    assert each.report([ended], 11) == []


def test_one_that_ended_before_it_was_heard_of_has_run():
    each = seat()
    assert kinds(each.report([told("SUCCEEDED", exit_code=0)], 0)) == [(PodStarted, 1), (PodExited, 1)]


def test_one_that_did_not_start_has_not():
    each = seat()
    failed = told("FAILED", error="no such image")
    assert each.report([failed], 5) == [StartPodFailed(at_ms=5, uid="p", epoch=1, reason="no such image")]
    assert each.report([failed], 6) == []


def test_a_node_that_joins_is_empty():
    each = seat()
    each.start(pod(2))
    each.report([told()], 0)
    each.stop("p", 1, 0)
    assert kinds(each.join(0)) == [(StopPodDone, 1)]
    assert (each.reports, each.due_ms()) == ((), None)
    each.start(pod(2))
    assert asked(each.orders(0)) == ([("p", 2)], [])
