"""Waiting times and their quantiles."""

from __future__ import annotations

import pytest

from kube9.simulator.waits import CURVE_POINTS, Waits


def summary_of(waits_ms):
    waits = Waits()
    for wait_ms in waits_ms:
        waits.add(wait_ms)
    return waits.summary()


def test_nobody_is_no_summary():
    assert summary_of([]) is None


@pytest.mark.parametrize(
    "waits_ms,expected",
    [
        ([5], (1, 5.0, 5, 5, 5, 5)),
        ([0, 10], (2, 5.0, 0, 10, 10, 10)),
        (range(100, 0, -1), (100, 50.5, 50, 95, 99, 100)),
        ([0] * 99 + [10_000], (100, 100.0, 0, 0, 0, 10_000)),
    ],
    ids=["one", "two", "a hundred, backwards", "one in a hundred"],
)
def test_quantiles_are_waits_that_were(waits_ms, expected):
    found = summary_of(waits_ms)
    assert (found.count, found.mean_ms, found.median_ms, found.p95_ms, found.p99_ms, found.max_ms) == expected


def test_the_curve_of_few_has_them_all():
    assert summary_of([3, 1, 3, 9]).curve == ((1, 1), (3, 3), (9, 4))


def test_the_curve_of_many_is_bounded_and_keeps_the_tail():
    found = summary_of([0] * 100_000 + [1_000, 2_000, 3_000])
    assert found.curve == ((0, 100_000), (1_000, 100_001), (2_000, 100_002), (3_000, 100_003))
    found = summary_of(range(1_000_000))
    assert len(found.curve) <= CURVE_POINTS
    assert all(no_longer == wait_ms + 1 for wait_ms, no_longer in found.curve)
    assert found.curve[-1] == (999_999, 1_000_000)
