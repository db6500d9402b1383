"""Device choosers: one that keeps to its port, and others that break it in one way each."""

from __future__ import annotations

import numpy as np


class Sound:
    """The first that fit."""

    def choose(self, request, free_milli):
        return np.flatnonzero(free_milli >= request.milli)[: request.count]


class TooFew(Sound):
    def choose(self, request, free_milli):
        return super().choose(request, free_milli)[:1]


class TooMany(Sound):
    def choose(self, request, free_milli):
        return np.flatnonzero(free_milli >= request.milli)


class OneTwice(Sound):
    def choose(self, request, free_milli):
        return super().choose(request, free_milli)[:1].repeat(request.count)


class FromTheEnd(Sound):
    def choose(self, request, free_milli):
        return super().choose(request, free_milli) - len(free_milli)


class Fractions(Sound):
    def choose(self, request, free_milli):
        return super().choose(request, free_milli).astype(np.float64)


class LooksAtNothing(Sound):
    def choose(self, request, free_milli):
        return range(request.count)


class LeavesOneShort(Sound):
    def choose(self, request, free_milli):
        return np.flatnonzero(free_milli >= request.milli - 1)[: request.count]


class Alternates(Sound):
    calls = 0

    def choose(self, request, free_milli):
        self.calls += 1
        fitting = np.flatnonzero(free_milli >= request.milli)
        return (fitting if self.calls % 2 else fitting[::-1])[: request.count]


class WritesDown(Sound):
    def choose(self, request, free_milli):
        chosen = super().choose(request, free_milli)
        free_milli[chosen] -= request.milli
        return chosen
