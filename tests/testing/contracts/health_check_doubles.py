"""Health checks: one that keeps to its port, and others that break it in one way each."""

from __future__ import annotations

import math
import time


class Sound:
    """Counts the beats that were missed."""

    suspect_at, fail_at = 3.0, 10.0

    def suspicion(self, history, now_ms):
        return max(0, now_ms - history.arrivals_ms[-1]) / history.interval_ms


class WholeNumbers(Sound):
    suspect_at, fail_at = 3, 10

    def suspicion(self, history, now_ms):
        return int(super().suspicion(history, now_ms))


class OwnInterval(Sound):
    """Counts milliseconds, and so makes sense with its own interval only."""

    interval_ms = 200
    suspect_at, fail_at = 500.0, 1000.0

    def suspicion(self, history, now_ms):
        return float(now_ms - history.arrivals_ms[-1])


class Patient(Sound):
    """Gives those more time who were late before."""

    def suspicion(self, history, now_ms):
        gaps = [later - earlier for earlier, later in zip(history.arrivals_ms, history.arrivals_ms[1:], strict=False)]
        return super().suspicion(history, now_ms) / max(1.0, *(gap / history.interval_ms for gap in gaps), 1.0)


class SwappedThresholds(Sound):
    suspect_at, fail_at = 10.0, 3.0


class OneThreshold(Sound):
    suspect_at = fail_at = 3.0


class EndlessThreshold(Sound):
    fail_at = math.inf

    def suspicion(self, history, now_ms):
        return min(1e300, super().suspicion(history, now_ms))


class Overflows(Sound):
    """Sure of itself at last."""

    def suspicion(self, history, now_ms):
        missed = super().suspicion(history, now_ms)
        return missed if missed < 10 else math.inf


class Negative(Sound):
    """Counts from when the next beat is due."""

    suspect_at, fail_at = 2.0, 9.0

    def suspicion(self, history, now_ms):
        return super().suspicion(history, now_ms) - 1


class Text(Sound):
    class Word(str):
        """Behaves like a number wherever it is compared."""

        __slots__ = ()

        def __lt__(self, other):
            return float(self) < float(other)

        def __le__(self, other):
            return float(self) <= float(other)

        def __ge__(self, other):
            return float(self) >= float(other)

        __hash__ = str.__hash__

    def suspicion(self, history, now_ms):
        return self.Word(super().suspicion(history, now_ms))


class Forgives(Sound):
    """Takes who is silent for very long for one that has nothing to say."""

    def suspicion(self, history, now_ms):
        missed = super().suspicion(history, now_ms)
        return missed if missed < 5000 else 0.0


class Counts(Sound):
    """Grows more suspicious with every question."""

    asked = 0

    def suspicion(self, history, now_ms):
        self.asked += 1
        return super().suspicion(history, now_ms) * (1 + self.asked / 1e12)


class NightShift(Sound):
    """Has more patience after midnight of the first day."""

    def suspicion(self, history, now_ms):
        missed = super().suspicion(history, now_ms)
        return missed / 2 if history.arrivals_ms[-1] > 86_400_000 else missed


class Sleepy(Sound):
    """Has more patience in the first hours of a day, wherever it runs."""

    def suspicion(self, history, now_ms):
        missed = super().suspicion(history, now_ms)
        return missed / 2 if time.localtime().tm_hour < 6 else missed


class Tires(Sound):
    """Suspects everybody as soon as it was asked a hundred times."""

    asked = 0

    def suspicion(self, history, now_ms):
        self.asked += 1
        return super().suspicion(history, now_ms) + (4.0 if self.asked > 100 else 0.0)


class HoldsGrudges(Sound):
    """Suspects those that were silent before, though they are heard again."""

    def suspicion(self, history, now_ms):
        gaps = [later - earlier for earlier, later in zip(history.arrivals_ms, history.arrivals_ms[1:], strict=False)]
        stalled = any(gap > 50 * history.interval_ms for gap in gaps)
        return max(super().suspicion(history, now_ms), 4.0 if stalled else 0.0)


class Hasty(Sound):
    suspect_at = 0.9


class NewcomersSuspected(Sound):
    """Suspects whoever it has not heard three times."""

    def suspicion(self, history, now_ms):
        missed = super().suspicion(history, now_ms)
        return max(missed, min(3.5 * missed, 4.0)) if len(history.arrivals_ms) < 3 else missed


class Trusting(Sound):
    """Never gives anybody up."""

    def suspicion(self, history, now_ms):
        return min(9.0, super().suspicion(history, now_ms))


class GivesUpIrregular(Sound):
    """Has half the patience with those that were late before."""

    def suspicion(self, history, now_ms):
        missed = super().suspicion(history, now_ms)
        gaps = [later - earlier for earlier, later in zip(history.arrivals_ms, history.arrivals_ms[1:], strict=False)]
        return missed * 2 if any(gap != history.interval_ms for gap in gaps) else missed


class Hoards(Sound):
    def __init__(self):
        self.seen = []

    def suspicion(self, history, now_ms):
        self.seen.append(now_ms)
        return super().suspicion(history, now_ms)
