"""In which order waiting pods are tried, by how long they are expected to run.

Every order here blocks and keeps its first: the pod whose turn it is waits for its room, and nobody overtakes it, also
not one that comes later with a better claim. With ``backfills`` those go ahead that end before it could start.
"""

from __future__ import annotations

import math
import re

import kube9
from kube9.core.ports import expected_run_ms

__all__ = ["F1", "ByRuns", "FirstComeFirstServed", "ShortestFirst"]

_TIME = re.compile(r"(\d{1,9})(s|m|h|d)", re.ASCII)
_UNIT_MS = {"s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


class ByRuns:
    """What the orders have in common.

    :param assume: how long a pod runs that does not say so, such as ``2h``. Without it, it is taken to run for ever: it
        comes after those who say, it overtakes nobody, and nobody counts on its end.
    """

    blocks = True
    keeps_first = True
    backfills = False

    def __init__(self, assume: str = "") -> None:
        self._assumed_ms = _time_ms("assume", assume) if assume else None

    def expected_ms(self, pod: kube9.PodSpec) -> int | None:
        """How long ``pod`` runs, by its own word or else as it is assumed."""
        said_ms = expected_run_ms(pod)
        return self._assumed_ms if said_ms is None else said_ms

    def expected_s(self, pod: kube9.PodSpec) -> float:
        """The same in seconds; infinite where nobody says."""
        expected_ms = self.expected_ms(pod)
        return math.inf if expected_ms is None else expected_ms / 1000


class FirstComeFirstServed(ByRuns):
    """In order of arrival."""

    def key(self, pod: kube9.PodSpec, arrived_ms: int) -> tuple[float, ...]:
        self.expected_ms(pod)  # so that one that cannot be read is refused when it comes, as by the other orders
        return (arrived_ms,)


class ShortestFirst(ByRuns):
    """The shortest first, among equals the one that came first."""

    def key(self, pod: kube9.PodSpec, arrived_ms: int) -> tuple[float, ...]:
        return (self.expected_s(pod), arrived_ms)


class F1(ByRuns):
    """Lowest ``log10(run) * size + 870 * log10(arrival)`` first: small and early.

    The function was found by regression over simulated schedules (Carastan-Santos and de Camargo, SC '17). Times are in
    seconds, and the arrival counts from ``origin``, in seconds on the cluster's clock, which in a live cluster is that
    of Unix.

    :param resource: what a pod's size is counted in; of ``cpu`` in cores, of anything else in its units.
    """

    def __init__(self, assume: str = "", origin: str = "0", resource: str = "cpu") -> None:
        super().__init__(assume)
        if not re.fullmatch(r"\d{1,12}", origin, re.ASCII):
            raise ValueError(f"origin: expected seconds on the cluster's clock, such as 1767225600, got {origin!r}")
        self._origin_ms, self._resource = 1000 * int(origin), resource

    def key(self, pod: kube9.PodSpec, arrived_ms: int) -> tuple[float, ...]:
        amount = pod.requests.get(self._resource, 0)
        size = amount / 1000 if self._resource == "cpu" else amount
        # What comes within the first second, or runs for less than one, counts as one: there is no logarithm of 0.
        run_s = max(1.0, self.expected_s(pod))
        arrival_s = max(1.0, (arrived_ms - self._origin_ms) / 1000)
        # Of one that asks for nothing it does not matter how long it runs, also where that is for ever.
        area = math.log10(run_s) * size if size else 0.0
        return (area + 870 * math.log10(arrival_s), arrived_ms)


def _time_ms(option: str, text: str) -> int:
    match = _TIME.fullmatch(text)
    if match is None:
        raise ValueError(f"{option}: expected a time such as 90s, 30m, 2h or 1d, got {text!r}")
    return int(match[1]) * _UNIT_MS[match[2]]
