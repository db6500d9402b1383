from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kube9.core.errors import PluginError
from kube9.core.pods import Pod, PodSpec
from kube9.core.queue import PendingQueue
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


def test_a_discipline_that_goes_by_runs_by_half_is_one_that_does_not():
    """It cannot say who ends in time, so nobody is told that some may overtake."""

    class Half(FirstComeFirstServed):
        backfills = keeps_first = True

    queue = queue_of(pod("p0", 9), discipline=Half())
    queue.refuse(queue.next().spec.shape, "0 of 1 nodes fit")
    assert "nobody may overtake" in join(queue, pod("p1"))
    assert not queue.awake
    assert queue.held(queue.blocker) == queue.blocker


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
    assert str(caught.value) == "pod 'p2': queue discipline Fussy failed: ZeroDivisionError: of all things"
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
