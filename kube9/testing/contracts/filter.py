"""What every filter must keep to."""

from __future__ import annotations

import numpy as np
import pytest
from attrs import evolve
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from kube9.core.nodes import DeviceGroup, NodeSpec
from kube9.core.pods import DeviceRequest, PodSpec
from kube9.core.ports import BoolArray, Filter
from kube9.core.table import NodeTable
from kube9.plugins.filters import Resources
from kube9.testing.contracts.contract import Contract
from kube9.testing.contracts.footprint import Footprint, some_rows, twins
from kube9.testing.decision import Decision
from kube9.testing.strategies import decisions, labelled, pod_specs
from kube9.testing.tables import ready_node, table_of

__all__ = ["FilterContract"]

_MANY_NODES = 2_000


class FilterContract(Contract):
    """Holds a :class:`~kube9.core.ports.Filter` to its port. Override the fixture ``filter``."""

    @pytest.fixture
    def filter(self) -> Filter:
        """The filter to test."""
        self.to_override("filter", "the filter to test")

    def decisions(self) -> SearchStrategy[Decision]:
        """The situations it is tried in; in about half of them the pod fits on some node by kube9's own rules."""
        some = st.builds(
            lambda decision, pod: evolve(decision, pod=pod or decision.pod), decisions(), st.none() | pod_specs()
        )
        return labelled(some, self.labels)

    def always(self) -> list[Decision]:
        """Situations that are tried in any case."""
        empty = ready_node(NodeSpec(name="empty"), 0)
        node = ready_node(NodeSpec(name="node", capacity={"cpu": 1000, "memory": 2**30, "pods": 1}), 1)
        gpus = NodeSpec(name="gpus", capacity={"cpu": 1000}, devices=(DeviceGroup(kind="gpu", count=2),))
        pod = PodSpec(name="pod", requests={"cpu": 600, "unheard-of": 1})
        share = PodSpec(name="share", devices=(DeviceRequest(kind="gpu", count=2, milli=600),))
        return [
            Decision(pod=share, nodes=(node, ready_node(gpus, 2)), placed={"gpus": (share,)}),
            Decision(pod=share, nodes=(node, ready_node(gpus, 2))),
            Decision(pod=PodSpec(name="nothing"), nodes=(empty,)),
            Decision(pod=pod, nodes=(empty, node)),
            Decision(pod=pod, nodes=(empty, node), placed={"node": (PodSpec(name="full", requests={"cpu": 1000}),)}),
        ]

    def test_has_a_reason(self, filter: Filter) -> None:
        """A few words that stand behind a count: ``30 insufficient cpu``."""
        assert isinstance(filter.reason, str), f"reason is {filter.reason!r}; expected text"
        assert filter.reason.strip(), "reason is empty; it is what people read of a node that was refused"

    def test_gives_one_truth_value_per_node_or_none(self, filter: Filter) -> None:
        """An array of bool, one per node, in one dimension; or ``None`` for no objection."""

        def holds(decision: Decision) -> None:
            nodes = decision.table()
            mask = filter.fits(decision.pod, nodes)
            if mask is not None:
                assert isinstance(mask, np.ndarray), f"expected an array or None, got {mask!r}"
                assert mask.dtype == np.bool_, f"a mask of type {mask.dtype}; expected bool"
                assert mask.shape == (len(nodes),), f"a mask of shape {mask.shape}; expected ({len(nodes)},)"

        self.for_all(self.decisions(), holds, self.always())

    def test_judges_thousands_of_nodes(self, filter: Filter, request: pytest.FixtureRequest) -> None:
        """Nothing gives up when there are many nodes; how long it takes is told."""
        specs = [NodeSpec(name=f"n{number}", capacity={"cpu": number}) for number in range(_MANY_NODES)]
        pod, nodes = PodSpec(name="pod", requests={"cpu": 1000}), table_of(specs)
        assert len(_mask(filter, pod, nodes)) == _MANY_NODES
        usual = Resources()
        self.tell_latency(
            request, lambda: filter.fits(pod, nodes), lambda: usual.fits(pod, nodes), "the filter of resources"
        )

    def test_same_arguments_give_the_same_answer(self, filter: Filter) -> None:
        """Whatever it was asked in between."""
        other = PodSpec(name="other", requests={"cpu": 500})

        def holds(decision: Decision) -> None:
            first = _mask(filter, decision.pod, decision.table()).copy()
            filter.fits(other, table_of([NodeSpec(name="n", capacity={"cpu": 1000})]))
            second = _mask(filter, decision.pod, decision.table())
            assert np.array_equal(first, second), f"first {first}, then {second}"

        self.for_all(self.decisions(), holds, self.always())

    def test_leaves_its_arguments_alone(self, filter: Filter) -> None:
        """The table is not the filter's to write to."""

        def holds(decision: Decision) -> None:
            nodes = decision.table()
            before = Footprint.of(nodes)
            filter.fits(decision.pod, nodes)
            before.assert_same(Footprint.of(nodes))

        self.for_all(self.decisions(), holds, self.always())

    def test_keeps_no_table_and_does_not_grow(self, filter: Filter) -> None:
        """Asked the same again and again, it holds on to no more than before; and never to the table."""
        decision = self.always()[0]
        nodes = decision.table()
        Footprint.assert_keeps_nothing(filter, nodes, lambda: filter.fits(decision.pod, nodes))

    def test_rejections_are_reasons_and_masks(self, filter: Filter) -> None:
        """Where it has ``rejections``: pairs of some words and one truth value per node."""

        def holds(decision: Decision) -> None:
            nodes = decision.table()
            for reason, refused in _rejections(filter, decision.pod, nodes):
                assert isinstance(reason, str), f"expected words for a reason, got {reason!r}"
                assert reason.strip(), "a reason for a rejection is empty"
                assert isinstance(refused, np.ndarray), f"{reason!r}: expected an array, got {refused!r}"
                assert refused.dtype == np.bool_, f"{reason!r}: a mask of type {refused.dtype}; expected bool"
                size = len(nodes)
                assert refused.shape == (size,), f"{reason!r}: a mask of shape {refused.shape}; expected ({size},)"

        self.for_all(self.decisions(), holds, self.always())

    def test_rejections_are_of_exactly_the_nodes_refused(self, filter: Filter) -> None:
        """Where it has ``rejections``: each node that does not fit has a reason, and no other node has."""

        def holds(decision: Decision) -> None:
            if not hasattr(filter, "rejections"):
                return
            nodes = decision.table()
            explained = np.zeros(len(nodes), dtype=np.bool_)
            for _, refused in _rejections(filter, decision.pod, nodes):
                explained |= np.asarray(refused, dtype=np.bool_).reshape(-1)
            fits = _mask(filter, decision.pod, nodes)
            assert not (explained & fits).any(), f"fits {fits}, but some of those have a reason: {explained}"
            assert (explained | fits).all(), f"fits {fits}, but some of the others have no reason: {explained}"

        self.for_all(self.decisions(), holds, self.always())

    def test_if_local_an_answer_depends_on_its_row_alone(self, filter: Filter) -> None:
        """A filter that says it is local gives any choice of rows, in any order, the very answers they had."""

        def holds(decision: Decision) -> None:
            if not getattr(filter, "local", False):
                return
            nodes = decision.table()
            mask = _mask(filter, decision.pod, nodes)
            for rows in some_rows(len(nodes)):
                apart = _mask(filter, decision.pod, nodes.take(rows))
                same = np.array_equal(mask[rows], apart)
                assert same, f"rows {rows}: {mask[rows]} among all, {apart} apart; is it local?"

        self.for_all(self.decisions(), holds, self.always())

    def test_if_monotone_filling_a_node_helps_nobody(self, filter: Filter) -> None:
        """A filter that says it is monotone is local, and refuses on a fuller node whom it refuses on the empty one."""

        def holds(decision: Decision) -> None:
            if not getattr(filter, "monotone", False):
                return
            assert getattr(filter, "local", False), "a filter that is monotone must say that it is local, too"
            empty = _mask(filter, decision.pod, evolve(decision, placed={}).table())
            full = _mask(filter, decision.pod, decision.table())
            assert (empty | ~full).all(), f"fits {empty} while empty, {full} with {decision.placed}; is it monotone?"

        self.for_all(self.decisions(), holds, self.always())

    def test_the_name_of_a_pod_does_not_matter(self, filter: Filter) -> None:
        """Pods wait, and answers are kept, by shape, which is everything but the name and the namespace."""

        def holds(decision: Decision) -> None:
            mask = _mask(filter, decision.pod, decision.table())
            for twin in twins(decision.pod):
                other = _mask(filter, twin, decision.table())
                same = np.array_equal(mask, other)
                assert same, f"{mask} for {decision.pod.name!r}, {other} for its twin {twin.name!r}"

        self.for_all(self.decisions(), holds, self.always())


def _mask(filter: Filter, pod: PodSpec, nodes: NodeTable) -> BoolArray:
    """What it says, in a form that all tests but those of the form can work with."""
    mask = filter.fits(pod, nodes)
    return np.ones(len(nodes), dtype=np.bool_) if mask is None else np.asarray(mask, dtype=np.bool_).reshape(-1)


def _rejections(filter: Filter, pod: PodSpec, nodes: NodeTable) -> list[tuple[str, BoolArray]]:
    rejections = getattr(filter, "rejections", None)
    return [] if rejections is None else list(rejections(pod, nodes))
