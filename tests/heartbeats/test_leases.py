from __future__ import annotations

import pytest

from kube9.heartbeats.leases import fail_after_ms
from kube9.plugins.health import Heartbeat


class Doubting:
    """Counts missed beats, on a scale that is no time."""

    suspect_at, fail_at = 2.0, 5.0

    def suspicion(self, history, now_ms):
        return (now_ms - history.arrivals_ms[-1]) / history.interval_ms


class Trusting(Doubting):
    def suspicion(self, history, now_ms):
        return 0.0


@pytest.mark.parametrize(
    "check, interval_ms, after_ms",
    [
        (Heartbeat(interval_ms=1000, suspect_ms=3000, fail_ms=10_000), 1000, 10_000),
        (Doubting(), 200, 1000),
        (Trusting(), 200, 3_600_000),
    ],
    ids=["heartbeat", "beats missed", "never"],
)
def test_a_silent_node_is_left_alone_for_so_long(check, interval_ms, after_ms):
    assert fail_after_ms(check, interval_ms) == after_ms
