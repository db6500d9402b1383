"""What a run found, and the ways to write it down."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median
from typing import Any

from attrs import asdict, frozen

from bench.containers.effort import Effort
from bench.machine import Machine
from bench.marks import Mark
from bench.tables import Rows, aligned, mark_rows, piped

__all__ = ["BEGIN", "END", "LOST", "NAMED", "REPLACED", "Result", "Took"]

#: What stands around the part of the documentation that :meth:`Result.markdown` makes.
BEGIN = "<!-- begin: python -m bench docker --markdown -->"
END = "<!-- end: python -m bench docker --markdown -->"

LOST = "a node dies, until its pods run on others"
REPLACED = "containers die, until others run in their place"

#: No part of a mark: it is there to tell what the network takes.
NAMED = "docker-py with names on a network"

_BARE_AT_MOST = 1.15
_LOSS_AT_MOST_S = 3.0

_COLUMNS = ("what", "by", "median s", "from", "to", "kube9 / it")


@frozen(kw_only=True)
class Took:
    """How long one contender took for one thing."""

    case: str
    contender: str
    #: One for each round.
    seconds: tuple[float, ...]

    @property
    def median_s(self) -> float:
        return median(self.seconds)


@frozen(kw_only=True)
class Result:
    machine: Machine
    #: Its version.
    engine: str
    effort: Effort
    took: tuple[Took, ...]
    #: What was not measured, and why.
    remarks: tuple[str, ...]

    @property
    def marks(self) -> tuple[Mark, ...]:
        """Every mark that something was measured for."""
        found = []
        started = self._of(self.effort.together)
        if (kube9 := started.get("kube9")) is not None:
            best = min(seconds for who, seconds in started.items() if who.startswith("docker-py,"))
            found.append(_mark(f"{self.effort.together}: kube9 / docker-py at its best", kube9 / best, _BARE_AT_MOST))
            if "Swarm" in started:
                found.append(_mark(f"{self.effort.together}: kube9 / Swarm", kube9 / started["Swarm"], 1.0))
        lost = self._of(LOST)
        if "kube9" in lost:
            found.append(_mark(f"{LOST}: seconds", lost["kube9"], _LOSS_AT_MOST_S))
            if "Swarm" in lost:
                found.append(_mark(f"{LOST}: kube9 / Swarm", lost["kube9"] / lost["Swarm"], 1.0))
        return tuple(found)

    def text(self) -> str:
        """Tables for a terminal."""
        return "\n\n".join([self._where(), *map(aligned, self._tables()), *self.remarks])

    def markdown(self) -> str:
        """The same for the documentation."""
        return "\n\n".join([BEGIN, f"{self._where()}.", *map(piped, self._tables()), *self.remarks, END])

    def json(self) -> dict[str, Any]:
        """The same for programs."""
        return {
            "machine": self.machine.json(),
            "engine": self.engine,
            "effort": asdict(self.effort),
            "took": [
                {"what": one.case, "by": one.contender, "seconds": one.seconds, "medianSeconds": one.median_s}
                for one in self.took
            ],
            "remarks": self.remarks,
            "marks": [mark.json() for mark in self.marks],
        }

    def _where(self) -> str:
        return f"{self.machine}, Docker {self.engine}"

    def _tables(self) -> list[Rows]:
        cases = list(dict.fromkeys(one.case for one in self.took))
        ordered = sorted(self.took, key=lambda one: cases.index(one.case))
        return [[_COLUMNS, *map(self._row, ordered)], mark_rows(self.marks)]

    def _row(self, one: Took) -> tuple[str, ...]:
        kube9 = self._of(one.case).get("kube9")
        ratio = "" if kube9 is None or one.contender == "kube9" else f"{kube9 / one.median_s:.2f}"
        times = f"{one.median_s:.2f}", f"{min(one.seconds):.2f}", f"{max(one.seconds):.2f}"
        return one.case, one.contender, *times, ratio

    def _of(self, case: str) -> Mapping[str, float]:
        """The medians of one case, by contender."""
        return {one.contender: one.median_s for one in self.took if one.case == case}


def _mark(what: str, ratio: float, at_most: float) -> Mark:
    return Mark(what=what, ratio=ratio, at_most=at_most)
