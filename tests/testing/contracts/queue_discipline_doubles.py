"""Queue disciplines: one that keeps to its port, and others that break it in one way each."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from kube9.core.ports import expected_run_ms


class Sound:
    """Highest priority first, then whoever wants the least."""

    blocks = False

    def key(self, pod, arrived_ms):
        return (-pod.priority, pod.requests.get("cpu", 0))


class Endless(Sound):
    """Infinity has a place in an order."""

    def key(self, pod, arrived_ms):
        return (math.inf,)


class Keyless(Sound):
    """Everybody is equal: arrival alone decides."""

    def key(self, pod, arrived_ms):
        return ()


class Aware(Sound):
    """Goes by how long pods run."""

    blocks = keeps_first = backfills = True

    def expected_ms(self, pod):
        return expected_run_ms(pod)


class BlocksByNumber(Sound):
    blocks = 1


class List(Sound):
    def key(self, pod, arrived_ms):
        return list(super().key(pod, arrived_ms))


class Text(Sound):
    def key(self, pod, arrived_ms):
        return (pod.namespace,)


class NumbersOfNumPy(Sound):
    def key(self, pod, arrived_ms):
        return (np.int64(pod.priority),)


class Key(NamedTuple):
    priority: int


class Named(Sound):
    def key(self, pod, arrived_ms):
        return Key(pod.priority)


class NotANumber(Sound):
    def key(self, pod, arrived_ms):
        return (math.nan,)


class LongerForSome(Sound):
    def key(self, pod, arrived_ms):
        return (1,) if pod.priority > 0 else (0, arrived_ms)


class Counts(Sound):
    calls = 0

    def key(self, pod, arrived_ms):
        self.calls += 1
        return (self.calls,)


class Hoards(Sound):
    def __init__(self):
        self.seen = []

    def key(self, pod, arrived_ms):
        self.seen.append(pod)
        return super().key(pod, arrived_ms)


class HalfAware(Sound):
    blocks = backfills = True


class BackfillsByText(Aware):
    backfills = "yes"


class BackfillsBehindNobody(Aware):
    blocks = False


class ExpectsSeconds(Aware):
    def expected_ms(self, pod):
        return 1.5


class ExpectsMoreEachTime(Aware):
    calls = 0

    def expected_ms(self, pod):
        self.calls += 1
        return self.calls
