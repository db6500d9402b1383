"""How long a pod runs, as far as whoever asked for it says."""

from __future__ import annotations

import re
from copy import copy
from functools import lru_cache

from kube9.core.errors import InvalidInput
from kube9.core.frozen import FrozenMap
from kube9.core.limits import TIME_MAX_MS
from kube9.core.pods import PodSpec

__all__ = ["EXPECTED_RUN", "expected_run_ms", "expecting"]

#: The annotation that says it: a whole number and its unit, such as ``90s`` or ``2h``.
EXPECTED_RUN = "kube9/expected-run"

_WRITTEN = re.compile(r"(\d{1,15})(ms|s|m|h|d)", re.ASCII)
_UNIT_MS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


def expected_run_ms(pod: PodSpec) -> int | None:
    """How long ``pod`` is to run once it started, by its annotation ``kube9/expected-run``; ``None`` without one.

    :raises InvalidInput: the annotation cannot be read.
    """
    text = pod.annotations.get(EXPECTED_RUN)
    return None if text is None else _read(text)


# Asked of every pod that runs whenever a reservation is worked out, and there are few different texts.
@lru_cache(maxsize=65_536)
def _read(text: str) -> int:
    match = _WRITTEN.fullmatch(text)
    run_ms = -1 if match is None else int(match[1]) * _UNIT_MS[match[2]]
    if not 0 <= run_ms <= TIME_MAX_MS:
        raise InvalidInput(
            f"annotation {EXPECTED_RUN}: expected a whole number and its unit, such as 250ms, 90s, 5m, 2h or 1d, "
            f"and at most {TIME_MAX_MS}ms, got {text!r}"
        )
    return run_ms


def expecting(pod: PodSpec, run_ms: int) -> PodSpec:
    """``pod`` as one that says how long it runs; what it says itself stays."""
    if EXPECTED_RUN in pod.annotations:
        return pod
    # Not evolve(), which checks again all that was checked, for every pod of a trace.
    twin = copy(pod)
    object.__setattr__(twin, "annotations", FrozenMap({**pod.annotations, EXPECTED_RUN: f"{run_ms}ms"}))
    return twin
