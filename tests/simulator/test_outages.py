"""Nodes that break, are noticed, and come back."""

from __future__ import annotations

import pytest

from kube9.clocks import VirtualClock
from kube9.simulator.faultfile import Fault
from kube9.simulator.outages import Outages, remaining


@pytest.fixture
def outages():
    """Outages that only write down what they do, on a clock of their own."""

    def outages(faults, *, detect_ms=0, back=()):
        clock, story = VirtualClock(), []
        made = Outages(
            clock,
            lambda uid, down_for_ms: story.append((clock.now_ms(), "crash", uid, down_for_ms)),
            lambda stimulus: story.append((stimulus.at_ms, "fail", stimulus.uid)),
            detect_ms,
        )
        for at_ms, uid in back:
            clock.call_at(at_ms, lambda uid=uid: made.back(uid))
        made.follow(iter(faults))
        clock.run_until(100)
        return story

    return outages


def test_a_crash_is_noticed_at_once_unless_that_takes_a_while(outages):
    faults = [Fault(at_ms=5, node_name="a", down_for_ms=30), Fault(at_ms=6, node_name="b")]
    assert outages(faults) == [(5, "crash", "a", 30), (5, "fail", "a"), (6, "crash", "b", None), (6, "fail", "b")]
    assert outages(faults, detect_ms=10) == [
        (5, "crash", "a", 30),
        (6, "crash", "b", None),
        (15, "fail", "a"),
        (16, "fail", "b"),
    ]


def test_who_is_back_in_time_is_not_noticed(outages):
    faults = [Fault(at_ms=5, node_name="a", down_for_ms=8), Fault(at_ms=14, node_name="a", down_for_ms=50)]
    story = outages(faults, detect_ms=10, back=[(13, "a")])
    assert story == [(5, "crash", "a", 8), (14, "crash", "a", 50), (24, "fail", "a")]


def test_a_source_without_end_is_followed_as_far_as_time_goes(outages):
    def endless():
        at_ms = 0
        while True:
            at_ms += 30
            yield Fault(at_ms=at_ms, node_name="a", down_for_ms=1)

    assert [entry[0] for entry in outages(endless()) if entry[1] == "crash"] == [30, 60, 90]


@pytest.mark.parametrize(
    "at_ms,down_for_ms,left",
    [
        (100, 5, (100, 5)),
        (120, None, (120, None)),
        (90, 5, None),
        (90, 10, None),
        (90, 11, (100, 1)),
        (90, None, (100, None)),
    ],
)
def test_what_is_left_of_a_fault_when_a_run_begins(at_ms, down_for_ms, left):
    found = remaining([Fault(at_ms=at_ms, node_name="a", down_for_ms=down_for_ms)], 100)
    assert [(fault.at_ms, fault.down_for_ms) for fault in found] == ([] if left is None else [left])
