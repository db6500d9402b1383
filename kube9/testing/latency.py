"""How long something takes, as a multiple of what else takes its time in the same run."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

from attrs import frozen

__all__ = ["Latency", "measure_latency"]

_ROUNDS = 9
#: Of one round; long against what a clock can tell apart.
_ROUND_NS = 2_000_000
_CALLS_MAX = 10_000


@frozen
class Latency:
    """It says little of any one machine, and so can be compared between machines."""

    #: What it is a multiple of, for people.
    reference: str
    ratio: float
    #: What is still thought reasonable; nothing fails beyond it.
    budget: float

    def __str__(self) -> str:
        over = "" if self.ratio <= self.budget else "; beyond its budget"
        return f"{self.ratio:.3g} times {self.reference} (budget {self.budget:g} times{over})"


def measure_latency(
    asked: Callable[[], object], reference: Callable[[], object], *, name: str, budget: float
) -> Latency:
    """The time of ``asked`` against that of ``reference``, called in turns, so that both meet the same weather.

    Time on the wall, not of the CPU: who asks a service elsewhere, or sleeps, holds up everybody as well.

    :param name: of the reference.
    """
    own, other = _calls_a_round(asked), _calls_a_round(reference)
    pairs = [(_time_ns(asked, own) / own, _time_ns(reference, other) / other) for _ in range(_ROUNDS)]
    return Latency(name, median(asked_ns / max(reference_ns, 1e-3) for asked_ns, reference_ns in pairs), budget)


def _calls_a_round(action: Callable[[], object]) -> int:
    calls = 1
    while calls < _CALLS_MAX and _time_ns(action, calls) < _ROUND_NS:
        calls *= 2
    return calls


def _time_ns(action: Callable[[], object], calls: int) -> int:
    begin = time.perf_counter_ns()
    for _ in range(calls):
        action()
    return time.perf_counter_ns() - begin
