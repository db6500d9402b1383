from __future__ import annotations

import pytest

from kube9.core.pods import PodSpec
from kube9.plugins import queues
from kube9.plugins.queues import FirstComeFirstServed, Priority


def order(discipline, *pods):
    """The names in the order in which they are tried, from triples of name, priority and time of arrival."""
    ranked = sorted(
        (discipline.key(PodSpec(name=name, priority=priority), arrived_ms), number, name)
        for number, (name, priority, arrived_ms) in enumerate(pods)
    )
    return [name for _, _, name in ranked]


@pytest.mark.parametrize(
    "pods,by_priority,by_arrival",
    [
        ([("a", 0, 1), ("b", 0, 2)], "ab", "ab"),
        ([("a", 0, 1), ("b", 5, 2), ("c", -5, 0)], "bac", "cab"),
        ([("a", 1, 3), ("b", 1, 3), ("c", 2, 3)], "cab", "abc"),
        ([("a", 2**31 - 1, 9), ("b", -(2**31), 0)], "ab", "ba"),
    ],
)
def test_who_is_tried_first(pods, by_priority, by_arrival):
    assert order(Priority(), *pods) == list(by_priority)
    assert order(FirstComeFirstServed(), *pods) == list(by_arrival)


def test_only_one_of_them_holds_others_back():
    assert Priority.blocks is False
    assert FirstComeFirstServed.blocks is True


def test_the_names_under_which_they_are_offered():
    offered = {}
    queues.kube9_register_queue_disciplines(register=offered.__setitem__)
    assert offered == {"priority": Priority, "fcfs": FirstComeFirstServed}
