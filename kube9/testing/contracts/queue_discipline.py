"""What every order of waiting pods must keep to."""

from __future__ import annotations

import math

import pytest
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from kube9.core.expectedrun import expecting
from kube9.core.pods import PodSpec
from kube9.core.ports import QueueDiscipline, RunAwareDiscipline
from kube9.testing.contracts.contract import Contract
from kube9.testing.reachable import amount_kept
from kube9.testing.strategies import pod_specs

__all__ = ["QueueDisciplineContract"]

Waiting = tuple[PodSpec, int]

_ROUNDS = 5

#: What a discipline has that goes by how long pods run.
_AWARE = ("keeps_first", "backfills", "expected_ms")


class QueueDisciplineContract(Contract):
    """Holds a :class:`~kube9.core.ports.QueueDiscipline` to its port. Override the fixture ``discipline``."""

    @pytest.fixture
    def discipline(self) -> QueueDiscipline:
        """The discipline to test."""
        self.to_override("discipline", "the queue discipline to test")

    def waiting(self) -> SearchStrategy[Waiting]:
        """A pod, which may say how long it runs, and when it arrived."""
        saying = st.builds(expecting, pod_specs(), st.integers(0, 10**9))
        return st.tuples(st.one_of(pod_specs(), saying), st.integers(0, 2**53))

    def test_says_whether_it_blocks(self, discipline: QueueDiscipline) -> None:
        """``blocks`` is a truth value."""
        assert isinstance(discipline.blocks, bool), f"blocks is {discipline.blocks!r}; expected True or False"

    def test_keys_are_tuples_of_numbers(self, discipline: QueueDiscipline) -> None:
        """Python's own, as ``float(...)`` and ``tuple(...)`` make them: a cluster takes no others.

        Anything else could not be compared with every other key; a NaN can be compared with none.
        """

        def holds(waiting: Waiting) -> None:
            key = discipline.key(*waiting)
            assert type(key) is tuple, f"key {key!r}; expected a tuple of numbers"
            for part in key:
                assert isinstance(part, int | float), f"key {key!r}; expected numbers only, each an int or a float"
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

    def test_goes_by_runs_wholly_or_not_at_all(self, discipline: QueueDiscipline) -> None:
        """One that lacks a part of :class:`~kube9.core.ports.RunAwareDiscipline` is not asked for the others."""
        there = [name for name in _AWARE if hasattr(discipline, name)]
        assert there in ([], list(_AWARE)), f"it has {', '.join(there)}; expected all of {', '.join(_AWARE)}, or none"
        for name in there[:2]:
            value = getattr(discipline, name)
            assert isinstance(value, bool), f"{name} is {value!r}; expected True or False"
            assert discipline.blocks or not value, f"{name} means nothing where blocks is not True"

    def test_expects_runs_in_whole_milliseconds(self, discipline: QueueDiscipline) -> None:
        """Or says ``None``, and the same of the same pod whatever it was asked in between."""
        if not isinstance(discipline, RunAwareDiscipline):
            return

        def holds(both: tuple[Waiting, Waiting]) -> None:
            (pod, _), (other, _) = both
            expected_ms = discipline.expected_ms(pod)
            whole = isinstance(expected_ms, int) and expected_ms >= 0
            assert expected_ms is None or whole, (
                f"expected_ms gave {expected_ms!r}; expected whole milliseconds or None"
            )
            discipline.expected_ms(other)
            again_ms = discipline.expected_ms(pod)
            assert again_ms == expected_ms, f"first {expected_ms!r}, then {again_ms!r}"

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
