from __future__ import annotations

from itertools import pairwise

from hypothesis import given

from kube9.testing import strategies


def gaps_ms(history):
    return [later - earlier for earlier, later in pairwise(history.arrivals_ms)]


HISTORIES = {
    "one beat": lambda history: len(history.arrivals_ms) == 1,
    "a full history": lambda history: len(history.arrivals_ms) > 32,
    "a regular node": lambda history: len(history.arrivals_ms) > 10 and set(gaps_ms(history)) == {200},
    "a lost beat": lambda history: 400 in gaps_ms(history),
    "beats at one moment": lambda history: 0 in gaps_ms(history),
    "a long stall": lambda history: any(gap_ms > 60_000 for gap_ms in gaps_ms(history)),
    "time of day": lambda history: history.arrivals_ms[0] > 2**40,
}


def test_histories_have_everything(never_met):
    assert never_met(HISTORIES, strategies.heartbeat_histories(200)) == set()


@given(strategies.heartbeat_histories(interval_ms=7))
def test_histories_are_in_order_and_of_the_interval_asked_for(history):
    assert history.interval_ms == 7
    assert history.arrivals_ms == tuple(sorted(history.arrivals_ms))
    assert len(history.arrivals_ms) >= 1
