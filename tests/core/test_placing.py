from __future__ import annotations

import numpy as np
import pytest

from kube9.core import stimuli as s
from kube9.core.cluster import Cluster
from kube9.core.errors import Conflict
from kube9.core.nodes import Taint
from kube9.core.pipeline import Pipeline
from kube9.core.pods import PodSpec
from kube9.core.policy import scheduler
from kube9.core.table import UNLIMITED
from kube9.plugins.devices import LeastLeft
from kube9.plugins.filters import Resources
from kube9.plugins.policies import FirstFit
from kube9.plugins.queues import FirstComeFirstServed, Priority


class TestFinishedPods:
    @pytest.mark.parametrize("kept", [0, 1, 3])
    def test_stay_known_up_to_a_number(self, drive, kept):
        driven = drive(settings={"finished_kept": kept})
        driven.node("n")
        for number in range(5):
            driven.pod(f"p{number}")
        for number in (3, 0, 4, 1, 2):
            if f"p{number}" not in driven.where():
                continue
            driven.exited(f"p{number}")
        finished = [uid for uid, pod in driven.pods.items() if pod.phase.finished]
        assert len(finished) == kept

    def test_are_forgotten_oldest_first(self, drive):
        driven = drive(settings={"finished_kept": 2})
        driven.node("n")
        for name in "abcd":
            driven.pod(name, 100)
        for name in "cbad":
            driven.exited(name)
        assert list(driven.pods) == ["a", "d"]
        driven.pod("b")
        assert "b" in driven.where()


class TestManyAtOnce:
    """What is done for each pod must not depend on how many there are: counted in looks, not in seconds."""

    @pytest.mark.parametrize("count", [40, 400])
    def test_a_waiting_shape_is_tried_once_however_many_wait(self, drive, count):
        driven, asked = counting(drive)
        driven.node("n", {"cpu": 1})
        driven.deploy("web", count, cpu=5000)
        assert driven.cluster.waiting == count
        asked.clear()
        driven.node("m", {"cpu": 1})
        assert len(asked) == 0
        driven.node("large", {"cpu": 5000})
        assert driven.cluster.waiting == count - 1
        assert len(asked) <= 3

    @pytest.mark.parametrize("count", [40, 400])
    def test_a_node_that_fails_has_each_of_its_pods_tried_once(self, drive, count):
        driven, asked = counting(drive)
        driven.node("n", {"cpu": count})
        driven.deploy("web", count, cpu=1)
        driven.node("m", {"cpu": count})
        asked.clear()
        driven.tell(s.FailNode, "n")
        assert set(driven.where().values()) == {"m"}
        assert len(asked) == count


def counting(drive):
    asked = []

    @scheduler("counting")
    def counting(pod, nodes):
        asked.append(pod.name)
        return np.zeros(len(nodes))

    return drive(counting, checked=False), asked


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


class Moody:
    """A filter that refuses nothing, and raises while it is in a mood."""

    reason = "moody"
    local = monotone = True

    def __init__(self, mood):
        self.mood = mood
        self.asked = 0

    def fits(self, pod, nodes):
        self.asked += 1
        if self.mood is not None:
            raise self.mood


class TestAfterAPluginFailed:
    @pytest.fixture(params=[ZeroDivisionError("of all things"), SystemExit("bye")], ids=["raises", "exits"])
    def moody(self, request):
        return Moody(request.param)

    def test_all_of_the_shape_go_on_soon_after_it_is_over_and_nothing_else_has_changed(self, drive, moody):
        driven = drive(more_filters=(("moody", moody),))
        driven.node("n")
        driven.pod("p", cpu=100)
        assert driven.cluster.due_at_ms == 1_000
        moody.mood = None
        driven.pod("q", cpu=100)
        assert driven.where() == {}
        driven.at(1_000).tell(s.TimePassed)
        assert driven.where() == {"p": "n", "q": "n"}
        assert driven.cluster.due_at_ms is None

    def test_the_reason_that_all_of_the_shape_have_names_none_of_them(self, drive, moody):
        driven = drive(more_filters=(("moody", moody),))
        driven.node("n")
        driven.pod("p")
        driven.pod("q")
        words = f"filter 'moody' failed: {type(moody.mood).__name__}: {moody.mood}"
        assert {pod.reason for pod in driven.pods.values()} == {words}

    def test_each_pause_is_twice_as_long_until_it_is_long_enough(self, drive, moody):
        driven = drive(more_filters=(("moody", moody),), settings={"plugin_backoff_ms_max": 5_000})
        driven.node("n")
        driven.pod("p")
        tried_ms = []
        while len(tried_ms) < 6:
            tried_ms.append(driven.cluster.due_at_ms)
            driven.at(tried_ms[-1]).tell(s.TimePassed)
            assert driven.told() == ["SchedulerFailed p"]
        assert tried_ms == [1_000, 3_000, 7_000, 12_000, 17_000, 22_000]

    def test_a_try_for_another_cause_makes_for_no_further_tries(self, drive, moody):
        driven = drive(more_filters=(("moody", moody),))
        driven.node("n")
        driven.pod("p")
        for name in ("m", "o", "r"):
            driven.at(driven.now_ms + 10).node(name)
            assert "SchedulerFailed p" in driven.told()
        driven.at(1_000).tell(s.TimePassed)
        assert driven.told() == ["SchedulerFailed p"]
        assert driven.cluster.due_at_ms == 3_000

    def test_a_refusal_begins_afresh(self, drive, moody):
        driven = drive(more_filters=(("moody", moody),))
        driven.node("n", {"cpu": 1})
        driven.pod("p")
        mood, moody.mood = moody.mood, None
        driven.at(1_000).tell(s.TimePassed)
        assert driven.pods["p"].reason == "0 of 1 nodes fit: 1 insufficient cpu"
        assert driven.cluster.due_at_ms is None
        moody.mood = mood
        driven.node("m")
        assert driven.cluster.due_at_ms == 2_000

    def test_a_pod_that_is_gone_is_not_tried(self, drive, moody):
        driven = drive(more_filters=(("moody", moody),), checked=False)
        driven.node("n")
        driven.pod("p")
        driven.tell(s.DeletePod, "p")
        asked = moody.asked
        driven.at(1_000).tell(s.TimePassed)
        assert moody.asked == asked
        assert driven.cluster.due_at_ms is None

    def test_whom_it_holds_back_are_helped_as_well(self, drive, moody):
        class Strict(Priority):
            blocks = True

        driven = drive(more_filters=(("moody", moody),), discipline=Strict())
        driven.node("n")
        driven.pod("p", cpu=100)
        driven.pod("q", cpu=200)
        moody.mood = None
        driven.at(1_000).tell(s.TimePassed)
        assert driven.where() == {"p": "n", "q": "n"}

    def test_it_is_a_conflict_to_ask_what_it_thinks(self, drive, moody):
        driven = drive(more_filters=(("moody", moody),))
        driven.node("n")
        driven.pod("p")
        with pytest.raises(Conflict, match="pod 'p': filter 'moody' failed"):
            driven.cluster.explain("p")
