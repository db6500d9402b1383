"""A health check that judges on where the one that was chosen fails: a silent node would be trusted for ever."""

from __future__ import annotations

import logging
import math

from kube9.controlplane.once import Once
from kube9.core.ports import HealthCheck, HeartbeatHistory
from kube9.plugins.fault import fault
from kube9.plugins.health import Heartbeat

__all__ = ["SteadyCheck"]

_log = logging.getLogger(__name__)


class SteadyCheck:
    """Asks ``check``; where that raises or gives no number, what counts is the silence itself, as for ``heartbeat``.

    Each fault is logged once.

    :param interval_ms: how often nodes beat.
    """

    def __init__(self, check: HealthCheck, interval_ms: int) -> None:
        self._check = check
        self.suspect_at, self.fail_at = check.suspect_at, check.fail_at
        self._plain = Heartbeat(interval_ms=interval_ms, suspect_ms=3 * interval_ms, fail_ms=10 * interval_ms)
        self._once = Once()

    def suspicion(self, history: HeartbeatHistory, now_ms: int) -> float:
        """On the scale of the check that was chosen."""
        try:
            suspicion = float(self._check.suspicion(history, now_ms))
            if not math.isnan(suspicion):
                return suspicion
            wrong = "gave the suspicion nan"
        except (Exception, SystemExit) as exc:
            wrong = f"failed: {fault(exc)}"
        self._tell(wrong)
        return self._by_silence(history, now_ms)

    def _tell(self, wrong: str) -> None:
        if self._once.first(wrong):
            _log.error(
                "the health check %s %s; until it answers again a node is suspected after %d ms of silence, and "
                "given up after %d; this is not told again",
                type(self._check).__name__,
                wrong,
                self._plain.suspect_ms,
                self._plain.fail_ms,
            )

    def _by_silence(self, history: HeartbeatHistory, now_ms: int) -> float:
        silent = self._plain.suspicion(history, now_ms)
        if silent >= self._plain.fail_at:
            return self.fail_at
        if silent >= self._plain.suspect_at:
            return self.suspect_at
        return min(0.0, self.suspect_at - 1)
