"""The health check that learns from each node how late its beats may be."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from attrs import define, field

from kube9.core.errors import InvalidInput
from kube9.core.validation import not_negative, positive
from kube9.plugins.optiontext import milliseconds, number

if TYPE_CHECKING:
    from attrs import Attribute

    from kube9.core.ports import HeartbeatHistory

__all__ = ["PhiAccrual"]

#: Half of all beats come later than a phi of log10(2). Up to there a wider spread makes phi larger, beyond it smaller;
#: so that no irregular node is given up sooner than a regular one, which leases count on, thresholds lie beyond.
_HALF = math.log10(2)
_PHI_MAX = 10_000.0
_SHARE_MAX = 100.0

#: With fewer gaps between beats a node is taken to beat as it was asked to.
_GAPS_ENOUGH = 8

_ROOT_2, _ROOT_2_PI, _LN_10 = math.sqrt(2), math.sqrt(2 * math.pi), math.log(10)


def _beyond_half(_: object, attribute: Attribute[Any], value: float) -> None:
    if not _HALF < value <= _PHI_MAX:
        raise InvalidInput(
            f"{attribute.name} must be above 0.302, where half of all beats are later, and at most 10000, got {value}"
        )


def _share(_: object, attribute: Attribute[Any], value: float) -> None:
    if not 0 <= value <= _SHARE_MAX:
        raise InvalidInput(f"{attribute.name} must be from 0 to 100 intervals, got {value}")


@define(kw_only=True)
class PhiAccrual:
    """Suspicion is phi: -log10 of the chance that a node which is up stays silent for so long.

    After Hayashibara, Defago, Yared and Katayama, "The phi accrual failure detector", 2004. The times between beats are
    taken to be normal, cut off at zero, with the mean and spread of those that were seen; the defaults are explained
    in docs/howto/choose-a-health-check.md.
    """

    #: How often nodes are to beat.
    interval_ms: int = field(default=1_000, converter=milliseconds, validator=positive)
    #: The phi at which a node is suspected, and that at which it has failed.
    suspect_at: float = field(default=2.0, converter=number, validator=_beyond_half)
    fail_at: float = field(default=100.0, converter=number, validator=_beyond_half)
    #: The acceptable pause: how much longer than usual a node may be silent before phi begins to grow.
    pause_ms: int = field(default=1_000, converter=milliseconds, validator=not_negative)
    #: The least spread that counts, as a share of the interval and in any case.
    deviation_share_min: float = field(default=0.25, converter=number, validator=_share)
    deviation_ms_min: int = field(default=100, converter=milliseconds, validator=positive)
    #: The largest, unless that is less than the least: one long stall must not make the next crash go unseen.
    deviation_share_max: float = field(default=0.5, converter=number, validator=_share)

    def __attrs_post_init__(self) -> None:
        if not self.suspect_at < self.fail_at:
            raise InvalidInput(
                "suspect_at must be below fail_at, so that no node is given up before it is suspected; "
                f"got {self.suspect_at} and {self.fail_at}"
            )

    def suspicion(self, history: HeartbeatHistory, now_ms: int) -> float:
        """Phi; 0 for a node that was heard just now, or never."""
        arrivals_ms = history.arrivals_ms
        if not arrivals_ms:
            return 0.0
        silent_ms = max(0, now_ms - arrivals_ms[-1])
        mean_ms, deviation_ms = self._usual(arrivals_ms, history.interval_ms)
        mean_ms += self.pause_ms
        # No beat comes before the one before it, so what the normal curve has there does not count.
        return max(0.0, _phi((silent_ms - mean_ms) / deviation_ms) - _phi(-mean_ms / deviation_ms))

    def _usual(self, arrivals_ms: tuple[int, ...], interval_ms: int) -> tuple[float, float]:
        """The mean and the standard deviation of the times between beats, neither too small to be trusted."""
        least_ms = max(self.deviation_share_min * interval_ms, self.deviation_ms_min)
        count = len(arrivals_ms) - 1
        if count < _GAPS_ENOUGH:
            return interval_ms, least_ms
        total_ms = arrivals_ms[-1] - arrivals_ms[0]
        squares = sum((later - earlier) ** 2 for earlier, later in pairwise(arrivals_ms))
        deviation_ms = math.sqrt(count * squares - total_ms**2) / count
        deviation_ms = max(min(deviation_ms, self.deviation_share_max * interval_ms), least_ms)
        # A node that beats more often than it was asked to has no less time than any other: its lease is the same.
        return max(total_ms / count, interval_ms), deviation_ms


def _phi(z: float) -> float:
    """-log10 of the chance that a normal value is more than ``z`` standard deviations above the mean."""
    if z < 0:
        return -math.log1p(-math.erfc(-z / _ROOT_2) / 2) / _LN_10
    if z < 30:
        return -math.log10(math.erfc(z / _ROOT_2) / 2)
    # Soon the chance is too small for a float. Five terms of the asymptotic series are exact to the last bit out there.
    u = 1 / z**2
    series = 1 - u * (1 - 3 * u * (1 - 5 * u * (1 - 7 * u * (1 - 9 * u))))
    return (z**2 / 2 + math.log(z * _ROOT_2_PI) - math.log(series)) / _LN_10
