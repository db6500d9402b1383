"""What becomes of a silent node by its health check; the same for a live cluster and for a replay."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from kube9.core.ports import HealthCheck, HeartbeatHistory
from kube9.core.watch import beat_interval_ms
from kube9.heartbeats.leases import fail_after_ms

__all__ = ["Judge", "Verdict"]


class Verdict(Enum):
    """What a silence has come to."""

    TRUSTED = "trusted"
    SUSPECT = "suspect"
    FAILED = "failed"


class Judge:
    """Asks a health check about silences.

    :param interval_ms: how often nodes are to beat, unless another interval is given with a question; ``None`` for as
        often as the check says, or every second.
    """

    def __init__(self, check: HealthCheck, interval_ms: int | None = None) -> None:
        self.check = check
        self.interval_ms = beat_interval_ms(check) if interval_ms is None else interval_ms
        #: The silence after which a node is given up that beat regularly until then.
        self.fail_after_ms = fail_after_ms(check, self.interval_ms)
        #: How long to wait between two looks at all nodes.
        self.pause_ms = max(1, self.interval_ms // 2)

    def suspicion(self, arrivals_ms: Sequence[int], now_ms: int, interval_ms: int | None = None) -> float:
        """On the check's own scale; ``arrivals_ms`` are at least one, oldest first."""
        history = HeartbeatHistory(arrivals_ms=tuple(arrivals_ms), interval_ms=interval_ms or self.interval_ms)
        return self.check.suspicion(history, now_ms)

    def verdict(self, arrivals_ms: Sequence[int], now_ms: int, interval_ms: int | None = None) -> Verdict:
        """What a node is that was last heard with the last of ``arrivals_ms``, which are at least one."""
        silent_ms = now_ms - arrivals_ms[-1]
        # Whoever was heard just now is not asked about: with many nodes that is nearly all of them.
        if silent_ms <= (interval_ms or self.interval_ms):
            return Verdict.TRUSTED
        suspicion = self.suspicion(arrivals_ms, now_ms, interval_ms)
        if suspicion >= self.check.fail_at:
            return Verdict.FAILED
        return Verdict.SUSPECT if suspicion >= self.check.suspect_at else Verdict.TRUSTED
