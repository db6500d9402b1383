"""A trace reader that cuts a log of jobs into windows, each of which is then a run of its own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import kube9
from kube9.core.ports import Arrival, Trace

__all__ = ["STARTS", "SwfWindows"]

#: The windows of the Lublin table, by the first job's place in the file.
STARTS = (1981, 2756, 4299, 8850, 3316, 2714, 5228, 7762, 4022, 7085)
_FIELDS = 18
_WHOLE = re.compile(r"\d{1,15}", re.ASCII)
_JOB, _SUBMIT, _RUN = 0, 1, 3
#: Those that a job had, and those that it asked for; one of the two may not be known.
_PROCESSORS = (4, 7)


class SwfWindows:
    """Reads windows of a file in the Standard Workload Format, in which every job must have run.

    :param starts: where the windows begin, counted from 0 and joined by ``+``.
    :param length: jobs in a window.
    """

    describes = "windows of a log in the Standard Workload Format; only where it is asked for by name"

    def __init__(self, starts: str = "+".join(map(str, STARTS)), length: str = "1024") -> None:
        self._starts = tuple(_number("starts", start) for start in starts.split("+"))
        self._length = _number("length", length)
        if not self._length:
            raise ValueError("length: expected at least one job")

    def recognises(self, _path: str, _head: str) -> bool:
        """Never: kube9 itself reads such files whole."""
        return False

    def read(self, path: str) -> Sequence[Trace]:
        try:
            with Path(path).open(encoding="ascii") as stream:
                lines = [line for line in stream if line.strip() and not line.startswith(";")]
        except (OSError, UnicodeDecodeError) as exc:
            raise kube9.Kube9Error(f"{path}: {exc}; expected a log in the Standard Workload Format") from exc
        return tuple(self._window(path, lines, start) for start in self._starts)

    def _window(self, path: str, lines: Sequence[str], start: int) -> Trace:
        jobs = lines[start : start + self._length]
        if len(jobs) < self._length:
            raise kube9.Kube9Error(f"{path}: expected {self._length} jobs from number {start} on, got {len(jobs)}")
        return Trace(instance=f"from {start}", arrivals=tuple(map(_arrival, jobs)))


def _arrival(line: str) -> Arrival:
    fields = line.split()
    processors = max((int(fields[at]) for at in _PROCESSORS if _is_whole(fields, at)), default=None)
    if len(fields) != _FIELDS or not _is_whole(fields, _SUBMIT) or not _is_whole(fields, _RUN) or processors is None:
        raise kube9.Kube9Error(
            f"expected {_FIELDS} numbers, of a job with its submit time, run time and processors, got {line!r}"
        )
    return Arrival(
        pod=kube9.PodSpec(name=f"job-{fields[_JOB]}", requests={"cpu": 1000 * processors}),
        at_ms=1000 * int(fields[_SUBMIT]),
        duration_ms=1000 * int(fields[_RUN]),
    )


def _is_whole(fields: Sequence[str], at: int) -> bool:
    """Whether there is a number from 0 up; what is not known is written as -1."""
    return at < len(fields) and _WHOLE.fullmatch(fields[at]) is not None


def _number(option: str, text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise ValueError(f"{option}: expected a whole number, got {text!r}")
    return int(text)
