from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kube9.core.pods import PodSpec
from kube9.core.waitgroup import WaitGroup


def rank(number, uid=None, key=0):
    return (key,), number, uid or f"p{number}"


def group_of(*numbers):
    group = WaitGroup(PodSpec(name="p"))
    for number in numbers:
        group.add(rank(number))
    return group


def bound(group):
    """How many ranks may be kept of those who are members or once were."""
    return 2 * len(group.members) + 16


@pytest.mark.parametrize("numbers", [(1, 2, 3), (3, 2, 1), (2, 3, 1)])
def test_the_lowest_rank_is_first_whoever_came_first(numbers):
    group = group_of(*numbers)
    assert group.first == rank(1)
    assert group.head == "p1"
    assert set(group.members) == {"p1", "p2", "p3"}


def test_the_key_goes_before_the_arrival():
    group = group_of(1, 2)
    group.add(rank(9, key=-5))
    assert group.head == "p9"


@pytest.mark.parametrize(
    "gone,head", [((1,), "p2"), ((2,), "p1"), ((1, 2), "p3"), ((2, 1), "p3"), ((3, 2), "p1"), ((2, 3), "p1")]
)
def test_who_left_is_not_first(gone, head):
    group = group_of(1, 2, 3)
    for number in gone:
        group.remove(f"p{number}")
    assert group.head == head
    assert set(group.members) == {"p1", "p2", "p3"} - {f"p{number}" for number in gone}


def test_who_left_need_not_be_told():
    group = group_of(1, 2)
    group.untold |= dict.fromkeys(("p1", "p2"))
    group.remove("p1")
    assert list(group.untold) == ["p2"]


def test_nobody_may_be_left():
    group = group_of(1)
    group.remove("p1")
    assert group.members == {}
    with pytest.raises(IndexError):
        group.first  # noqa: B018


def test_who_is_no_member_cannot_leave():
    with pytest.raises(KeyError):
        group_of(1).remove("p2")


def test_who_comes_back_stands_where_it_stood():
    group = group_of(1, 2, 3)
    group.remove("p2")
    group.add(rank(2))
    group.remove("p1")
    assert group.head == "p2"
    group.remove("p2")
    assert group.head == "p3"


def test_who_comes_back_with_another_rank_stands_only_there():
    group = group_of(2, 5)
    group.remove("p5")
    group.add(rank(1, uid="p5"))
    assert group.first == rank(1, uid="p5")
    group.remove("p5")
    group.add(rank(9, uid="p5"))
    group.remove("p2")
    assert group.first == rank(9, uid="p5")


def test_it_is_emptied_from_behind_without_keeping_all_who_were_there():
    group = group_of(*range(1000))
    for number in range(999, 0, -1):
        group.remove(f"p{number}")
        assert len(group._heap) <= bound(group)
    assert group.head == "p0"


def test_it_is_passed_through_without_keeping_all_who_were_there():
    group = group_of(0)
    for number in range(1, 1000):
        group.add(rank(number))
        group.remove(f"p{number}")
        assert len(group._heap) <= bound(group)
    assert group.head == "p0"


@given(
    script=st.lists(
        st.one_of(st.tuples(st.just("add"), st.integers(0, 30)), st.tuples(st.just("remove"), st.integers(0, 99))),
        max_size=200,
    )
)
def test_it_does_what_a_sorted_list_would(script):
    group, model = group_of(), []
    for operation, number in script:
        if operation == "add" and rank(number) not in model:
            group.add(rank(number))
            model.append(rank(number))
        elif operation == "remove" and model:
            group.remove(model.pop(number % len(model))[2])
        assert sorted(group.members.values()) == sorted(model)
        assert len(group._heap) <= bound(group)
        if model:
            assert group.first == min(model)
            assert group.head == min(model)[2]


def test_who_is_given_a_rank_before_all_others_is_first_until_it_leaves():
    group = group_of(1, 2, 3)
    group.rerank(rank(3, key=-1))
    group.add(rank(0))
    assert group.first == rank(3, key=-1)
    assert group.members["p3"] == rank(3, key=-1)
    group.remove("p3")
    assert group.first == rank(0)
    assert set(group.members) == {"p0", "p1", "p2"}
    group.remove("p0")
    group.remove("p1")
    group.remove("p2")
    assert group.members == {}
