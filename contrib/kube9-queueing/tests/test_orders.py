"""The orders keep kube9's contract, and put pods in the order that they are named for."""

from __future__ import annotations

import math

import pytest

from kube9 import PodSpec
from kube9.core.ports import RunAwareDiscipline
from kube9.testing import QueueDisciplineContract
from kube9_queueing import F1, ShortestFirst, easy

EVERY = {
    "sjf": ShortestFirst(),
    "sjf:assume=2h": ShortestFirst(assume="2h"),
    "f1": F1(),
    "f1:origin=1000,resource=memory": F1(origin="1000", resource="memory"),
    "easy": easy(),
    "easy:order=sjf": easy(order="sjf"),
    "easy:order=f1,assume=1d": easy(order="f1", assume="1d"),
}


class TestContract(QueueDisciplineContract):
    @pytest.fixture(params=EVERY.values(), ids=EVERY)
    def discipline(self, request):
        return request.param


def pod(name, run=None, cores=1):
    annotations = {} if run is None else {"kube9/expected-run": run}
    return PodSpec(name=name, requests={"cpu": 1000 * cores} if cores else {}, annotations=annotations)


def order(discipline, *waiting):
    """Names of pods in the order in which they go, from pairs of a pod and when it came, in seconds."""
    ranked = [(discipline.key(each, 1000 * at_s), serial, each.name) for serial, (each, at_s) in enumerate(waiting)]
    return [name for _, _, name in sorted(ranked)]


WAITING = [(pod("hour", "1h"), 10), (pod("wide", "1m", cores=64), 20), (pod("minute", "60s"), 30), (pod("silent"), 5)]

CASES = {
    "the first to come": (easy(), ["silent", "hour", "wide", "minute"]),
    "the shortest, then the first to come, then who says nothing": (
        ShortestFirst(),
        ["wide", "minute", "hour", "silent"],
    ),
    "as long as is assumed of who says nothing": (ShortestFirst(assume="10m"), ["wide", "minute", "silent", "hour"]),
    "the smallest product of size and length, with a price on coming late": (
        F1(),
        ["hour", "wide", "minute", "silent"],
    ),
    "by the arrival since another origin": (F1(origin="9"), ["hour", "wide", "minute", "silent"]),
}


@pytest.mark.parametrize("discipline,names", CASES.values(), ids=CASES)
def test_who_goes_first_is(discipline, names):
    assert order(discipline, *WAITING) == names


def test_f1_is_the_published_formula():
    key = F1().key(pod("p", "1000s", cores=8), 100_000)
    assert key == (math.log10(1000) * 8 + 870 * math.log10(100), 100_000)


def test_f1_has_a_place_for_who_asks_for_nothing_and_for_ever():
    assert F1().key(pod("p", cores=0), 100_000) == (870 * math.log10(100), 100_000)


@pytest.mark.parametrize("name,discipline", EVERY.items(), ids=EVERY)
def test_each_keeps_its_first_and_only_easy_backfills(name, discipline):
    assert isinstance(discipline, RunAwareDiscipline)
    assert (discipline.blocks, discipline.keeps_first, discipline.backfills) == (True, True, name.startswith("easy"))


@pytest.mark.parametrize(
    "make,message",
    [
        (lambda: ShortestFirst(assume="soon"), "assume: expected a time such as 90s, 30m, 2h or 1d, got 'soon'"),
        (lambda: F1(origin="today"), "origin: expected seconds on the cluster's clock"),
        (lambda: easy(order="lifo"), "order: expected one of fcfs, sjf, f1, got 'lifo'"),
        (lambda: easy(origin="5"), "order=fcfs: .*unexpected keyword argument 'origin'"),
    ],
)
def test_an_option_that_cannot_be_is_refused_with_what_could(make, message):
    with pytest.raises(ValueError, match=message):
        make()
