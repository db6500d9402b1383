"""Beats and answers as they go over the wire."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from kube9.agent.brain import Answer, Beat, CopyReport, PodUse, StartOrder, StopOrder

__all__ = ["UnreadableAnswer", "beat_body", "read_answer"]

_ERROR_LENGTH_MAX = 4_000
_WHOLE_MAX = 2**53 - 1


class UnreadableAnswer(ValueError):
    """An answer that makes no sense; the message says where."""


def beat_body(beat: Beat, wait_ms: int) -> bytes:
    """:param wait_ms: how long the answer is waited for, if there is nothing to say."""
    document: dict[str, Any] = {
        "boot": beat.boot,
        "token": beat.token,
        "sequence": beat.sequence,
        "waitMillis": wait_ms,
        "pods": [_copy(copy) for copy in beat.pods],
    }
    if beat.use:
        document["use"] = [_use(use) for use in beat.use]
    return json.dumps(document, separators=(",", ":")).encode("ascii")


def _copy(copy: CopyReport) -> dict[str, Any]:
    document: dict[str, Any] = {"uid": copy.uid, "epoch": copy.epoch, "phase": copy.phase}
    if copy.exit_code is not None:
        document["exitCode"] = copy.exit_code
    if copy.error:
        document["error"] = copy.error[:_ERROR_LENGTH_MAX]
    if not copy.ready:
        document["ready"] = False
    if copy.restarts:
        document["restarts"] = copy.restarts
    if copy.reason:
        document["reason"] = copy.reason[:_ERROR_LENGTH_MAX]
    return document


def _use(use: PodUse) -> dict[str, Any]:
    return {"uid": use.uid, "epoch": use.epoch, "cpuMillis": use.cpu_milli, "memoryBytes": use.memory_bytes}


def read_answer(body: bytes) -> Answer:
    """What the server says. Fields that are not known are for agents to come.

    :raises UnreadableAnswer: that is not to be understood.
    """
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as exc:
        raise UnreadableAnswer(f"it is no JSON: {exc}") from exc
    told = _Reader(document, "")
    return Answer(
        told.whole("sequence"),
        told.text("token"),
        told.whole("leaseMillis"),
        told.whole("intervalMillis"),
        told.truth("gone"),
        told.text("boot", ""),
        tuple(_start(each) for each in told.items("start")),
        tuple(
            StopOrder(each.text("uid"), each.whole("epoch"), each.whole("graceMillis")) for each in told.items("stop")
        ),
    )


def _start(told: _Reader) -> StartOrder:
    return StartOrder(
        told.text("uid"),
        told.whole("epoch"),
        told.text("namespace"),
        told.text("name"),
        told.text("owner", ""),
        told.object("spec"),
        _devices(told),
    )


def _devices(told: _Reader) -> dict[str, tuple[int, ...]]:
    devices = {}
    for kind, indices in told.object("devices", {}).items():
        if type(indices) is not list or not all(type(index) is int and index >= 0 for index in indices):
            raise UnreadableAnswer(f"{told.path}devices.{kind:.40}: expected a list of whole numbers")
        devices[kind] = tuple(indices)
    return devices


class _Reader:
    """Takes the fields of an object, each of the type it must have."""

    def __init__(self, document: Any, path: str) -> None:
        if type(document) is not dict:
            raise UnreadableAnswer(f"{path or 'the whole'}: expected an object")
        self.document, self.path = document, path

    def whole(self, name: str) -> int:
        value = self._get(name, None)
        # Neither is true a number here, nor 1.0 a whole one.
        if type(value) is int and 0 <= value <= _WHOLE_MAX:
            return value
        raise self._wrong(name, "a whole number from 0")

    def text(self, name: str, default: str | None = None) -> str:
        value = self._get(name, default)
        if type(value) is str:
            return value
        raise self._wrong(name, "a text")

    def truth(self, name: str) -> bool:
        value = self._get(name, False)
        if type(value) is bool:
            return value
        raise self._wrong(name, "true or false")

    def object(self, name: str, default: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        value = self._get(name, default)
        if type(value) is dict:
            return value
        raise self._wrong(name, "an object")

    def items(self, name: str) -> list[_Reader]:
        value = self._get(name, [])
        if type(value) is not list:
            raise self._wrong(name, "a list")
        return [_Reader(each, f"{self.path}{name}[{number}].") for number, each in enumerate(value)]

    def _get(self, name: str, default: Any) -> Any:
        return self.document.get(name, default)

    def _wrong(self, name: str, expected: str) -> UnreadableAnswer:
        return UnreadableAnswer(f"{self.path}{name}: expected {expected}")
