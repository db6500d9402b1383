"""What may be said of a drain: how it is read, and its schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kube9.api.parameters import GRACE_S_MAX, milliseconds
from kube9.core.drains import DRAIN_DEADLINE_MS
from kube9.core.errors import InvalidInput, ManifestError, Problem

__all__ = ["DEADLINE_S_MAX", "DRAIN_FIELDS", "DRAIN_OPTIONS", "PARALLEL_MAX", "read_drain"]

#: A week.
DEADLINE_S_MAX = 604_800
PARALLEL_MAX = 10_000


def _seconds(most: int, about: str, **more: Any) -> dict[str, Any]:
    return {"type": ["number", "null"], "minimum": 0, "maximum": most, **more, "description": about}


def _switch(about: str) -> dict[str, Any]:
    return {"type": "boolean", "default": False, "description": about}


DRAIN_OPTIONS: dict[str, Any] = {
    "type": "object",
    "properties": {
        "gracePeriodSeconds": _seconds(
            GRACE_S_MAX, "How long each pod gets to end; as long as each says itself where this is not given."
        ),
        "deadlineSeconds": _seconds(
            DEADLINE_S_MAX,
            "In how long whatever is left is stopped, wherever it may run then; 0 for all of it at once.",
            default=DRAIN_DEADLINE_MS // 1000,
        ),
        "noDeadline": _switch("Nothing is ever stopped before it can run elsewhere."),
        "parallel": {
            "type": "integer",
            "minimum": 1,
            "maximum": PARALLEL_MAX,
            "default": 1,
            "description": "How many pods are under way at a time.",
        },
        "intervalSeconds": _seconds(GRACE_S_MAX, "The least time between the beginnings of two moves.", default=0),
        "moveBatch": _switch(
            "Pods whose `restartPolicy` is not `Always` move like any other, rather than run on until they end or the "
            "deadline comes."
        ),
    },
    "additionalProperties": False,
}
DRAIN_FIELDS = tuple(DRAIN_OPTIONS["properties"])


def read_drain(fields: Mapping[str, Any]) -> dict[str, Any]:
    """What was said, in the words of :meth:`kube9.controlplane.ControlPlane.drain_node`.

    :raises ManifestError: some of it cannot be; all faults at once.
    """
    problems: list[Problem] = []

    def span(key: str, most_s: int) -> int | None:
        try:
            return milliseconds(fields.get(key), most_s)
        except InvalidInput as exc:
            problems.append(Problem(key, str(exc)))
            return None

    grace_ms, interval_ms = (span(key, GRACE_S_MAX) for key in ("gracePeriodSeconds", "intervalSeconds"))
    deadline_ms = span("deadlineSeconds", DEADLINE_S_MAX)
    parallel = fields.get("parallel", 1)
    if type(parallel) is not int or not 1 <= parallel <= PARALLEL_MAX:
        problems.append(Problem("parallel", f"expected a whole number from 1 to {PARALLEL_MAX}, got {parallel!r}"))
    no_deadline, move_batch = (_read_switch(fields, key, problems) for key in ("noDeadline", "moveBatch"))
    if no_deadline and deadline_ms is not None:
        problems.append(Problem("noDeadline", "deadlineSeconds is given too; leave out one of them"))
    if problems:
        raise ManifestError(problems)
    if deadline_ms is None and not no_deadline:
        deadline_ms = DRAIN_DEADLINE_MS
    return {
        "grace_ms": grace_ms,
        "deadline_ms": deadline_ms,
        "parallel": parallel,
        "interval_ms": interval_ms or 0,
        "move_batch": move_batch,
    }


def _read_switch(fields: Mapping[str, Any], key: str, problems: list[Problem]) -> bool:
    value = fields.get(key, False)
    if not isinstance(value, bool):
        problems.append(Problem(key, f"expected true or false, got {value!r}"))
        return False
    return value
