from __future__ import annotations

import pytest
from attrs import evolve

from kube9.core import stimuli as s
from kube9.core.cluster import Cluster
from kube9.core.errors import Conflict
from kube9.core.nodes import NodeSpec
from kube9.core.outcome import Outcome, StartPod
from kube9.core.pods import PodSpec
from kube9.testing.copies import Copies


class Watched:
    """A cluster of two nodes, with a pod on the first, of which the copies are counted."""

    def __init__(self, cluster):
        self.cluster, self.copies = cluster, Copies()
        for name in ("n", "m"):
            self.tell(s.AddNode(at_ms=0, uid=name, spec=NodeSpec(name=name, capacity={"cpu": 1000})))
            self.tell(s.NodeJoined(at_ms=0, uid=name, incarnation="first"))
        self.tell(s.LaunchPod(at_ms=0, uid="p", spec=PodSpec(name="p", requests={"cpu": 1000})))

    def tell(self, stimulus):
        self.copies.note(stimulus, self.cluster)
        self.copies.check(self.cluster.handle(stimulus), self.cluster)


class Hasty(Cluster):
    """Waits for no lease."""

    def handle(self, stimulus):
        return super().handle(evolve(stimulus, lease_left_ms=0) if isinstance(stimulus, s.FailNode) else stimulus)


FAIL = s.FailNode(at_ms=10, uid="n", lease_left_ms=1000)


@pytest.fixture
def hasty(cluster):
    return Watched(cluster(kind=Hasty))


@pytest.fixture
def watched(cluster):
    watched = Watched(cluster())
    watched.tell(FAIL)
    return watched


def test_a_pod_that_moves_before_the_lease_is_over_is_seen(hasty):
    with pytest.raises(AssertionError, match="p is started on m at 10 and may run on n until 1010"):
        hasty.tell(FAIL)


def test_a_pod_that_is_only_taken_off_is_seen_too(hasty):
    hasty.tell(s.CordonNode(at_ms=5, uid="m"))
    with pytest.raises(AssertionError, match="p may run on n until 1010, and at 10 it is Pod"):
        hasty.tell(FAIL)


def test_without_a_lease_a_pod_may_move_at_once(hasty):
    hasty.tell(evolve(FAIL, lease_left_ms=0))
    assert hasty.cluster.pods["p"].node_uid == "m"


def test_after_the_lease_it_may_move(watched):
    watched.tell(s.TimePassed(at_ms=1010))
    assert watched.cluster.pods["p"].node_uid == "m"


#: What ends the wait for a lease: it is known that nothing runs there, or what.
CERTAINTIES = {
    "joined": (s.NodeJoined, {"incarnation": "second"}, "n"),
    "joined as nobody knows what": (s.NodeJoined, {}, "n"),
    "fenced": (s.NodeFenced, {"incarnation": "first"}, "m"),
    "absent": (s.NodeAbsent, {}, "m"),
    "destroyed": (s.DestroyNodeDone, {}, "m"),
    "given up": (s.GiveUpNode, {}, "m"),
    "reported": (s.NodeReported, {}, "n"),
}


@pytest.mark.parametrize("kind,about,goes_to", CERTAINTIES.values(), ids=CERTAINTIES)
def test_what_is_certain_ends_the_wait(watched, kind, about, goes_to):
    watched.tell(kind(at_ms=20, uid="n", **about))
    assert watched.cluster.pods["p"].node_uid == goes_to
    # Wherever it goes from there is nobody's business.
    for node in watched.cluster.nodes:
        watched.copies.check(started(watched, "p", node), watched.cluster)


#: What says nothing of what runs there now.
OLD_NEWS = {
    "the same boot": (s.NodeJoined, {"incarnation": "first"}),
    "another boot fenced": (s.NodeFenced, {"incarnation": "zeroth"}),
    "another boot absent": (s.NodeAbsent, {"incarnation": "zeroth"}),
    "silence again": (s.FailNode, {"lease_left_ms": 0}),
    "no restart": (s.RestartNodeFailed, {"reason": "no power"}),
    "to be deleted": (s.DeleteNode, {}),
}


@pytest.mark.parametrize("kind,about", OLD_NEWS.values(), ids=OLD_NEWS)
def test_what_is_not_does_not(watched, kind, about):
    watched.tell(kind(at_ms=20, uid="n", **about))
    with pytest.raises(AssertionError, match="may run on n until 1010"):
        watched.copies.check(started(watched, "p", "m"), watched.cluster)


def test_a_report_of_a_node_that_is_being_deleted_says_nothing(watched):
    watched.tell(s.DeleteNode(at_ms=20, uid="n"))
    watched.tell(s.NodeReported(at_ms=30, uid="n"))
    with pytest.raises(AssertionError, match="may run on n until 1010"):
        watched.copies.check(started(watched, "p", "m"), watched.cluster)


@pytest.mark.parametrize("kind,about", [(s.PodExited, {}), (s.StartPodFailed, {"reason": "no image"})], ids=str)
@pytest.mark.parametrize("epoch,ends", [(1, True), (0, False)])
def test_the_end_of_a_copy_is_certain_for_that_copy_alone(watched, kind, about, epoch, ends):
    watched.tell(kind(at_ms=20, uid="p", epoch=epoch, **about))
    if ends:
        assert watched.copies.check(started(watched, "p", "m"), watched.cluster) is None
        return
    with pytest.raises(AssertionError, match="may run on n until 1010"):
        watched.copies.check(started(watched, "p", "m"), watched.cluster)


def test_it_begins_again_when_the_control_plane_was_away(watched):
    watched.copies.restart(500)
    with pytest.raises(AssertionError, match="may run on n until 1500"):
        watched.copies.check(started(watched, "p", "m"), watched.cluster)


def test_a_request_that_is_refused_is_no_news(watched):
    with pytest.raises(Conflict):
        watched.tell(s.ForgetNode(at_ms=20, uid="n"))
    with pytest.raises(AssertionError, match="may run on n"):
        watched.copies.check(started(watched, "p", "m"), watched.cluster)


def started(watched, pod, node):
    """What a cluster would say that started ``pod`` on ``node``."""
    return Outcome((), (StartPod(watched.cluster.nodes[node], watched.cluster.pods[pod]),), ())
