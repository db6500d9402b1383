"""What every health check must keep to."""

from __future__ import annotations

import copy
import math
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from numbers import Real

import pytest
from attrs import evolve, frozen
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from kube9.core.ports import HealthCheck, HeartbeatHistory
from kube9.core.watch import beat_interval_ms
from kube9.heartbeats.leases import HISTORY_BEATS, fail_after_ms
from kube9.plugins.health import Heartbeat
from kube9.testing.contracts.contract import Contract
from kube9.testing.reachable import amount_kept
from kube9.testing.strategies import heartbeat_histories

__all__ = ["HealthCheckContract"]

_ROUNDS = 5
#: Six hours apart, so that it is morning, noon, evening and night.
_ZONES = ("UTC+0", "UTC-6", "UTC-12", "UTC+6")
#: Beyond this no lease is given.
_LONGEST_MS = 3_600_000


@frozen
class Silence:
    """A node that is not heard any more, looked at several times."""

    history: HeartbeatHistory
    #: How long it has been silent each time, the shortest first.
    silent_ms: tuple[int, ...]

    def suspicions(self, check: HealthCheck) -> list[float]:
        return [_suspicion(check, self.history, silent_ms) for silent_ms in self.silent_ms]


class HealthCheckContract(Contract):
    """Holds a :class:`~kube9.core.ports.HealthCheck` to its port. Override the fixture ``check``."""

    @pytest.fixture
    def check(self) -> HealthCheck:
        """The health check to test."""
        self.to_override("check", "the health check to test")

    def interval_ms(self, check: HealthCheck) -> int:
        """How often the nodes it judges are asked to beat; by default as the check says, or every second."""
        return beat_interval_ms(check)

    def silences(self, check: HealthCheck) -> SearchStrategy[Silence]:
        """Nodes of any past that are silent for any time, from none to days."""
        interval_ms = self.interval_ms(check)
        times = st.integers(0, 20 * interval_ms) | st.integers(0, 10**9)
        looks = st.lists(times, min_size=2, max_size=5).map(lambda found: tuple(sorted(found)))
        return st.builds(Silence, heartbeat_histories(interval_ms), looks)

    def always(self, check: HealthCheck) -> list[Silence]:
        """What is tried in any case, the smallest first: a node heard once, or several times at once, or regularly."""
        interval_ms = self.interval_ms(check)
        looks = (0, 1, interval_ms, 3 * interval_ms, 10 * interval_ms, 1000 * interval_ms, 10**9)
        pasts: list[Sequence[int]] = [(0,), (2**41,), (0, 0), (5,) * HISTORY_BEATS, _regular_beats(interval_ms)]
        histories = [HeartbeatHistory(arrivals_ms=tuple(past), interval_ms=interval_ms) for past in pasts]
        return [Silence(history, looks) for history in histories]

    def test_thresholds_are_ordered(self, check: HealthCheck) -> None:
        """Both are finite and above 0, and a node is suspected before it is given up."""
        first, last = check.suspect_at, check.fail_at
        for threshold in (first, last):
            assert isinstance(threshold, Real), f"the threshold {threshold!r}; expected a number"
            assert math.isfinite(threshold), f"the threshold {threshold!r}; expected a finite number"
        assert 0 < first < last, f"suspect_at {first!r}, fail_at {last!r}; expected them above 0 and in this order"

    def test_suspicion_is_a_finite_number_from_0_up(self, check: HealthCheck) -> None:
        """However long the silence."""

        def holds(silence: Silence) -> None:
            for suspicion in silence.suspicions(_fresh(check)):
                assert isinstance(suspicion, Real), f"suspicion {suspicion!r}; expected a number"
                assert 0 <= suspicion < math.inf, f"suspicion {suspicion!r}; expected a finite number from 0 up"

        self.for_all(self.silences(check), holds, self.always(check))

    def test_suspicion_does_not_shrink_while_silence_grows(self, check: HealthCheck) -> None:
        """Otherwise a node would be trusted again for saying nothing."""

        def holds(silence: Silence) -> None:
            suspicions = silence.suspicions(_fresh(check))
            assert suspicions == sorted(suspicions), f"silent for {silence.silent_ms} ms: suspicions {suspicions}"

        self.for_all(self.silences(check), holds, self.always(check))

    def test_same_history_gives_the_same_suspicion(self, check: HealthCheck) -> None:
        """Whatever it was asked in between, about this node or others, and whatever the local time of day is."""

        def holds(silence: Silence) -> None:
            first = silence.suspicions(check)
            moved = evolve(silence, history=_later(silence.history, 86_400_000))
            for name, again in (("again", silence), ("a day later", moved)):
                second = again.suspicions(check)
                assert first == second, f"first {first}, {name} {second}"
            for zone in _ZONES:
                with _local_time(zone):
                    second = silence.suspicions(check)
                assert first == second, f"first {first}, with the local time of {zone} {second}"

        self.for_all(self.silences(check), holds, self.always(check))

    def test_suspicion_falls_with_a_beat(self, check: HealthCheck) -> None:
        """A node that was heard just now is not suspected, and no more suspicious than the moment before."""

        def holds(silence: Silence) -> None:
            own = _fresh(check)
            for silent_ms in silence.silent_ms:
                before = _suspicion(own, silence.history, silent_ms)
                after = _suspicion(own, _heard(silence.history, silent_ms), 0)
                assert after <= before, f"silent for {silent_ms} ms: {before}, and with a beat at that moment: {after}"
                assert after < check.suspect_at, f"heard just now, and suspected: {after} of {check.suspect_at}"

        self.for_all(self.silences(check), holds, self.always(check))

    def test_a_regular_node_is_never_suspected(self, check: HealthCheck) -> None:
        """Not before its next beat is due, from its first beat on."""
        interval_ms = self.interval_ms(check)
        beats = _regular_beats(interval_ms)
        for count in range(1, len(beats) + 1):
            history = HeartbeatHistory(arrivals_ms=beats[:count], interval_ms=interval_ms)
            suspicion = _suspicion(_fresh(check), history, interval_ms)
            assert suspicion < check.suspect_at, f"after {count} regular beats, when the next is due: {suspicion}"

    def test_a_silent_node_is_given_up_in_the_end(self, check: HealthCheck, request: pytest.FixtureRequest) -> None:
        """A node that was regular, within an hour: pods that it ran are not waited for any longer.

        How long it takes to say so is told.
        """
        interval_ms = self.interval_ms(check)
        history = HeartbeatHistory(arrivals_ms=_regular_beats(interval_ms), interval_ms=interval_ms)
        suspicion = _suspicion(check, history, _LONGEST_MS)
        assert suspicion >= check.fail_at, f"silent for an hour: {suspicion}, and fail_at is {check.fail_at}"
        usual = Heartbeat()
        self.tell_latency(
            request,
            lambda: _suspicion(check, history, interval_ms),
            lambda: _suspicion(usual, history, interval_ms),
            "heartbeat",
        )

    def test_no_node_is_given_up_sooner_than_a_regular_one(self, check: HealthCheck) -> None:
        """Every node's lease ends with the silence after which a regular one is given up."""
        interval_ms = self.interval_ms(check)
        lease_ms = fail_after_ms(_fresh(check), interval_ms)

        def holds(silence: Silence) -> None:
            suspicion = _suspicion(_fresh(check), silence.history, lease_ms - 1)
            assert suspicion < check.fail_at, f"silent for {lease_ms - 1} ms, within its lease: {suspicion}"

        self.for_all(self.silences(check), holds, self.always(check))

    def test_does_not_grow(self, check: HealthCheck) -> None:
        """Asked the same again and again, it holds on to no more than before."""
        silence = self.always(check)[-1]
        for _ in range(_ROUNDS):
            silence.suspicions(check)
        before = amount_kept(check)
        for _ in range(_ROUNDS):
            silence.suspicions(check)
        after = amount_kept(check)
        assert after <= before, f"it held on to {before} objects and more; asked the same again, to {after}"


def _fresh(check: HealthCheck) -> HealthCheck:
    """A check that was asked nothing yet, so that an example shows the same when it is tried by itself.

    What cannot be copied is used as it is.
    """
    try:
        return copy.deepcopy(check)
    except Exception:
        return check


@contextmanager
def _local_time(zone: str) -> Iterator[None]:
    """Have this process take ``zone``, as POSIX writes them, for its own; where the system has no such thing, not."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = zone
    _take_zone()
    try:
        yield
    finally:
        if before is None:
            del os.environ["TZ"]
        else:
            os.environ["TZ"] = before
        _take_zone()


def _take_zone() -> None:
    if hasattr(time, "tzset"):
        time.tzset()


def _suspicion(check: HealthCheck, history: HeartbeatHistory, silent_ms: int) -> float:
    return check.suspicion(history, history.arrivals_ms[-1] + silent_ms)


def _regular_beats(interval_ms: int) -> tuple[int, ...]:
    return tuple(range(interval_ms, (HISTORY_BEATS + 1) * interval_ms, interval_ms))


def _later(history: HeartbeatHistory, by_ms: int) -> HeartbeatHistory:
    return evolve(history, arrivals_ms=tuple(at_ms + by_ms for at_ms in history.arrivals_ms))


def _heard(history: HeartbeatHistory, silent_ms: int) -> HeartbeatHistory:
    """The same node when it beats after a silence."""
    beats = (*history.arrivals_ms, history.arrivals_ms[-1] + silent_ms)
    return evolve(history, arrivals_ms=beats[-max(HISTORY_BEATS, len(history.arrivals_ms)) :])
