"""Heartbeats of agents: what a body says, read strictly and fast."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kube9.agent.brain import Answer, Beat, CopyReport
from kube9.api.limits import Limits
from kube9.core.errors import ManifestError, Problem
from kube9.core.pods import PodPhase

__all__ = [
    "ERROR_LENGTH_MAX",
    "EXIT_CODE_MAX",
    "PHASES",
    "TEXT_LENGTH_MAX",
    "WHOLE_MAX",
    "answer_document",
    "read_beat",
]

#: Of a uid, of what a start of an agent calls itself, and of what it proves itself by.
TEXT_LENGTH_MAX = 200
ERROR_LENGTH_MAX = 4_000
#: What every reader of JSON can hold.
WHOLE_MAX = 2**53 - 1
#: Windows has codes of 32 bits.
EXIT_CODE_MAX = 2**32 - 1
#: What a copy of a pod on a node can be.
PHASES = tuple(phase.value for phase in (PodPhase.STARTING, PodPhase.RUNNING, PodPhase.SUCCEEDED, PodPhase.FAILED))

#: Says what is wrong with a value; empty where nothing is.
_Check = Callable[[Any], str]


def _text(least: int, most: int) -> _Check:
    def check(value: Any) -> str:
        if type(value) is str and least <= len(value) <= most:
            return ""
        return f"expected a text of {least} to {most} characters"

    return check


def _whole(least: int, most: int) -> _Check:
    def check(value: Any) -> str:
        # Neither is true a number here, nor 1.0 a whole one.
        return (
            "" if type(value) is int and least <= value <= most else f"expected a whole number from {least} to {most}"
        )

    return check


def _exit_code(value: Any) -> str:
    return "" if value is None else _EXIT_CODE(value)


def _truth(value: Any) -> str:
    return "" if type(value) is bool else "expected true or false"


def _phase(value: Any) -> str:
    return "" if type(value) is str and value in PHASES else f"expected one of {', '.join(PHASES)}"


_EXIT_CODE = _whole(-EXIT_CODE_MAX, EXIT_CODE_MAX)
_REQUIRED: Mapping[str, _Check] = {
    "boot": _text(1, TEXT_LENGTH_MAX),
    "token": _text(0, TEXT_LENGTH_MAX),
    "sequence": _whole(1, WHOLE_MAX),
}
_POD_REQUIRED: Mapping[str, _Check] = {
    "uid": _text(1, TEXT_LENGTH_MAX),
    "epoch": _whole(0, WHOLE_MAX),
    "phase": _phase,
}
_POD_OPTIONAL: Mapping[str, _Check] = {
    "exitCode": _exit_code,
    "error": _text(0, ERROR_LENGTH_MAX),
    "ready": _truth,
    "restarts": _whole(0, WHOLE_MAX),
    "reason": _text(0, ERROR_LENGTH_MAX),
}


def read_beat(document: Mapping[str, Any], limits: Limits) -> Beat:
    """What an agent says.

    :raises ManifestError: with all that is wrong.
    """
    problems: list[Problem] = []
    _check(document, _REQUIRED, {"pods": lambda _: ""}, "", problems)
    pods = document.get("pods", [])
    if type(pods) is not list:
        problems.append(Problem("pods", "expected a list"))
    elif len(pods) > limits.items:
        problems.append(Problem("pods", f"expected at most {limits.items} pods, got {len(pods)}"))
    else:
        for number, pod in enumerate(pods):
            if type(pod) is dict:
                _check(pod, _POD_REQUIRED, _POD_OPTIONAL, f"pods[{number}].", problems)
            else:
                problems.append(Problem(f"pods[{number}]", "expected an object"))
    if problems:
        raise ManifestError(problems)
    return Beat(document["boot"], document["token"], document["sequence"], tuple(map(_copy, pods)))


def answer_document(answer: Answer) -> dict[str, Any]:
    """What an agent is told."""
    return {
        "sequence": answer.sequence,
        "token": answer.token,
        "leaseMillis": answer.lease_ms,
        "intervalMillis": answer.interval_ms,
        "gone": answer.gone,
    }


def _check(
    found: Mapping[str, Any],
    required: Mapping[str, _Check],
    optional: Mapping[str, _Check],
    path: str,
    problems: list[Problem],
) -> None:
    for name, check in required.items():
        if name not in found:
            problems.append(Problem(f"{path}{name}", "is missing"))
        elif wrong := check(found[name]):
            problems.append(Problem(f"{path}{name}", wrong))
    for name, value in found.items():
        if name in required:
            continue
        if name not in optional:
            there = ", ".join((*required, *optional))
            problems.append(Problem(f"{path}{name[:100]}", f"unknown field; expected {there}"))
        elif wrong := optional[name](value):
            problems.append(Problem(f"{path}{name}", wrong))


def _copy(pod: Mapping[str, Any]) -> CopyReport:
    return CopyReport(
        pod["uid"],
        pod["epoch"],
        pod["phase"],
        pod.get("exitCode"),
        pod.get("error", ""),
        pod.get("ready", True),
        pod.get("restarts", 0),
        pod.get("reason", ""),
    )
