"""Strategies for what health checks judge: when a node was heard."""

from __future__ import annotations

from itertools import accumulate

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from kube9.core.ports import HeartbeatHistory

__all__ = ["heartbeat_histories"]

#: How many times between beats there are: too few to go by, some, and more than are remembered.
_SIZES = (0, 1, 4, 7, 8, 9, 20, 31, 39)
#: When a node was first heard; the last is a time of day.
_FIRST_MS = (0, 1, 999, 1_700_000_000_000)


def heartbeat_histories(interval_ms: int = 1_000) -> SearchStrategy[HeartbeatHistory]:
    """Regular nodes, and those whose beats are late, get lost, come in heaps, or stay away for long; at least one beat.

    :param interval_ms: how often the node was asked to beat.
    """
    regular = st.just(interval_ms)
    late = st.integers(interval_ms * 9 // 10, interval_ms * 11 // 10)
    lost = st.integers(1, 5).map(lambda beats: beats * interval_ms)
    heaped = st.sampled_from((0, 1, 2))
    stalled = st.integers(0, 600 * interval_ms)
    kinds = st.lists(st.sampled_from((regular, late, lost, heaped, stalled)), min_size=1, max_size=3)
    gaps = st.tuples(st.sampled_from(_SIZES), kinds).flatmap(
        lambda drawn: st.lists(st.one_of(drawn[1]), min_size=drawn[0], max_size=drawn[0])
    )
    return st.builds(
        lambda first_ms, gaps_ms: HeartbeatHistory(
            arrivals_ms=tuple(accumulate(gaps_ms, initial=first_ms)), interval_ms=interval_ms
        ),
        st.sampled_from(_FIRST_MS),
        gaps,
    )
