from __future__ import annotations

import numpy as np
import pytest

from kube9.core import stimuli as s
from kube9.core.errors import PluginError, SchedulerError
from kube9.core.nodes import DeviceGroup
from kube9.core.pods import DeviceRequest
from kube9.core.policy import scheduler
from kube9.plugins.policies import BestFit


@scheduler("broken")
def broken(pod, nodes):
    raise ZeroDivisionError("of all things")


class TestABrokenStrategy:
    def test_leaves_its_pod_pending_and_lets_the_others_go_on(self, drive):
        driven = drive(others={"broken": broken})
        driven.node("n")
        driven.pod("p", scheduler_name="broken")
        assert driven.told() == ["SchedulerFailed p", "PodUnschedulable p"]
        message = driven.outcome.events[0].message
        assert message == "scheduler 'broken' of some-package 1.2 failed: ZeroDivisionError: of all things"
        assert driven.pods["p"].reason == message
        assert driven.cluster.waiting == 1
        driven.pod("q")
        assert driven.where() == {"q": "n"}

    def test_is_tried_again_when_something_could_have_helped(self, drive):
        in_a_bad_mood = True

        @scheduler("moody")
        def moody(pod, nodes):
            if in_a_bad_mood:
                raise ZeroDivisionError
            return [0] * len(nodes)

        driven = drive(moody)
        driven.node("n")
        driven.pod("p")
        driven.ask_for("m")
        assert driven.where() == {}
        in_a_bad_mood = False
        driven.tell(s.NodeJoined, "m")
        assert driven.where() == {"p": "n"}

    def test_is_told_of_again_when_a_change_could_have_helped(self, drive):
        driven = drive(broken)
        driven.node("n")
        driven.pod("p")
        driven.node("m")
        assert driven.told() == ["NodeReady m", "SchedulerFailed p"]
        driven.node("small", {"cpu": 1})
        assert driven.told() == ["NodeReady small"]

    def test_may_be_a_filter(self, drive):
        class Broken:
            reason = "broken"

            def fits(self, pod, nodes):
                raise ZeroDivisionError("of all things")

        driven = drive(more_filters=(("mine", Broken()),))
        driven.node("n")
        driven.pod("p")
        assert driven.told() == ["SchedulerFailed p", "PodUnschedulable p"]
        assert driven.pods["p"].reason == "filter 'mine' failed: ZeroDivisionError: of all things"

    @pytest.mark.parametrize(
        "answer",
        [
            (0, 0),
            (0,),
            (-1, 3),
            (0, 9),
            None,
        ],
        ids=str,
    )
    def test_may_be_the_choice_of_devices(self, drive, answer):
        class Careless:
            def choose(self, request, free_milli):
                return answer

        driven = drive(chooser=Careless())
        driven.node("n", devices=[DeviceGroup(kind="gpu", count=4)])
        driven.pod("p", requests={}, devices=(DeviceRequest(kind="gpu", count=2),))
        assert driven.told() == ["SchedulerFailed p", "PodUnschedulable p"]
        assert "Careless" in driven.pods["p"].reason
        assert driven.where() == {}
        assert driven.cluster.table.devices["gpu"].tolist() == [[1000] * 4]
        driven.pod("q", requests={})
        assert driven.where() == {"q": "n"}

    def test_may_fail_when_asked_for_its_reasons(self, drive):
        class Speechless:
            reason = "speechless"

            def fits(self, pod, nodes):
                return nodes.free["cpu"] < 0

            def rejections(self, pod, nodes):
                raise ZeroDivisionError("of all things")

        driven = drive(more_filters=(("mine", Speechless()),))
        driven.node("n")
        driven.pod("p")
        assert driven.cluster.waiting == 1
        assert driven.told() == ["SchedulerFailed p", "PodUnschedulable p"]
        assert driven.pods["p"].reason == "filter 'mine' failed: ZeroDivisionError: of all things"

    @pytest.mark.parametrize(
        "yielded",
        [
            ("why", np.array([True, False, True])),
            ("why", np.array([1])),
            ("why", None),
            "no pair of things",
            None,
        ],
        ids=str,
    )
    def test_may_give_reasons_of_which_nothing_can_be_made(self, drive, yielded):
        class Mumbling:
            reason = "mumbling"

            def fits(self, pod, nodes):
                return nodes.free["cpu"] < 0

            def rejections(self, pod, nodes):
                yield yielded

        driven = drive(more_filters=(("mine", Mumbling()),))
        driven.node("n")
        driven.pod("p")
        assert driven.told() == ["SchedulerFailed p", "PodUnschedulable p"]
        assert driven.pods["p"].reason.startswith("filter 'mine' failed")

    @pytest.mark.parametrize("key", [None, 5, "one", ("one",), [1], (1, None), (float("nan"),)], ids=str)
    def test_may_be_a_discipline_whose_keys_are_no_tuples_of_numbers(self, drive, key):
        class Odd:
            blocks = False

            def key(self, pod, _arrived_ms):
                return key

        driven = drive(discipline=Odd())
        with pytest.raises(PluginError, match="queue discipline Odd"):
            driven.pod("p")
        assert dict(driven.pods) == {}

    def test_may_be_a_discipline_that_fails_when_a_pod_comes_back(self, drive, fussy):
        driven = drive(discipline=fussy)
        driven.node("n")
        driven.pod("p")
        fussy.refuses = "p"
        driven.pod("q", 600)
        driven.tell(s.FailNode, "n", reason="silent")
        assert [each for each in driven.told() if each.endswith(" p")] == ["SchedulerFailed p", "PodUnschedulable p"]
        # Before all others rather than nowhere.
        driven.node("m", {"cpu": 600})
        assert driven.where() == {"p": "m"}

    def test_that_is_not_as_local_as_it_says_is_caught_by_the_check(self, drive):
        @scheduler("sly", local=True)
        def sly(pod, nodes):
            return nodes.free["cpu"] - nodes.free["cpu"].max()

        driven = drive(sly)
        for name in ("a", "b", "c", "d", "e"):
            driven.node(name)
        with pytest.raises(SchedulerError, match="scheduler 'usual' of some-package 1.2, or a filter before it, says"):
            launch(driven, 5)


def launch(driven, count):
    for number in range(count):
        driven.pod(f"p{number}", 100)


def test_a_twin_decides_alike_with_scores_of_its_own(drive):
    driven = drive(others={"other": BestFit()})
    driven.node("a")
    binder = driven.cluster._binder
    ledger = driven.cluster._ledger.twin()
    twin = binder.twin(ledger)
    assert (twin.names, twin.monotone) == (binder.names, binder.monotone)
    for name in ("", "usual", "other"):
        mine, its = binder.pipelines[name], twin.pipelines[name]
        assert (its.name, its.scheduler, its.filters, its.chooser) == (
            mine.name,
            mine.scheduler,
            mine.filters,
            mine.chooser,
        )
        assert its.kept is not mine.kept
    driven.pod("p", 900)
    assert twin.on_its_place(driven.pods["p"]).node_uid == "a"
    assert binder.on_its_place(driven.pods["p"]) is None
