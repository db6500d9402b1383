"""What a run found, and the ways to write it down."""

from __future__ import annotations

from statistics import median
from typing import Any

from attrs import asdict, frozen

from bench.machine import Machine
from bench.marks import Mark
from bench.ssh.agents import AGENT
from bench.ssh.effort import Effort
from bench.tables import Rows, aligned, mark_rows, piped

__all__ = ["ALONE", "BEGIN", "END", "FIRST", "KUBE9", "OPENSSH", "PARAMIKO", "Joined", "Result", "Started", "Weight"]

#: What stands around the part of the documentation that :meth:`Result.markdown` makes.
BEGIN = "<!-- begin: python -m bench ssh --markdown -->"
END = "<!-- end: python -m bench ssh --markdown -->"

FIRST, ALONE = "the first that a new server has", "one machine joins alone"
KUBE9 = "kube9, from the request until the pod runs"
PARAMIKO, OPENSSH = "paramiko, true on a kept connection", "ssh, true on a kept connection"

_TOGETHER_AT_MOST = 3.0
_START_AT_MOST = 2.0
_AGENT_MIB_AT_MOST, _AGENT_PERCENT_AT_MOST = 25.0, 0.5
_MIB = 2**20

_JOINED = ("joins", "processors of each", "median s", "from", "to", "machine's cpu ms", "server's cpu ms")
_STARTED = ("starts", "median ms", "from", "to", "kube9 / it")
_WEIGHTS = ("at rest", "MiB", "% of a core")


@frozen(kw_only=True)
class Joined:
    """How long joins took."""

    case: str
    #: Of all processors, what each machine has at the most; ``None`` for all of them.
    share: float | None
    #: One for each join, or for each time that all joined.
    seconds: tuple[float, ...]
    #: What one join took of the processors, on its machine and in the server.
    machine_cpu_s: tuple[float, ...]
    server_cpu_s: tuple[float, ...]

    @property
    def median_s(self) -> float:
        return median(self.seconds)


@frozen(kw_only=True)
class Started:
    contender: str
    #: One for each start.
    seconds: tuple[float, ...]

    @property
    def median_s(self) -> float:
        return median(self.seconds)


@frozen(kw_only=True)
class Weight:
    what: str
    memory_bytes: int
    #: Of one core's time, while there is nothing to do.
    of_a_core: float


@frozen(kw_only=True)
class Result:
    machine: Machine
    effort: Effort
    joined: tuple[Joined, ...]
    started: tuple[Started, ...]
    weights: tuple[Weight, ...]
    #: What was not measured, and why.
    remarks: tuple[str, ...]

    @property
    def marks(self) -> tuple[Mark, ...]:
        """Every mark that something was measured for."""
        return (*self._join_marks(), *self._start_marks(), *self._weight_marks())

    def _join_marks(self) -> list[Mark]:
        found = []
        for share in dict.fromkeys(one.share for one in self.joined):
            of = {one.case: one for one in self.joined if one.share == share}
            if ALONE in of and self.effort.together in of:
                ratio = of[self.effort.together].median_s / max(of[ALONE].seconds)
                what = f"{self.effort.together}, {_share_words(share)} / the slowest alone"
                found.append(Mark(what=what, ratio=ratio, at_most=_TOGETHER_AT_MOST))
        return found

    def _start_marks(self) -> list[Mark]:
        of = {one.contender: one.median_s for one in self.started}
        return [
            Mark(
                what=f"a pod starts: kube9 / {who.partition(',')[0]}", ratio=of[KUBE9] / of[who], at_most=_START_AT_MOST
            )
            for who in (PARAMIKO, OPENSSH)
            if who in of and KUBE9 in of
        ]

    def _weight_marks(self) -> list[Mark]:
        of = {one.what: one for one in self.weights}
        if AGENT not in of:
            return []
        return [
            Mark(what="the agent: MiB", ratio=of[AGENT].memory_bytes / _MIB, at_most=_AGENT_MIB_AT_MOST),
            Mark(what="the agent: % of a core", ratio=100 * of[AGENT].of_a_core, at_most=_AGENT_PERCENT_AT_MOST),
        ]

    def text(self) -> str:
        """Tables for a terminal."""
        return "\n\n".join([str(self.machine), *map(aligned, self._tables()), *self.remarks])

    def markdown(self) -> str:
        """The same for the documentation."""
        return "\n\n".join([BEGIN, f"{self.machine}.", *map(piped, self._tables()), *self.remarks, END])

    def json(self) -> dict[str, Any]:
        """The same for programs."""
        return {
            "machine": self.machine.json(),
            "effort": asdict(self.effort),
            "joined": [
                {
                    "what": one.case,
                    "share": one.share,
                    "seconds": one.seconds,
                    "medianSeconds": one.median_s,
                    "machineCpuSeconds": one.machine_cpu_s,
                    "serverCpuSeconds": one.server_cpu_s,
                }
                for one in self.joined
            ],
            "started": [
                {"by": one.contender, "seconds": one.seconds, "medianSeconds": one.median_s} for one in self.started
            ],
            "atRest": [
                {"what": one.what, "memoryBytes": one.memory_bytes, "ofACore": one.of_a_core} for one in self.weights
            ],
            "remarks": self.remarks,
            "marks": [mark.json() for mark in self.marks],
        }

    def _tables(self) -> list[Rows]:
        return [
            [_JOINED, *map(_join_row, self.joined)],
            [_STARTED, *map(self._start_row, self.started)],
            [
                _WEIGHTS,
                *((one.what, f"{one.memory_bytes / _MIB:.1f}", f"{100 * one.of_a_core:.2f}") for one in self.weights),
            ],
            mark_rows(self.marks),
        ]

    def _start_row(self, one: Started) -> tuple[str, ...]:
        kube9 = next((each.median_s for each in self.started if each.contender == KUBE9), None)
        ratio = "" if kube9 is None or one.contender == KUBE9 else f"{kube9 / one.median_s:.2f}"
        return one.contender, *(f"{1_000 * s:.1f}" for s in (one.median_s, min(one.seconds), max(one.seconds))), ratio


def _join_row(one: Joined) -> tuple[str, ...]:
    times = (f"{seconds:.2f}" for seconds in (one.median_s, min(one.seconds), max(one.seconds)))
    # Where the system counts no time for machines there is none.
    cpu = (f"{1_000 * median(each):.0f}" if any(each) else "" for each in (one.machine_cpu_s, one.server_cpu_s))
    return one.case, _share_words(one.share), *times, *cpu


def _weight_row(one: Weight) -> tuple[str, ...]:
    return one.what, f"{one.memory_bytes / _MIB:.1f}", f"{100 * one.of_a_core:.2f}"


def _share_words(share: float | None) -> str:
    return "all" if share is None else f"1/{round(1 / share)}"
