"""What every scheduler must keep to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from operator import index
from typing import Any, ClassVar

import numpy as np
import pytest
from hypothesis.strategies import SearchStrategy

from kube9.core.frozen import FrozenMap
from kube9.core.nodes import DeviceGroup, NodeSpec
from kube9.core.pods import DeviceRequest, PodSpec
from kube9.core.ports import FloatArray, Scheduler
from kube9.core.table import NodeTable
from kube9.plugins.policies import BestFit
from kube9.testing.contracts.contract import Contract
from kube9.testing.contracts.footprint import Footprint, some_rows, twins
from kube9.testing.decision import Decision
from kube9.testing.fitting import fitting
from kube9.testing.strategies import decisions, labelled
from kube9.testing.tables import ready_node, table_of

__all__ = ["SchedulerContract"]

_MANY_NODES = 2_000


class SchedulerContract(Contract):
    """Holds a :class:`~kube9.core.ports.Scheduler` to its port. Override the fixture ``scheduler``.

    As in a cluster, it is asked only where the pod fits on at least one node.
    """

    capabilities: ClassVar[Mapping[str, str]] = FrozenMap(
        {
            "partial-requests": "score a pod that does not ask for both cpu and memory, or a node that lacks one of "
            "them; without it, only pods and nodes that have both are tried",
        }
    )

    @pytest.fixture
    def scheduler(self) -> Scheduler:
        """The scheduler to test."""
        self.to_override("scheduler", "the scheduler to test")

    def decisions(self) -> SearchStrategy[Decision]:
        """The situations it is tried in; override it for a scheduler that works in some only."""
        return labelled(decisions(whole="partial-requests" in self.cannot), self.labels)

    def always(self) -> list[Decision]:
        """Situations that are tried in any case."""
        whole = {"cpu": 1000, "memory": 2**30}
        small = ready_node(NodeSpec(name="small", capacity={"cpu": 1000, "memory": 2**30}), 0)
        limited = ready_node(NodeSpec(name="limited", capacity={**whole, "pods": 1}), 1)
        gpus = DeviceGroup(kind="gpu", count=8, model="T4")
        big = ready_node(NodeSpec(name="big", capacity={"cpu": 64_000, "memory": 2**36}, devices=(gpus,)), 2)
        pod = PodSpec(name="pod", requests=whole)
        shares = PodSpec(name="gpu", requests=whole, devices=(DeviceRequest(kind="gpu", count=2, milli=500),))
        device = PodSpec(name="whole", requests=whole, devices=(DeviceRequest(kind="gpu", count=1),))
        found = [
            Decision(pod=pod, nodes=(small,)),
            Decision(pod=pod, nodes=(small, limited, big), placed={"small": (pod,), "limited": (pod,)}),
            Decision(pod=shares, nodes=(small, big), placed={"big": (shares,)}),
            Decision(pod=device, nodes=(small, big), placed={"big": (shares,)}),
        ]
        if "partial-requests" not in self.cannot:
            empty = ready_node(NodeSpec(name="empty"), 3)
            found += [
                Decision(pod=PodSpec(name="nothing"), nodes=(empty,)),
                Decision(pod=PodSpec(name="cpu", requests={"cpu": 1}), nodes=(empty, small)),
            ]
        return found

    def test_gives_one_score_per_node(self, scheduler: Scheduler) -> None:
        """As many scores as nodes, in one dimension."""

        def holds(decision: Decision) -> None:
            nodes = decision.table()
            shape = np.shape(scheduler.score(decision.pod, nodes))
            assert shape == (len(nodes),), f"scores of shape {shape} for {len(nodes)} nodes; expected ({len(nodes)},)"

        self.for_all(self.decisions(), holds, self.always())

    def test_scores_are_real_numbers(self, scheduler: Scheduler) -> None:
        """Floats or integers; no objects, no text, no truth values."""

        def holds(decision: Decision) -> None:
            dtype = np.asarray(scheduler.score(decision.pod, decision.table())).dtype
            assert dtype.kind in "fiu", f"scores of type {dtype}; expected floats or integers"

        self.for_all(self.decisions(), holds, self.always())

    def test_scores_are_finite_where_the_pod_fits(self, scheduler: Scheduler) -> None:
        """Neither infinite nor NaN for any node that may be chosen; the others do not matter."""

        def holds(decision: Decision) -> None:
            nodes = decision.table()
            _assert_finite(_scores(scheduler, decision.pod, nodes), decision.pod, nodes)

        self.for_all(self.decisions(), holds, self.always())

    def test_scores_thousands_of_nodes(self, scheduler: Scheduler, request: pytest.FixtureRequest) -> None:
        """Nothing overflows or gives up when there are many nodes; how long it takes is told."""
        specs = [
            NodeSpec(name=f"n{number}", capacity={"cpu": 1000 + number, "memory": 2**40})
            for number in range(_MANY_NODES)
        ]
        pod, nodes = PodSpec(name="pod", requests={"cpu": 1000, "memory": 2**30}), table_of(specs)
        scores = _scores(scheduler, pod, nodes)
        _assert_finite(scores, pod, nodes)
        usual = BestFit()
        self.tell_latency(request, lambda: scheduler.score(pod, nodes), lambda: usual.score(pod, nodes), "best-fit")

    def test_same_arguments_give_same_scores(self, scheduler: Scheduler) -> None:
        """Whatever it was asked in between."""
        other = PodSpec(name="other", requests={"cpu": 500, "memory": 2**20})

        def holds(decision: Decision) -> None:
            first = _scores(scheduler, decision.pod, decision.table()).copy()
            scheduler.score(other, table_of([NodeSpec(name="n", capacity={"cpu": 1000, "memory": 2**30})]))
            second = _scores(scheduler, decision.pod, decision.table())
            assert np.array_equal(first, second, equal_nan=True), f"first {first}, then {second}"

        self.for_all(self.decisions(), holds, self.always())

    def test_leaves_its_arguments_alone(self, scheduler: Scheduler) -> None:
        """The table is not the scheduler's to write to."""

        def holds(decision: Decision) -> None:
            nodes = decision.table()
            before = Footprint.of(nodes)
            scheduler.score(decision.pod, nodes)
            before.assert_same(Footprint.of(nodes))

        self.for_all(self.decisions(), holds, self.always())

    def test_if_it_chooses_devices_the_pod_can_have_them(self, scheduler: Scheduler) -> None:
        """On any node that fits: as many as asked for, different ones, each with enough left; or ``None``."""

        def holds(decision: Decision) -> None:
            for request, free, chosen in _choices(scheduler, decision):
                enough = [number for number, milli in enumerate(free) if milli >= request.milli]
                can_have = len(chosen) == request.count == len(set(chosen).intersection(enough))
                assert can_have, f"chose {chosen} of {free}; expected {request.count} of {enough}"

        self.for_all(self.decisions(), holds, self.always())

    def test_if_it_chooses_devices_it_chooses_the_same_again(self, scheduler: Scheduler) -> None:
        """Always, for the same pod and node."""

        def holds(decision: Decision) -> None:
            first, second = (list(_choices(scheduler, decision)) for _ in range(2))
            assert first == second, f"first {first}, then {second}"

        self.for_all(self.decisions(), holds, self.always())

    def test_keeps_no_table_and_does_not_grow(self, scheduler: Scheduler) -> None:
        """Asked the same again and again, it holds on to no more than before; and never to the table."""
        decision = self.always()[1]
        nodes = decision.table()
        Footprint.assert_keeps_nothing(scheduler, nodes, lambda: scheduler.score(decision.pod, nodes))

    def test_if_local_a_score_depends_on_its_row_alone(self, scheduler: Scheduler) -> None:
        """A scheduler that says it is local gives any choice of rows, in any order, the very scores they had."""

        def holds(decision: Decision) -> None:
            if not getattr(scheduler, "local", False):
                return
            nodes = decision.table()
            scores = _scores(scheduler, decision.pod, nodes)
            fits = fitting(decision.pod, nodes)
            for rows in some_rows(len(nodes)):
                if fits[rows].any():
                    apart = _scores(scheduler, decision.pod, nodes.take(rows))
                    same = np.array_equal(scores[rows][fits[rows]], apart[fits[rows]])
                    assert same, f"rows {rows}: {scores[rows]} among all, {apart} apart; is it local?"

        self.for_all(self.decisions(), holds, self.always())

    def test_if_local_the_name_of_a_pod_does_not_matter(self, scheduler: Scheduler) -> None:
        """Scores are kept by shape, which is everything but the name and the namespace."""

        def holds(decision: Decision) -> None:
            if not getattr(scheduler, "local", False):
                return
            scores = _scores(scheduler, decision.pod, decision.table())
            for twin in twins(decision.pod):
                others = _scores(scheduler, twin, decision.table())
                same = np.array_equal(scores, others, equal_nan=True)
                assert same, f"{scores} for {decision.pod.name!r}, {others} for its twin {twin.name!r}; is it local?"

        self.for_all(self.decisions(), holds, self.always())


def _choices(scheduler: Scheduler, decision: Decision) -> Iterator[tuple[DeviceRequest, list[int], list[int]]]:
    """What it chooses on each node that fits, if it does: the request, what is left on the devices, and the indices."""
    choose: Any = getattr(scheduler, "choose_devices", None)
    if choose is None:
        return
    nodes = decision.table()
    for row in np.flatnonzero(fitting(decision.pod, nodes)):
        node = nodes.take(np.array([row]))
        for request in decision.pod.devices:
            chosen = choose(decision.pod, request, node)
            if chosen is not None:
                free = node.devices[request.kind][0, : node.device_count[request.kind][0]].tolist()
                yield request, free, [index(each) for each in chosen]


def _scores(scheduler: Scheduler, pod: PodSpec, nodes: NodeTable) -> FloatArray:
    """What it says, in a form that all tests but those of the form can work with."""
    return np.asarray(scheduler.score(pod, nodes), dtype=np.float64).reshape(-1)


def _assert_finite(scores: FloatArray, pod: PodSpec, nodes: NodeTable) -> None:
    assert len(scores) == len(nodes), f"{len(scores)} scores for {len(nodes)} nodes"
    for row in np.flatnonzero(fitting(pod, nodes)).tolist():
        name = nodes.names[row]
        assert np.isfinite(scores[row]), f"score {scores[row]} for node {name!r}, on which {pod.name!r} fits"
