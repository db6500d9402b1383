"""How long a silent node is surely left alone."""

from __future__ import annotations

from kube9.core.ports import HealthCheck, HeartbeatHistory
from kube9.core.watch import ARRIVALS_KEPT

__all__ = ["HISTORY_BEATS", "fail_after_ms"]

#: How many beats of a node are remembered, and so how many a health check gets to see.
HISTORY_BEATS = ARRIVALS_KEPT
_LONGEST_MS = 3_600_000


def fail_after_ms(check: HealthCheck, interval_ms: int) -> int:
    """After how long a silence ``check`` gives up a node that beat regularly until then; an hour at the most.

    Found by asking it, since suspicion grows with silence but on a scale of the check's own.
    """
    last_ms = HISTORY_BEATS * interval_ms
    history = HeartbeatHistory(arrivals_ms=tuple(range(interval_ms, last_ms + 1, interval_ms)), interval_ms=interval_ms)
    low_ms, high_ms = 0, _LONGEST_MS
    while high_ms - low_ms > 1:
        silent_ms = (low_ms + high_ms) // 2
        if check.suspicion(history, last_ms + silent_ms) >= check.fail_at:
            high_ms = silent_ms
        else:
            low_ms = silent_ms
    return high_ms
