"""The Standard Workload Format, in which the logs of parallel machines are exchanged.

Source: https://www.cs.huji.ac.il/labs/parallel/workload/swf.html
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from decimal import Decimal

from attrs import define, field

from kube9.core.errors import FileError, InvalidInput
from kube9.core.frozen import FrozenMap
from kube9.core.pods import PodSpec
from kube9.core.ports import Arrival, Trace
from kube9.core.quantities import QUANTITY_MAX
from kube9.files.fields import seconds_ms, shown, whole
from kube9.files.records import NameBook
from kube9.files.text import open_text, stem

_FIELDS = (
    "job number",
    "submit time",
    "wait time",
    "run time",
    "allocated processors",
    "average cpu time used",
    "used memory",
    "requested processors",
    "requested time",
    "requested memory",
    "status",
    "user",
    "group",
    "executable",
    "queue",
    "partition",
    "preceding job",
    "think time",
)
_JOB, _SUBMIT, _RUN, _ALLOCATED, _USED_MEMORY, _REQUESTED, _REQUESTED_MEMORY, _STATUS = 0, 1, 3, 4, 6, 7, 9, 10
# One way only to match each number: with two, a bad line would take for ever to be found bad.
_NUMBER = re.compile(r"-?(?:\d+(?:\.\d*)?|\.\d+)", re.ASCII)
_LINE = re.compile(rf"\s*{_NUMBER.pattern}(?:\s+{_NUMBER.pattern}){{17}}\s*", re.ASCII)
_SIZE = re.compile(r";\s*(MaxProcs|MaxNodes):\s*(\d+)", re.ASCII)
_PART_OF_JOB = frozenset("234")


class SwfReader:
    """Reads jobs as pods that ask for their processors, a core each, and their memory."""

    describes = "Standard Workload Format; 18 numbers a line, comments begin with a semicolon"

    def recognises(self, path: str, head: str) -> bool:
        first = next((line for line in head.splitlines() if line.strip()), "")
        return path.removesuffix(".gz").endswith(".swf") or first.startswith(";") or _LINE.fullmatch(first) is not None

    def read(self, path: str) -> tuple[Trace, ...]:
        log = _Log(path)
        arrivals = tuple(log.arrivals())
        if not arrivals:
            raise FileError(path, f"expected a job with a run time and processors, got {log.left_out} without")
        return (Trace(instance=stem(path), arrivals=arrivals, notes=tuple(log.notes())),)


@define
class _Log:
    """The lines of one file, and what was noticed on the way."""

    path: str
    _names: NameBook = field(factory=lambda: NameBook("job"))
    _requests: dict[tuple[str, ...], FrozenMap[str, int] | None] = field(factory=dict)
    line: int = 0
    machine: dict[str, str] = field(factory=dict)
    left_out: int = 0
    parts: int = 0

    def arrivals(self) -> Iterator[Arrival]:
        with open_text(self.path) as stream:
            for self.line, line in enumerate(stream, start=1):
                if _LINE.fullmatch(line):
                    if (arrival := self._arrival(line.split())) is not None:
                        yield arrival
                elif line.lstrip().startswith(";"):
                    if (size := _SIZE.match(line.lstrip())) is not None:
                        self.machine[size[1]] = size[2]
                elif line.strip():
                    raise self._malformed(line.split())

    def _arrival(self, words: list[str]) -> Arrival | None:
        if words[_STATUS] in _PART_OF_JOB:
            self.parts += 1
            return None
        number = self._whole(words, _JOB)
        self._names.claim(f"{number}", self.path, self.line)
        at_ms, run_ms, requests = self._time(words, _SUBMIT), self._time(words, _RUN), self._asked(words)
        if at_ms is None or run_ms is None or requests is None:
            self.left_out += 1
            return None
        return Arrival(pod=PodSpec(name=f"job-{number}", requests=requests), at_ms=at_ms, duration_ms=run_ms)

    def _asked(self, words: list[str]) -> FrozenMap[str, int] | None:
        """What the job asks for; ``None`` where its processors are not known."""
        key = (words[_ALLOCATED], words[_REQUESTED], words[_USED_MEMORY], words[_REQUESTED_MEMORY])
        if key not in self._requests:
            self._requests[key] = self._read_asked(words)
        return self._requests[key]

    def _read_asked(self, words: list[str]) -> FrozenMap[str, int] | None:
        processors = self._known(words, _ALLOCATED) or self._known(words, _REQUESTED)
        if not processors:
            return None
        requests = {"cpu": 1000 * processors}
        memory_kb = self._memory_kb(words, _REQUESTED_MEMORY) or self._memory_kb(words, _USED_MEMORY)
        if memory_kb:
            requests["memory"] = math.ceil(memory_kb * 1024 * processors)
        for resource, amount in requests.items():
            if amount > QUANTITY_MAX:
                raise self._fault(f"expected at most {QUANTITY_MAX} of {resource} in all, got {amount}", _ALLOCATED)
        return FrozenMap(requests)

    def _known(self, words: list[str], position: int) -> int | None:
        return None if _unknown(words[position]) else self._whole(words, position)

    def _whole(self, words: list[str], position: int) -> int:
        try:
            return whole(words[position])
        except InvalidInput as exc:
            raise self._fault(str(exc), position) from exc

    def _time(self, words: list[str], position: int) -> int | None:
        try:
            return None if _unknown(words[position]) else seconds_ms(words[position])
        except InvalidInput as exc:
            raise self._fault(str(exc), position) from exc

    def _memory_kb(self, words: list[str], position: int) -> Decimal | None:
        amount = Decimal(words[position])
        if amount == -1:
            return None
        if amount < 0:
            raise self._fault(f"expected kilobytes, or -1 where they are not known, got {words[position]}", position)
        return amount

    def _malformed(self, words: list[str]) -> FileError:
        if len(words) != len(_FIELDS):
            return FileError(self.path, f"expected 18 numbers, got {len(words)} words", line=self.line)
        position = next(at for at, word in enumerate(words) if not _NUMBER.fullmatch(word))
        return self._fault(f"expected a number, got {shown(words[position])}", position)

    def _fault(self, problem: str, position: int) -> FileError:
        return FileError(self.path, problem, line=self.line, column=f"{position + 1}: {_FIELDS[position]}")

    def notes(self) -> Iterator[str]:
        for what, size in self.machine.items():
            yield f"The machine it comes from: {what} {size}."
        if self.left_out:
            yield f"Jobs left out, their submit time, run time or processors not being known: {self.left_out}."
        if self.parts:
            yield f"Lines left out that tell of parts of a job (status 2, 3 or 4): {self.parts}."


def _unknown(word: str) -> bool:
    return word == "-1" or (word.startswith("-1.") and Decimal(word) == -1)
