from __future__ import annotations

import numpy as np
import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from kube9.core.errors import SchedulerError
from kube9.core.frozen import FrozenMap
from kube9.core.keptscores import _ONCE_MAX, _SCORES_MAX, _SHAPES_MAX, KeptScores
from kube9.core.livetable import LiveTable
from kube9.core.nodes import Node, NodePhase, NodeSpec
from kube9.core.pods import Pod, PodSpec


class Rank:
    """Scores each node by what is left there, and notes how many nodes it was asked about each time."""

    def __init__(self) -> None:
        self.asked = []

    def __call__(self, pod, nodes):
        self.asked.append(len(nodes))
        left = nodes.free["cpu"] - pod.requests["cpu"]
        return np.where(left >= 0, left / nodes.largest["cpu"], -np.inf)


def shape(cpu, name="p"):
    return PodSpec(name=name, requests={"cpu": cpu})


def node(name, cpu=100):
    return Node(uid=name, spec=NodeSpec(name=name, capacity={"cpu": cpu}), ordinal=0, phase=NodePhase.READY)


def pod(on, cpu):
    return Pod(uid="p", spec=shape(cpu), ordinal=1, created_at_ms=0, node_uid=on, devices=FrozenMap())


@pytest.fixture
def table():
    table = LiveTable()
    for number in range(10):
        table.add(node(f"n{number}"))
    return table


@pytest.fixture
def rank():
    return Rank()


@pytest.fixture
def kept(rank):
    return KeptScores(rank)


def test_a_shape_is_kept_from_its_second_pod_on(kept, rank, table):
    for number in range(4):
        kept.ranked(shape(5, f"p{number}"), table)
    assert rank.asked == [10, 10]


def test_only_nodes_that_changed_are_asked_about_again(kept, rank, table):
    kept.ranked(shape(5), table)
    kept.ranked(shape(5), table)
    table.place(pod("n3", 30))
    table.place(pod("n7", 20))
    table.place(pod("n3", 10))
    assert kept.ranked(shape(5), table).tolist() == Rank()(shape(5), table).tolist()
    assert rank.asked[2:] == [3]


@pytest.mark.parametrize(
    "moving",
    [
        lambda table: table.add(node("new", cpu=50)),
        lambda table: table.remove("n0"),
        lambda table: table.add(node("larger", cpu=9999)),
    ],
)
def test_all_are_asked_about_again_when_rows_moved(kept, rank, table, moving):
    kept.ranked(shape(5), table)
    kept.ranked(shape(5), table)
    moving(table)
    assert kept.ranked(shape(5), table).tolist() == Rank()(shape(5), table).tolist()
    assert rank.asked[2:] == [len(table)]


def test_all_are_asked_about_again_where_most_have_changed(kept, rank, table):
    kept.ranked(shape(5), table)
    kept.ranked(shape(5), table)
    for number in range(6):
        table.place(pod(f"n{number}", 1))
    assert kept.ranked(shape(5), table).tolist() == Rank()(shape(5), table).tolist()
    assert rank.asked[2:] == [10]


def test_shapes_are_kept_apart(kept, table):
    for _ in range(3):
        assert kept.ranked(shape(5), table)[0] == 0.95
        assert kept.ranked(shape(10), table)[0] == 0.9


CHANGES = st.one_of(
    st.tuples(st.just("ask"), st.integers(1, 4)),
    st.tuples(st.just("place"), st.integers(0, 99)),
    st.tuples(st.just("release"), st.integers(0, 99)),
    st.tuples(st.just("cordon"), st.integers(0, 99)),
    st.tuples(st.just("add"), st.integers(1, 40)),
    st.tuples(st.just("remove"), st.integers(0, 99)),
)


@given(script=st.lists(CHANGES, min_size=5, max_size=60))
def test_what_is_kept_is_what_would_be_computed_afresh(script):
    kept, table, placed = KeptScores(rank_with_phase), LiveTable(), []
    nodes = {}
    for number in range(6):
        nodes[f"n{number}"] = node(f"n{number}", cpu=20)
        table.add(nodes[f"n{number}"])
    for serial, (change, number) in enumerate(script):
        uids = list(nodes)
        if change == "ask":
            asked = shape(number, f"p{serial}")
            assert kept.ranked(asked, table).tolist() == rank_with_phase(asked, table).tolist()
        elif change == "place" and nodes:
            placed.append(pod(uids[number % len(uids)], number % 5))
            table.place(placed[-1])
        elif change == "release" and placed:
            table.release(placed.pop(number % len(placed)))
        elif change == "cordon" and nodes:
            uid = uids[number % len(uids)]
            nodes[uid] = evolve(nodes[uid], cordoned=not nodes[uid].cordoned)
            table.update(nodes[uid])
        elif change == "add":
            nodes[f"m{serial}"] = node(f"m{serial}", cpu=number)
            table.add(nodes[f"m{serial}"])
        elif change == "remove" and nodes:
            uid = uids[number % len(uids)]
            del nodes[uid]
            table.remove(uid)
            placed = [each for each in placed if each.node_uid != uid]
    kept.check(table, "the policy")


def rank_with_phase(pod, nodes):
    return np.where(nodes.schedulable, Rank()(pod, nodes), -np.inf)


class TestItsCheck:
    def test_passes_what_is_local_in_fact(self, kept, table):
        for _ in range(3):
            kept.ranked(shape(5), table)
            table.place(pod("n1", 5))
            kept.check(table, "the policy")

    def test_finds_a_rank_that_looks_at_other_nodes(self, table):
        kept = KeptScores(lambda pod, nodes: nodes.free["cpu"] - nodes.free["cpu"].sum())
        kept.ranked(shape(5), table)
        kept.ranked(shape(5), table)
        kept.check(table, "policy 'x'")
        table.place(pod("n1", 5))
        with pytest.raises(
            SchedulerError, match="policy 'x', or a filter before it, says it is local but is not: node 'n0'"
        ) as caught:
            kept.check(table, "policy 'x'")
        assert str(caught.value).endswith("had -900 and now has -895 without having changed")

    def test_finds_a_rank_that_keeps_count(self, table):
        count = iter(range(99))
        kept = KeptScores(lambda pod, nodes: np.full(len(nodes), float(next(count))))
        kept.ranked(shape(5), table)
        kept.ranked(shape(5), table)
        with pytest.raises(SchedulerError, match="without having changed"):
            kept.check(table, "the policy")

    def test_takes_a_score_that_is_no_number_for_itself(self, table):
        kept = KeptScores(lambda pod, nodes: np.full(len(nodes), np.nan))
        kept.ranked(shape(5), table)
        kept.ranked(shape(5), table)
        kept.check(table, "the policy")

    def test_is_a_look_that_changes_nothing(self, kept, rank, table):
        kept.ranked(shape(5), table)
        kept.ranked(shape(5), table)
        table.place(pod("n3", 30))
        scores = kept._kept[shape(5).shape].scores
        before = scores.tolist()
        kept.check(table, "the policy")
        assert scores.tolist() == before
        asked = len(rank.asked)
        kept.ranked(shape(5), table)
        assert rank.asked[asked:] == [1]

    def test_minds_no_rounding(self, table):
        def rank(pod, nodes):
            # A product of some rows may be rounded unlike that of all.
            return nodes.free["cpu"] / 3 * (1 + 1e-12 * len(nodes))

        kept = KeptScores(rank)
        kept.ranked(shape(5), table)
        kept.ranked(shape(5), table)
        table.place(pod("n3", 30))
        kept.check(table, "the policy")

    def test_minds_what_is_more_than_rounding(self, table):
        kept = KeptScores(lambda pod, nodes: nodes.free["cpu"] / 3 * (1 + 1e-8 * len(nodes)))
        kept.ranked(shape(5), table)
        kept.ranked(shape(5), table)
        table.place(pod("n3", 30))
        with pytest.raises(SchedulerError, match="node 'n3'"):
            kept.check(table, "the policy")


class Broad:
    """Stands for a table of so many nodes that only four shapes may be kept."""

    generation = version = 1

    def __len__(self) -> int:
        return _SCORES_MAX // 4


class TestWhatItKeepsIsBounded:
    broad = Broad()

    def ask(self, kept, rank, cpu):
        """How often the rank was asked for this."""
        before = len(rank)
        kept.ranked(shape(cpu), self.broad)
        return len(rank) - before

    def test_the_half_unused_for_longest_is_dropped(self):
        asked = []

        def rank(pod, nodes):
            asked.append(pod.requests["cpu"])
            return np.zeros(len(nodes))

        kept = KeptScores(rank)
        for cpu in (1, 2, 3, 4):
            assert self.ask(kept, asked, cpu) + self.ask(kept, asked, cpu) == 2
        assert [self.ask(kept, asked, cpu) for cpu in (2, 1, 4, 3, 1)] == [0, 0, 0, 0, 0]
        assert self.ask(kept, asked, 5) + self.ask(kept, asked, 5) == 2
        assert [self.ask(kept, asked, cpu) for cpu in (1, 3, 5)] == [0, 0, 0]
        assert [self.ask(kept, asked, cpu) for cpu in (2, 4)] == [1, 1]

    def test_however_few_the_nodes_there_is_a_bound(self, kept, table):
        for cpu in range(_SHAPES_MAX + 1):
            kept.ranked(shape(cpu), table)
            kept.ranked(shape(cpu), table)
            assert len(kept._kept) <= _SHAPES_MAX
        # Half were dropped for the last.
        assert len(kept._kept) == _SHAPES_MAX // 2 + 1
        assert shape(_SHAPES_MAX).shape in kept._kept
        assert shape(0).shape not in kept._kept

    def test_one_shape_is_kept_however_many_the_nodes(self):
        class Boundless(Broad):
            def __len__(self) -> int:
                return _SCORES_MAX + 1

        kept = KeptScores(lambda pod, nodes: np.zeros(1))
        for cpu in (1, 2, 3):
            kept.ranked(shape(cpu), Boundless())
            kept.ranked(shape(cpu), Boundless())
            assert list(kept._kept) == [shape(cpu).shape]

    def test_shapes_that_came_once_are_remembered_only_so_long(self, kept, rank, table):
        for cpu in range(2 * _ONCE_MAX + 10):
            kept.ranked(shape(cpu), table)
        assert len(kept._once) <= _ONCE_MAX
        kept.ranked(shape(0), table)
        asked = len(rank.asked)
        kept.ranked(shape(0), table)
        kept.ranked(shape(0), table)
        assert len(rank.asked) == asked + 1

    def test_a_shape_that_came_twice_is_remembered_once(self, kept, table):
        for cpu in range(50):
            kept.ranked(shape(cpu), table)
            kept.ranked(shape(cpu), table)
        assert len(kept._once) == 0


def test_another_table_is_no_later_state_of_the_first():
    """Its rows may have changed as often, and be other nodes."""
    kept = KeptScores(lambda _, nodes: nodes.free["cpu"].astype(float))
    for cpu in (1000, 3000):
        table = LiveTable()
        table.add(Node(uid="n", spec=NodeSpec(name="n", capacity={"cpu": cpu}), ordinal=1))
        assert [kept.ranked(shape(1), table).tolist() for _ in range(3)] == [[cpu]] * 3
