"""What kube9 promises of its speed, and whether it keeps it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from attrs import frozen

from bench.decisions import Decisions
from bench.startup import StartUp
from bench.workload import DIFFERENT, SHAPES

__all__ = ["Mark", "marks"]

#: Kind of pods, number of nodes, beside whom, and how many times as long a decision may take.
_DECISIONS = (
    (SHAPES, 100, "loop", 8.0),
    (DIFFERENT, 100, "loop", 8.0),
    (SHAPES, 10_000, "scan", 1.5),
    (DIFFERENT, 10_000, "scan", 2.5),
    (SHAPES, 100_000, "scan", 0.5),
    (DIFFERENT, 100_000, "scan", 2.0),
)
_START_UP_AT_MOST = 2.5


@frozen(kw_only=True)
class Mark:
    """A ratio that has a limit."""

    what: str
    ratio: float
    at_most: float

    @property
    def met(self) -> bool:
        return self.ratio <= self.at_most

    def json(self) -> dict[str, Any]:
        return {"what": self.what, "ratio": self.ratio, "atMost": self.at_most, "met": self.met}


def marks(decisions: Iterable[Decisions], start_up: StartUp) -> tuple[Mark, ...]:
    """Every mark that something was measured for."""
    measured = {(one.kind, one.nodes): one for one in decisions}
    found = [
        Mark(what=f"{nodes:,} nodes, {kind}: kube9 / {beside}", ratio=one.ratio(beside), at_most=at_most)
        for kind, nodes, beside, at_most in _DECISIONS
        if (one := measured.get((kind, nodes))) is not None
    ]
    found.append(Mark(what="kube9 --help / import click", ratio=start_up.ratio, at_most=_START_UP_AT_MOST))
    return tuple(found)
