"""What every order of waiting pods must keep to."""

from __future__ import annotations

import math
from numbers import Real

import pytest
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from kube9.core.pods import PodSpec
from kube9.core.ports import QueueDiscipline
from kube9.testing.contracts.contract import Contract
from kube9.testing.reachable import amount_kept
from kube9.testing.strategies import pod_specs

__all__ = ["QueueDisciplineContract"]

Waiting = tuple[PodSpec, int]

_ROUNDS = 5


class QueueDisciplineContract(Contract):
    """Holds a :class:`~kube9.core.ports.QueueDiscipline` to its port. Override the fixture ``discipline``."""

    @pytest.fixture
    def discipline(self) -> QueueDiscipline:
        """The discipline to test."""
        self.to_override("discipline", "the queue discipline to test")

    def waiting(self) -> SearchStrategy[Waiting]:
        """A pod, and when it arrived."""
        return st.tuples(pod_specs(), st.integers(0, 2**53))

    def test_says_whether_it_blocks(self, discipline: QueueDiscipline) -> None:
        """``blocks`` is a truth value."""
        assert isinstance(discipline.blocks, bool), f"blocks is {discipline.blocks!r}; expected True or False"

    def test_keys_are_tuples_of_numbers(self, discipline: QueueDiscipline) -> None:
        """Anything else could not be compared with every other key; a NaN can be compared with none."""

        def holds(waiting: Waiting) -> None:
            key = discipline.key(*waiting)
            assert isinstance(key, tuple), f"key {key!r}; expected a tuple of numbers"
            for part in key:
                assert isinstance(part, Real), f"key {key!r}; expected numbers only"
                assert not math.isnan(part), f"key {key!r}; a NaN has no place in an order"

        self.for_all(self.waiting(), holds)

    def test_keys_have_one_length(self, discipline: QueueDiscipline) -> None:
        """Whatever the pod."""

        def holds(both: tuple[Waiting, Waiting]) -> None:
            first, second = (discipline.key(*waiting) for waiting in both)
            assert len(first) == len(second), f"keys {first!r} and {second!r}; expected as many numbers in each"

        self.for_all(st.tuples(self.waiting(), self.waiting()), holds)

    def test_same_arguments_give_the_same_key(self, discipline: QueueDiscipline) -> None:
        """Whatever it was asked in between."""

        def holds(both: tuple[Waiting, Waiting]) -> None:
            asked, other = both
            first = discipline.key(*asked)
            discipline.key(*other)
            second = discipline.key(*asked)
            assert first == second, f"first {first!r}, then {second!r}"

        self.for_all(st.tuples(self.waiting(), self.waiting()), holds)

    def test_does_not_grow(self, discipline: QueueDiscipline) -> None:
        """Asked the same again and again, it holds on to no more than before."""
        pod = PodSpec(name="pod", requests={"cpu": 1})
        for _ in range(_ROUNDS):
            discipline.key(pod, 7)
        before = amount_kept(discipline)
        for _ in range(_ROUNDS):
            discipline.key(pod, 7)
        after = amount_kept(discipline)
        assert after <= before, f"it held on to {before} objects and more; asked the same again, to {after}"
