from __future__ import annotations

import threading

from kube9.testing.latency import Latency, measure_latency


def work(steps):
    return lambda: sum(range(steps))


def test_more_work_takes_more_of_the_reference():
    """By orders of magnitude, so that no load of the machine turns it round."""
    some = measure_latency(work(20_000), work(200), name="less", budget=1.0)
    little = measure_latency(work(200), work(20_000), name="more", budget=1.0)
    assert some.ratio > 3 > 1 / 3 > little.ratio > 0


def test_waiting_counts_as_well():
    waits = measure_latency(lambda: threading.Event().wait(0.01), work(20), name="work", budget=1.0)
    assert waits.ratio > 100


def test_it_is_told_in_words():
    assert str(Latency("best-fit", 2.0, 20.0)) == "2 times best-fit (budget 20 times)"
    assert str(Latency("best-fit", 31.25, 20.0)) == "31.2 times best-fit (budget 20 times; beyond its budget)"
