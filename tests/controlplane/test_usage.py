from __future__ import annotations

import threading

from kube9.agent.brain import PodUse
from kube9.controlplane.usage import Usage

WEB, JOB = PodUse("web", 1, 250, 1000), PodUse("job", 3, 50, 24)


def test_what_was_told_last_is_what_is_known():
    usage = Usage()
    assert (usage.of_pod("web", 1), usage.of_node("n"), usage.total()) == (None, None, None)
    usage.note("n", (WEB, JOB))
    assert (usage.of_pod("web", 1), usage.of_pod("web", 2), usage.of_pod("job", 3)) == (WEB, None, JOB)
    assert (usage.of_node("n"), usage.of_node("m")) == ((300, 1024), None)
    usage.note("n", (WEB._replace(cpu_milli=9),))
    assert (usage.of_pod("web", 1).cpu_milli, usage.of_pod("job", 3), usage.of_node("n")) == (9, None, (9, 1000))


def test_a_node_that_measures_nothing_takes_nothing():
    usage = Usage()
    usage.note("n", ())
    assert (usage.of_node("n"), usage.total()) == ((0, 0), (0, 0))


def test_all_nodes_together():
    usage = Usage()
    usage.note("n", (WEB,))
    usage.note("m", (JOB,))
    assert usage.total() == (300, 1024)
    usage.forget("n")
    assert (usage.total(), usage.of_pod("web", 1), usage.of_pod("job", 3)) == ((50, 24), None, JOB)
    usage.forget("n")
    usage.forget("m")
    assert usage.total() is None


def test_threads_may_tell_and_ask_at_once():
    usage = Usage()

    def tell(node):
        for epoch in range(500):
            usage.note(node, (PodUse(node, epoch, 1, 1),))
            assert usage.of_pod(node, epoch) is not None
            assert usage.total() is not None

    threads = [threading.Thread(target=tell, args=(f"n{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert usage.total() == (4, 4)
    assert [usage.of_pod("n1", epoch) is None for epoch in (0, 498, 499)] == [True, True, False]
