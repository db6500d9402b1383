"""Heartbeats of agents: what a body says, read strictly and fast."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kube9.agent.brain import Answer, Beat, CopyReport, PodUse, StartOrder
from kube9.api.limits import Limits
from kube9.core.errors import ManifestError, Problem
from kube9.core.pods import PodPhase

__all__ = [
    "ERROR_LENGTH_MAX",
    "EXIT_CODE_MAX",
    "PHASES",
    "TEXT_LENGTH_MAX",
    "WAIT_MAX_MS",
    "WHOLE_MAX",
    "answer_document",
    "read_beat",
    "read_wait_ms",
]

#: Of a uid, of what a start of an agent calls itself, and of what it proves itself by.
TEXT_LENGTH_MAX = 200
ERROR_LENGTH_MAX = 4_000
#: What every reader of JSON can hold.
WHOLE_MAX = 2**53 - 1
#: Windows has codes of 32 bits.
EXIT_CODE_MAX = 2**32 - 1
#: For how long an agent may ask to be kept waiting.
WAIT_MAX_MS = 600_000
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
_OPTIONAL: Mapping[str, _Check] = {"pods": lambda _: "", "use": lambda _: "", "waitMillis": _whole(0, WAIT_MAX_MS)}
_USE: Mapping[str, _Check] = {
    "uid": _text(1, TEXT_LENGTH_MAX),
    "epoch": _whole(0, WHOLE_MAX),
    "cpuMillis": _whole(0, WHOLE_MAX),
    "memoryBytes": _whole(0, WHOLE_MAX),
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
    _check(document, _REQUIRED, _OPTIONAL, "", problems)
    pods = _listed(document, "pods", _POD_REQUIRED, _POD_OPTIONAL, limits, problems)
    use = _listed(document, "use", _USE, {}, limits, problems)
    if problems:
        raise ManifestError(problems)
    return Beat(
        document["boot"], document["token"], document["sequence"], tuple(map(_copy, pods)), tuple(map(_use, use))
    )


def read_wait_ms(document: Mapping[str, Any]) -> int:
    """For how long the agent is ready to wait for the answer, of a document that was read."""
    wait_ms: int = document.get("waitMillis", 0)
    return wait_ms


def answer_document(answer: Answer) -> dict[str, Any]:
    """What an agent is told."""
    document: dict[str, Any] = {
        "sequence": answer.sequence,
        "boot": answer.boot,
        "token": answer.token,
        "leaseMillis": answer.lease_ms,
        "intervalMillis": answer.interval_ms,
        "gone": answer.gone,
    }
    if answer.start:
        document["start"] = [_start(order) for order in answer.start]
    if answer.stop:
        document["stop"] = [
            {"uid": order.uid, "epoch": order.epoch, "graceMillis": order.grace_ms} for order in answer.stop
        ]
    return document


def _start(order: StartOrder) -> dict[str, Any]:
    return {
        "uid": order.uid,
        "epoch": order.epoch,
        "namespace": order.namespace,
        "name": order.name,
        "owner": order.owner,
        "spec": order.spec,
        "devices": {kind: list(indices) for kind, indices in order.devices.items()},
    }


def _listed(
    document: Mapping[str, Any],
    name: str,
    required: Mapping[str, _Check],
    optional: Mapping[str, _Check],
    limits: Limits,
    problems: list[Problem],
) -> list[Any]:
    """The list of that name, if each thing in it is as it should be."""
    things = document.get(name, [])
    if type(things) is not list:
        problems.append(Problem(name, "expected a list"))
    elif len(things) > limits.items:
        problems.append(Problem(name, f"expected at most {limits.items} pods, got {len(things)}"))
    else:
        for number, thing in enumerate(things):
            if type(thing) is dict:
                _check(thing, required, optional, f"{name}[{number}].", problems)
            else:
                problems.append(Problem(f"{name}[{number}]", "expected an object"))
        return things
    return []


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


def _use(use: Mapping[str, Any]) -> PodUse:
    return PodUse(use["uid"], use["epoch"], use["cpuMillis"], use["memoryBytes"])
