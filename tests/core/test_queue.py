from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kube9.core import stimuli as s
from kube9.core.cluster import Cluster
from kube9.core.errors import PluginError
from kube9.core.nodes import Taint
from kube9.core.pipeline import Pipeline
from kube9.core.pods import Pod, PodSpec
from kube9.core.queue import PendingQueue
from kube9.core.table import UNLIMITED
from kube9.plugins.devices import LeastLeft
from kube9.plugins.filters import Resources
from kube9.plugins.policies import FirstFit
from kube9.plugins.queues import FirstComeFirstServed, Priority


def pod(uid, cpu=1, *, ordinal=None, **more):
    spec = PodSpec(name=uid, requests={"cpu": cpu}, **more)
    return Pod(uid=uid, spec=spec, ordinal=int(uid[1:]) if ordinal is None else ordinal, created_at_ms=0)


def free(cpu):
    return {"cpu": np.array([cpu])}


def queue_of(*pods, discipline=None):
    queue = PendingQueue(discipline or Priority())
    for each in pods:
        join(queue, each)
    return queue


def join(queue, pod):
    return queue.add(pod, queue.rank(pod))


def taken(queue):
    """Every pod that is worth trying, in the order in which they would be tried if each found a node."""
    order = []
    while (group := queue.next()) is not None:
        order.append(group.head)
        queue.discard(group.head)
        queue.check()
    return order


def wake(queue, cpu, helped=lambda spec: True):
    """Let so much be free on the one node there is."""
    queue.wake(free(cpu), 0, helped)


def park(queue, uid_of_head, reason="no room"):
    group = queue.next()
    assert group.head == uid_of_head
    return queue.refuse(group.spec.shape, reason)


def test_an_empty_queue_has_nothing_to_try():
    queue = queue_of()
    assert not queue.awake
    assert queue.next() is None
    assert len(queue) == 0


@pytest.mark.parametrize(
    "pods,order",
    [
        ([pod("p1"), pod("p2"), pod("p3")], ["p1", "p2", "p3"]),
        ([pod("p3"), pod("p1"), pod("p2")], ["p1", "p2", "p3"]),
        ([pod("p1", 1), pod("p2", 2), pod("p3", 1)], ["p1", "p2", "p3"]),
        ([pod("p1"), pod("p2", priority=5), pod("p3", priority=-5)], ["p2", "p1", "p3"]),
        ([pod("p1", 1, priority=1), pod("p2", 2, priority=1), pod("p3", 1, priority=2)], ["p3", "p1", "p2"]),
        ([pod("p10"), pod("p9"), pod("p2")], ["p2", "p9", "p10"]),
    ],
)
def test_the_highest_priority_goes_first_then_who_came_first(pods, order):
    assert taken(queue_of(*pods)) == order


@pytest.mark.parametrize("gone", ["p1", "p2", "p3"])
def test_a_pod_that_left_is_not_tried(gone):
    queue = queue_of(pod("p1"), pod("p2"), pod("p3"))
    queue.discard(gone)
    queue.check()
    assert gone not in queue
    assert list(queue) == [uid for uid in ("p1", "p2", "p3") if uid != gone]
    assert taken(queue) == [uid for uid in ("p1", "p2", "p3") if uid != gone]


def test_discarding_what_is_not_there_does_nothing():
    queue = queue_of(pod("p1"))
    queue.discard("p9")
    assert len(queue) == 1


def test_pods_of_one_shape_are_refused_together_and_told_once():
    queue = queue_of(pod("p1"), pod("p2"), pod("p3", 2))
    assert park(queue, "p1") == ["p1", "p2"]
    assert queue.next().head == "p3"
    assert join(queue, pod("p4")) == "no room"
    assert park(queue, "p3", "too large") == ["p3"]
    assert queue.next() is None
    wake(queue, 1)
    assert park(queue, "p1", "still none") == ["p1"]
    assert join(queue, pod("p5")) == "still none"
    assert queue.next() is None
    queue.check()


def test_a_pod_that_left_before_the_refusal_is_not_told():
    queue = queue_of(pod("p1"), pod("p2"), pod("p3"))
    queue.discard("p2")
    assert park(queue, "p1") == ["p1", "p3"]


def test_only_those_whom_a_change_could_help_are_tried_again():
    queue = queue_of(pod("p1", 10), pod("p2", 20), pod("p3", 30))
    for uid in ("p1", "p2", "p3"):
        park(queue, uid)
    wake(queue, 9)
    assert queue.next() is None
    wake(queue, 20)
    assert taken(queue) == ["p1", "p2"]
    assert list(queue) == ["p3"]
    queue.check()


class TestWhomAChangeHelps:
    @pytest.fixture
    def queue(self):
        queue = queue_of(pod("p1", 10), pod("p2", 20), pod("p3", 30), pod("p4", 20))
        for uid in ("p1", "p2", "p3"):
            park(queue, uid)
        assert queue.next() is None
        return queue

    def test_is_asked_of_one_pod_a_shape_and_only_where_the_amounts_would_do(self, queue):
        asked = []
        wake(queue, 20, lambda spec: asked.append(spec.name))
        assert asked == ["p1", "p2"]
        assert queue.next() is None
        assert list(queue.tried_in_vain) == [pod("p1", 10).spec, pod("p2", 20).spec, pod("p3", 30).spec]
        queue.check()

    def test_wakes_its_whole_shape(self, queue):
        wake(queue, 99, lambda spec: spec.requests["cpu"] == 20)
        queue.check()
        assert taken(queue) == ["p2", "p4"]
        assert list(queue) == ["p1", "p3"]

    def test_is_not_asked_of_who_is_awake_already(self, queue):
        wake(queue, 20)
        asked = []
        wake(queue, 20, lambda spec: asked.append(spec.name))
        assert asked == []
        queue.check()
        assert taken(queue) == ["p1", "p2", "p4"]

    def test_may_be_everybody(self, queue):
        queue.wake_all()
        queue.check()
        assert list(queue.tried_in_vain) == []
        assert taken(queue) == ["p1", "p2", "p3", "p4"]

    def test_may_be_everybody_though_nobody_waits(self):
        queue = queue_of()
        queue.wake_all()
        wake(queue, 99)
        assert not queue.awake


def test_of_a_woken_shape_the_next_is_tried_only_after_the_first_found_a_node():
    queue = queue_of(pod("p1"), pod("p2"))
    park(queue, "p1")
    wake(queue, 1)
    assert queue.next().head == "p1"
    queue.discard("p1")
    assert queue.next().head == "p2"


def test_the_head_of_a_parked_shape_leaves_and_the_rest_stay_parked():
    queue = queue_of(pod("p1"), pod("p2"))
    park(queue, "p1")
    queue.discard("p1")
    queue.check()
    assert queue.next() is None
    wake(queue, 1)
    assert taken(queue) == ["p2"]


def test_a_shape_is_forgotten_with_its_last_pod():
    queue = queue_of(pod("p1"))
    park(queue, "p1")
    queue.discard("p1")
    assert join(queue, pod("p2")) == ""
    assert taken(queue) == ["p2"]


def test_who_comes_back_takes_the_place_of_its_arrival():
    queue = queue_of(pod("p2"), pod("p3"))
    assert queue.next().head == "p2"
    join(queue, pod("p1"))
    queue.check()
    assert taken(queue) == ["p1", "p2", "p3"]


@pytest.mark.parametrize(
    "waiting,shape_of,alone",
    [
        ([], pod("p9"), True),
        ([pod("p1")], pod("p9"), False),
        ([pod("p1", 2)], pod("p9"), False),
    ],
)
def test_whether_a_pod_could_be_tried_at_once(waiting, shape_of, alone):
    assert queue_of(*waiting).would_be_alone(shape_of.spec.shape) is alone


def test_a_pod_overtakes_those_who_fit_nowhere_but_not_its_like():
    queue = queue_of(pod("p1"))
    park(queue, "p1")
    assert queue.next() is None
    assert queue.would_be_alone(pod("p9", 2).spec.shape)
    assert not queue.would_be_alone(pod("p9").spec.shape)


def test_a_uid_that_left_and_came_back_in_another_shape_is_tried_once():
    queue = queue_of(pod("p1"), pod("p2"))
    queue.discard("p2")
    join(queue, pod("p2", 5))
    assert taken(queue) == ["p1", "p2"]


class TestADisciplineThatBlocks:
    def test_holds_back_all_behind_a_pod_that_fits_nowhere(self):
        queue = queue_of(pod("p1", 9), pod("p2", 1), discipline=FirstComeFirstServed())
        assert park(queue, "p1") == ["p1"]
        assert not queue.awake
        assert queue.next() is None
        queue.check()

    def test_tries_the_same_pod_again_after_a_change(self):
        queue = queue_of(pod("p1", 9), pod("p2", 1), discipline=FirstComeFirstServed())
        park(queue, "p1")
        assert list(queue.tried_in_vain) == [pod("p1", 9).spec]
        wake(queue, 9)
        assert list(queue.tried_in_vain) == []
        assert taken(queue) == ["p1", "p2"]

    def test_tries_it_again_when_everybody_is_woken(self):
        queue = queue_of(pod("p1", 9), pod("p2", 1), discipline=FirstComeFirstServed())
        park(queue, "p1")
        queue.wake_all()
        assert taken(queue) == ["p1", "p2"]

    def test_says_to_who_comes_later_that_it_waits_behind_another(self):
        queue = queue_of(pod("p1", 9), discipline=FirstComeFirstServed())
        park(queue, "p1", "no room")
        behind = "waits behind a pod that fits on no node, which nobody may overtake"
        assert [join(queue, pod("p2", 1)), join(queue, pod("p3", 9))] == [behind, behind]
        wake(queue, 1)
        assert join(queue, pod("p4", 1)) == ""
        # The first is told anew, and of the others only who has not been told yet.
        assert park(queue, "p1") == ["p1"]
        queue.discard("p1")
        assert sorted(park(queue, "p2")) == ["p2", "p4"]

    def test_goes_on_when_that_pod_leaves(self):
        queue = queue_of(pod("p1", 9), pod("p2", 1), discipline=FirstComeFirstServed())
        park(queue, "p1")
        queue.discard("p1")
        queue.check()
        assert taken(queue) == ["p2"]

    def test_stays_blocked_when_another_leaves(self):
        queue = queue_of(pod("p1", 9), pod("p2", 9), pod("p3"), discipline=FirstComeFirstServed())
        park(queue, "p1")
        queue.discard("p2")
        assert queue.next() is None

    def test_lets_through_who_belongs_in_front(self):
        queue = queue_of(pod("p5", 9), discipline=FirstComeFirstServed())
        park(queue, "p5")
        join(queue, pod("p6", 1))
        assert queue.next() is None
        join(queue, pod("p4", 1))
        assert queue.next().head == "p4"


class Model:
    """The same queue as a list that is gone through from the start each time."""

    def __init__(self, *, blocks):
        self.waiting, self.blocks = [], blocks

    def bind(self, cpu):
        """Bind whoever fits, in order, and return them with what is left."""
        bound = []
        for each in sorted(self.waiting, key=lambda each: (0 if self.blocks else -each.spec.priority, each.ordinal)):
            if each.spec.requests["cpu"] <= cpu:
                cpu -= each.spec.requests["cpu"]
                bound.append(each)
            elif self.blocks:
                break
        self.waiting = [each for each in self.waiting if each not in bound]
        return [each.uid for each in bound], cpu


def bind(queue, pods, cpu):
    """Bind whoever fits, as the cluster does."""
    bound, tries = [], 0
    while (group := queue.next()) is not None:
        each = pods[group.head]
        tries += 1
        if each.spec.requests["cpu"] <= cpu:
            cpu -= each.spec.requests["cpu"]
            bound.append(each.uid)
            queue.discard(each.uid)
        else:
            queue.refuse(each.spec.shape, "no room")
    queue.check()
    return bound, cpu, tries


@given(
    blocks=st.booleans(),
    script=st.lists(
        st.one_of(
            st.tuples(st.just("add"), st.integers(1, 4), st.integers(-1, 1)),
            st.tuples(st.just("return"), st.integers(0, 99), st.just(0)),
            st.tuples(st.just("delete"), st.integers(0, 99), st.just(0)),
            st.tuples(st.just("free"), st.integers(1, 6), st.just(0)),
        ),
        max_size=50,
    ),
)
def test_it_binds_whom_a_list_gone_through_from_the_start_would_bind(blocks, script):
    queue, model = PendingQueue(FirstComeFirstServed() if blocks else Priority()), Model(blocks=blocks)
    pods, gone, cpu = {}, [], 0
    for serial, (operation, number, priority) in enumerate(script):
        if operation == "add":
            new = pod(f"p{serial}", number, priority=priority)
            pods[new.uid] = new
            join(queue, new)
            model.waiting.append(new)
        elif operation == "return" and gone:
            back = pods[gone.pop(number % len(gone))]
            join(queue, back)
            model.waiting.append(back)
        elif operation == "delete" and model.waiting:
            left = model.waiting.pop(number % len(model.waiting))
            queue.discard(left.uid)
        elif operation == "free":
            cpu += number
            # Whether the pod fits; or, where there is no saying, that it is worth a try.
            wake(queue, cpu, lambda spec, cpu=cpu: spec.requests["cpu"] <= cpu)
        expected, left_over = model.bind(cpu)
        bound, cpu, _ = bind(queue, pods, cpu)
        assert (bound, cpu) == (expected, left_over)
        gone += bound
        assert set(queue) == {each.uid for each in model.waiting}


def test_many_of_one_shape_cost_two_tries_a_change_not_one_each():
    pods = {f"p{number}": pod(f"p{number}") for number in range(1000)}
    queue = queue_of(*pods.values())
    assert bind(queue, pods, 0) == ([], 0, 1)
    wake(queue, 1)
    assert bind(queue, pods, 1) == (["p0"], 0, 2)


class TestWhatItRemembersIsBounded:
    """However long a cluster lives: what is stale is swept out before it has grown to much more than what is not."""

    def bound(self, queue):
        # One group may have left since it was last looked at.
        return 4 * (len(queue._groups) + 1) + 17

    def test_where_each_pod_goes_before_the_last(self):
        queue = queue_of()
        for ordinal in range(500, 0, -1):
            join(queue, pod(f"p{ordinal}"))
            assert len(queue._awake) <= self.bound(queue)
        queue.check()
        assert taken(queue) == [f"p{ordinal}" for ordinal in range(1, 501)]

    def test_where_the_first_of_a_shape_leaves_again_and_again(self):
        queue = queue_of(*(pod(f"p{ordinal}") for ordinal in range(1, 501)), pod("p999", 2))
        for ordinal in range(1, 500):
            queue.discard(f"p{ordinal}")
            assert len(queue._awake) <= self.bound(queue)
        queue.check()
        assert taken(queue) == ["p500", "p999"]

    def test_where_those_who_wait_are_woken_again_and_again(self):
        queue = queue_of(*(pod(f"p{ordinal}", ordinal) for ordinal in range(1, 11)))
        for _ in range(100):
            for ordinal in range(1, 11):
                park(queue, f"p{ordinal}")
            queue.wake_all()
            queue.check()
            assert len(queue._awake) <= self.bound(queue)
        assert taken(queue) == [f"p{ordinal}" for ordinal in range(1, 11)]

    def test_where_nobody_is_tried_because_one_blocks(self):
        queue = queue_of(pod("p0", 99, ordinal=0), discipline=FirstComeFirstServed())
        park(queue, "p0")
        for ordinal in range(1, 500):
            join(queue, pod(f"p{ordinal}", ordinal))
            queue.discard(f"p{ordinal - 1}" if ordinal > 1 else "nobody")
            assert len(queue._awake) <= self.bound(queue)
            queue.check()
        wake(queue, 0)
        assert taken(queue) == ["p0", "p499"]

    def test_and_who_was_parked_meanwhile_stays_parked(self):
        queue = queue_of(pod("p9999", 7))
        park(queue, "p9999")
        for ordinal in range(500, 0, -1):
            join(queue, pod(f"p{ordinal}"))
        queue.check()
        assert taken(queue) == [f"p{ordinal}" for ordinal in range(1, 501)]
        assert list(queue) == ["p9999"]


class Fussy:
    """Ranks any pod but one."""

    blocks = False
    refuses = "p2"

    def key(self, pod, _arrived_ms):
        if pod.name == self.refuses:
            raise ZeroDivisionError("of all things")
        return (0,)


def test_a_pod_that_cannot_be_ranked_is_an_error_that_names_the_discipline_and_leaves_no_trace():
    queue = queue_of(pod("p1"), pod("p3", 2), discipline=Fussy())
    park(queue, "p1")
    assert queue.next().head == "p3"
    with pytest.raises(PluginError) as caught:
        queue.rank(pod("p2"))
    assert str(caught.value) == "queue discipline Fussy failed on pod 'p2': ZeroDivisionError: of all things"
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    queue.check()
    assert list(queue) == ["p1", "p3"]
    assert taken(queue) == ["p3"]


def test_the_rank_is_the_key_then_the_arrival():
    queue = queue_of()
    assert queue.rank(pod("p7", priority=3)) == ((-3,), 7, "p7")
    assert len(queue) == 0


def group_of(queue, uid="p1"):
    return queue._group_of[uid]


BREAKAGES = {
    "asleep": (lambda queue: queue._awake.clear(), "is neither awake nor parked, or both"),
    "parked and awake": (
        lambda queue: queue._parked.add(pod("p1").spec.shape, {"cpu": 1}),
        "is neither awake nor parked, or both",
    ),
    "lost": (lambda queue: queue._group_of.pop("p2"), "pods are not in the groups they are said to be in"),
    "in another group": (
        lambda queue: queue._group_of.update(p2=group_of(queue, "p3")),
        "pods are not in the groups they are said to be in",
    ),
    "not in its group": (
        lambda queue: group_of(queue).members.pop("p2"),
        "pods are not in the groups they are said to be in",
    ),
    "headed by one who left": (
        lambda queue: group_of(queue).members.pop("p1"),
        "the head p1 of a group has left the queue",
    ),
    "headed by another rank": (
        lambda queue: group_of(queue).members.update(p1=((0,), 99, "p1")),
        "the head p1 of a group has left the queue",
    ),
}


@pytest.mark.parametrize("breakage", BREAKAGES)
def test_its_check_finds_what_is_broken(breakage):
    queue = queue_of(pod("p1"), pod("p2"), pod("p3", 2))
    queue.check()
    do, problem = BREAKAGES[breakage]
    do(queue)
    with pytest.raises(AssertionError, match=problem):
        queue.check()


class Counting:
    """First-fit that notes for which pods it was asked."""

    def __init__(self) -> None:
        self.asked = []

    def score(self, pod, nodes):
        self.asked.append(pod.name)
        return [0] * len(nodes)


class Objecting:
    """A filter that lets nobody in, and notes whom it was asked about."""

    reason = "closed"

    def __init__(self) -> None:
        self.asked = []

    def fits(self, pod, nodes):
        self.asked.append(pod.name)
        return nodes.free["cpu"] < 0


class CountingFilter:
    """Lets everybody in but who is barred, and notes whom it was asked about, and of which nodes."""

    reason = "barred"

    def __init__(self, barred=(), *, monotone) -> None:
        self.barred, self.monotone, self.asked = barred, monotone, []

    def fits(self, pod, nodes):
        self.asked.append((pod.name, list(nodes.names)))
        return np.full(len(nodes), pod.name not in self.barred)

    def about(self, name):
        """The nodes it was asked about for one pod, once for each time, and forgets them."""
        about = [names for asked, names in self.asked if asked == name]
        self.asked.clear()
        return about


class TestRetries:
    """A pod that fits nowhere is tried again only when something changed that could help it."""

    def test_a_thousand_pods_of_one_shape_are_not_each_tried_at_every_exit(self, drive):
        counting = Counting()
        driven = drive(counting, checked=False)
        driven.node("n", {"cpu": 10})
        for number in range(1000):
            driven.cluster.handle(
                s.LaunchPod(at_ms=0, uid=f"p{number}", spec=PodSpec(name=f"p{number}", requests={"cpu": 1}))
            )
        assert driven.cluster.waiting == 990
        assert counting.asked == [f"p{number}" for number in range(10)]
        for number in range(20):
            driven.cluster.handle(s.PodExited(at_ms=0, uid=f"p{number}", epoch=1))
        assert counting.asked == [f"p{number}" for number in range(30)]
        driven.cluster.check()

    def test_refusals_are_remembered_by_shape(self, drive):
        objecting = Objecting()
        driven = drive(more_filters=(("objecting", objecting),), checked=False)
        driven.node("n")
        driven.pod("a", 100)
        first = len(objecting.asked)
        for name in "bcdef":
            driven.pod(name, 100)
        assert len(objecting.asked) == first
        driven.pod("z", 101)
        assert set(objecting.asked[first:]) == {"z"}

    @pytest.mark.parametrize(
        "change",
        [
            lambda driven: driven.tell(s.TimePassed),
            lambda driven: driven.ask_for("new", {"cpu": 9000}),
            lambda driven: driven.tell(s.CordonNode, "n"),
            lambda driven: driven.tell(s.SuspectNode, "n"),
            lambda driven: driven.pod("another", 10),
            lambda driven: driven.started("small"),
            lambda driven: driven.ask_for("another", {"cpu": 9000}),
            lambda driven: driven.pod("another", 9000),
        ],
    )
    def test_what_could_not_help_leads_to_no_retry(self, drive, change):
        counting = CountingFilter(monotone=True)
        driven = drive(more_filters=(("counting", counting),), checked=False)
        driven.node("n", {"cpu": 900})
        driven.pod("small", 100)
        driven.pod("large", 950)
        assert counting.about("large") != []
        change(driven)
        assert counting.about("large") == []
        assert "large" not in driven.where()

    @pytest.mark.parametrize(
        "change",
        [
            lambda driven: driven.exited("small"),
            lambda driven: driven.node("new", {"cpu": 899}),
            lambda driven: driven.tell(s.NodeJoined, "n"),
        ],
    )
    def test_what_frees_too_little_on_its_node_leads_to_no_retry_where_the_filters_are_monotone(self, drive, change):
        counting = CountingFilter(monotone=True)
        driven = drive(more_filters=(("counting", counting),), checked=False)
        driven.node("n", {"cpu": 900})
        driven.pod("small", 100)
        driven.pod("large", 950)
        assert counting.about("large") != []
        change(driven)
        assert counting.about("large") == []

    def test_only_the_changed_node_is_asked_about_where_the_filters_are_monotone(self, drive):
        counting = CountingFilter(barred={"large"}, monotone=True)
        driven = drive(more_filters=(("counting", counting),), checked=False)
        for name in ("a", "b", "c"):
            driven.node(name, {"cpu": 900})
            driven.pod(f"on-{name}", 900)
        driven.pod("large", 800)
        assert {len(names) for names in counting.about("large")} == {3}
        driven.exited("on-b")
        assert counting.about("large") == [["b"]]
        driven.node("d", {"cpu": 900})
        assert counting.about("large") == [["d"]]
        driven.exited("on-c")
        assert counting.about("large") == [["c"]]
        assert driven.told() == ["PodFinished on-c"]

    def test_of_many_pods_of_one_shape_one_is_asked_about(self, drive):
        names = [f"p{number}" for number in range(50)]
        counting = CountingFilter(barred=names, monotone=True)
        driven = drive(more_filters=(("counting", counting),), checked=False)
        for name in names:
            driven.pod(name)
        counting.asked.clear()
        driven.node("n")
        assert counting.asked == [("p0", ["n"])]

    def test_who_is_helped_is_then_tried_on_all_nodes(self, drive):
        counting = CountingFilter(monotone=True)
        driven = drive(more_filters=(("counting", counting),), checked=False)
        for name in ("a", "b"):
            driven.node(name, {"cpu": 900})
            driven.pod(f"on-{name}", 900)
        driven.pod("large", 800)
        counting.asked.clear()
        driven.exited("on-b")
        assert counting.about("large") == [["b"], ["a", "b"]]
        assert driven.where()["large"] == "b"

    @pytest.mark.parametrize(
        "change,retried",
        [
            (lambda driven: driven.ask_for("new", {"cpu": 9000}), True),
            (lambda driven: driven.node("new", {"cpu": 1}), True),
            (lambda driven: driven.tell(s.CordonNode, "n"), True),
            (lambda driven: driven.tell(s.SuspectNode, "n"), True),
            (lambda driven: driven.tell(s.FailNode, "n"), True),
            (lambda driven: driven.tell(s.DestroyNodeDone, "n"), True),
            (lambda driven: driven.pod("another", 10), True),
            (lambda driven: driven.exited("small"), True),
            (lambda driven: driven.tell(s.TimePassed), False),
            (lambda driven: driven.started("small"), False),
            (lambda driven: driven.pod("another", 9000), False),
        ],
    )
    def test_where_one_filter_is_not_monotone_any_change_of_a_node_leads_to_a_retry(self, drive, change, retried):
        counting = CountingFilter(monotone=False)
        driven = drive(more_filters=(("counting", counting),), checked=False)
        driven.node("n", {"cpu": 900})
        driven.pod("small", 100)
        driven.node("m", {"cpu": 1})
        driven.pod("large", 950)
        counting.asked.clear()
        change(driven)
        assert (counting.about("large") != []) is retried

    def test_everybody_is_tried_on_all_nodes_where_one_filter_is_not_monotone(self, drive):
        counting = CountingFilter(barred={"large", "larger"}, monotone=False)
        driven = drive(more_filters=(("counting", counting),), checked=False)
        for name in ("a", "b"):
            driven.node(name, {"cpu": 900})
            driven.pod(f"on-{name}", 900)
        driven.pod("large", 800)
        driven.pod("larger", 5000)
        counting.asked.clear()
        driven.exited("on-b")
        assert {(name, *names) for name, names in counting.asked} == {("large", "a", "b"), ("larger", "a", "b")}

    def test_one_pipeline_whose_filters_are_not_monotone_is_enough_for_that(self, drive):
        """Which of the pipelines a change could help is not asked: only whether each of them may go by one node."""
        counting = CountingFilter(monotone=True)
        pipelines = {
            name: Pipeline(
                name=name, scheduler=FirstFit(), filters=filters, chooser=LeastLeft(), owner="some-package 1.2"
            )
            for name, filters in {
                "near": (("resources", Resources()), ("counting", counting)),
                "far": (("resources", Resources()), ("any", CountingFilter(monotone=False))),
            }.items()
        }
        driven = drive()
        driven.cluster = Cluster(pipelines=pipelines, default="near", discipline=Priority())
        driven.checked = False
        driven.node("n", {"cpu": 100})
        driven.pod("p", 500)
        counting.asked.clear()
        driven.node("m", {"cpu": 400})
        assert ["n", "m"] in counting.about("p")

    def test_a_filter_that_fails_on_the_changed_node_is_told_of(self, drive):
        class Touchy:
            reason = "touchy"
            monotone = True

            def fits(self, pod, nodes):
                if "bad" in nodes.names:
                    raise ZeroDivisionError

        driven = drive(more_filters=(("touchy", Touchy()),))
        driven.node("n", {"cpu": 100})
        driven.pod("p", 500)
        driven.node("bad")
        assert driven.told() == ["NodeReady bad", "SchedulerFailed p", "PodUnschedulable p"]
        assert "touchy" in driven.pods["p"].reason

    @pytest.mark.parametrize(
        "change",
        [
            lambda driven: driven.node("new", {"cpu": 9000}),
            lambda driven: driven.exited("small"),
            lambda driven: driven.not_started("small"),
            lambda driven: (driven.tell(s.DeletePod, "small"), driven.tell(s.StopPodDone, "small", epoch=1)),
        ],
    )
    def test_what_helps_leads_to_a_binding_in_the_same_turn(self, drive, change):
        driven = drive()
        driven.node("n", {"cpu": 1000})
        driven.pod("small", 100)
        driven.pod("large", 1000)
        change(driven)
        assert "large" in driven.where()

    def test_the_reason_is_brought_up_to_date_when_it_was_tried_again(self, drive):
        driven = drive()
        driven.pod("p", 600)
        driven.pod("q", 600)
        driven.node("a")
        assert driven.told() == ["NodeReady a", "PodBound p a", "PodUnschedulable q", "StartPod p a"]
        assert driven.pods["q"].reason == "0 of 1 nodes fit: 1 insufficient cpu"

    def test_the_reason_stays_as_told_while_nothing_could_have_helped(self, drive):
        driven = drive()
        driven.pod("p")
        driven.node("a", taints=[Taint("k")])
        assert driven.told() == ["NodeReady a"]
        assert driven.pods["p"].reason == "0 of 0 nodes fit"
        assert driven.cluster.explain("p").tally == "0 of 1 nodes fit: 1 taint k"

    def test_the_same_reason_is_not_told_twice(self, drive):
        driven = drive()
        driven.node("a", {"cpu": 1000}, taints=[Taint("k")])
        driven.pod("p")
        driven.tell(s.CordonNode, "a")
        driven.tell(s.CordonNode, "a", cordoned=False)
        assert driven.told() == ["NodeUncordoned a"]

    def test_those_who_join_a_shape_that_waits_are_told_why(self, drive):
        driven = drive()
        driven.node("n", {"cpu": 100})
        for name in "abc":
            driven.pod(name)
            assert driven.told() == [f"PodUnschedulable {name}"]
        assert {pod.reason for pod in driven.pods.values()} == {"0 of 1 nodes fit: 1 insufficient cpu"}

    def test_a_filter_that_looks_at_other_nodes_can_be_helped_by_any_of_them(self, drive):
        class OneAtATime:
            """Lets a pod in only where nothing runs anywhere."""

            reason = "not alone"

            def fits(self, pod, nodes):
                return (nodes.free["cpu"] == nodes.capacity["cpu"]) & (
                    nodes.free["cpu"].sum() == nodes.capacity["cpu"].sum()
                )

        driven = drive(more_filters=(("alone", OneAtATime()),))
        driven.node("small", {"cpu": 100})
        driven.pod("p", 100)
        driven.node("large", {"cpu": 1000})
        driven.pod("q", 500)
        driven.exited("p")
        assert driven.where()["q"] == "large"

    @pytest.mark.parametrize("local", [True, False])
    def test_a_pod_may_be_helped_by_one_that_is_bound(self, drive, local):
        class BesideOthers:
            """Lets a pod in only where another is."""

            reason = "nobody there"

            def __init__(self) -> None:
                self.local = local

            def fits(self, pod, nodes):
                return nodes.free["cpu"] < nodes.capacity["cpu"] if "sociable" in pod.labels else None

        driven = drive(more_filters=(("beside-others", BesideOthers()),))
        driven.node("n")
        driven.pod("p", 100, labels={"sociable": ""})
        driven.pod("q", 100)
        assert driven.where() == {"p": "n", "q": "n"}
        # And the same where both had waited, and the other is tried last.
        driven.tell(s.DestroyNodeDone, "n")
        driven.node("m")
        assert driven.told()[1:3] == ["PodBound q m", "PodBound p m"]

    @pytest.mark.parametrize(
        "change",
        [
            lambda driven: driven.tell(s.CordonNode, "m"),
            lambda driven: driven.tell(s.SuspectNode, "m"),
            lambda driven: driven.tell(s.DestroyNodeDone, "m"),
        ],
        ids=["cordoned", "suspected", "gone"],
    )
    def test_where_filters_look_at_other_nodes_a_pod_may_be_helped_by_one_that_goes(self, drive, change):
        class Even:
            """Lets pods only on a node that has no more of them than any other that takes some."""

            reason = "uneven"

            def fits(self, pod, nodes):
                taken = UNLIMITED - nodes.free["pods"]
                return taken <= taken[nodes.schedulable].min(initial=UNLIMITED)

        driven = drive(more_filters=(("even", Even()),))
        driven.node("n", {"cpu": 1000})
        driven.node("m", {"cpu": 100})
        driven.pod("p", 200)
        driven.pod("q", 200)
        assert driven.where() == {"p": "n"}
        change(driven)
        assert driven.where() == {"p": "n", "q": "n"}


class Tallying:
    """Refuses one pod, each time for another reason, and counts how often it was asked for it."""

    reason = "tallying"

    def __init__(self) -> None:
        self.counted = 0

    def fits(self, pod, nodes):
        return np.full(len(nodes), pod.name != "p")

    def rejections(self, pod, nodes):
        self.counted += 1
        yield self.why(), ~self.fits(pod, nodes)

    def why(self):
        return f"refused for the {self.counted}. time"


class TestTheReason:
    """To count why a pod waits costs as much as to decide that it must, so a retry may leave it at what is known."""

    NODES = 10

    @pytest.fixture
    def tallying(self):
        return Tallying()

    @pytest.fixture
    def driven(self, drive, tallying):
        """A pod that waits and was tried again once; any change of a node leads to another try."""
        driven = drive(filters=(("tallying", tallying),), checked=False)
        for number in range(self.NODES):
            driven.node(f"n{number}")
        driven.pod("p")
        self.change(driven)
        return driven

    def change(self, driven):
        driven.tell(s.CordonNode, "n0", cordoned=not driven.nodes["n0"].cordoned)

    def test_is_counted_when_a_pod_first_waits_and_when_it_was_first_tried_again(self, driven, tallying):
        assert tallying.counted == 2
        assert driven.told() == ["NodeCordoned n0", "PodUnschedulable p"]
        assert driven.pods["p"].reason == "0 of 10 nodes fit: 10 refused for the 2. time"

    def test_is_not_counted_again_until_as_much_has_changed_as_there_are_nodes(self, driven, tallying):
        for _ in range(self.NODES):
            self.change(driven)
            assert tallying.counted == 2
            assert len(driven.told()) == 1
        self.change(driven)
        assert tallying.counted == 3
        assert driven.told()[1:] == ["PodUnschedulable p"]

    def test_is_counted_again_when_a_node_has_come_or_gone(self, driven, tallying):
        driven.tell(s.DestroyNodeDone, "n1")
        assert driven.pods["p"].reason == "0 of 9 nodes fit: 9 refused for the 3. time"

    def test_that_was_counted_again_and_is_the_same_is_as_good_as_new(self, driven, tallying):
        tallying.why = lambda: "refused"
        for _ in range(2 * self.NODES + 4):
            self.change(driven)
        before = tallying.counted
        self.change(driven)
        self.change(driven)
        assert tallying.counted - before <= 1

    def test_is_not_a_failure_that_is_over(self, drive):
        class Moody:
            bad = True

            def score(self, pod, nodes):
                if self.bad and pod.name == "p":
                    raise ZeroDivisionError
                return [0] * len(nodes)

        moody = Moody()
        driven = drive(moody)
        driven.node("small", {"cpu": 900})
        for number in range(self.NODES):
            driven.node(f"n{number}", {"cpu": 1000})
            driven.pod(f"on-n{number}", 1000)
        driven.tell(s.CordonNode, "small")
        driven.pod("p", 900)
        driven.tell(s.CordonNode, "small", cordoned=False)
        assert "ZeroDivisionError" in driven.pods["p"].reason
        driven.tell(s.CordonNode, "small")
        moody.bad = False
        driven.pod("first", 1000, priority=1)
        driven.exited("on-n0")
        assert driven.where()["first"] == "n0"
        assert driven.pods["p"].reason == "0 of 11 nodes fit: 10 insufficient cpu, 1 cordoned"


class TestOrder:
    def test_the_highest_priority_gets_the_room(self, drive):
        driven = drive()
        for name, priority in (("low", 1), ("first", 5), ("second", 5), ("high", 9)):
            driven.pod(name, 500, priority=priority)
        driven.node("n")
        assert driven.where() == {"high": "n", "first": "n"}

    def test_a_small_pod_overtakes_a_large_one(self, drive):
        driven = drive()
        driven.pod("large", 5000, priority=9)
        driven.node("n")
        driven.pod("small")
        assert driven.where() == {"small": "n"}

    def test_nobody_overtakes_where_the_discipline_blocks(self, drive):
        driven = drive(discipline=FirstComeFirstServed())
        driven.node("n")
        driven.at(1).pod("large", 5000)
        driven.at(2).pod("small")
        assert driven.where() == {}
        driven.tell(s.DeletePod, "large")
        assert driven.where() == {"small": "n"}

    def test_who_was_evicted_goes_before_who_came_later_where_the_discipline_blocks(self, drive):
        driven = drive(discipline=FirstComeFirstServed())
        driven.node("n")
        driven.at(1).pod("first", 900)
        driven.at(2).pod("second", 800)
        driven.at(3).tell(s.FailNode, "n")
        driven.at(4).node("m")
        assert driven.where() == {"first": "m"}

    def test_ties_between_nodes_go_to_who_joined_first(self, drive):
        driven = drive()
        for name in "cab":
            driven.node(name)
        driven.pod("p", 600)
        driven.pod("q", 600)
        driven.tell(s.DestroyNodeDone, "c")
        assert driven.where() == {"p": "b", "q": "a"}
