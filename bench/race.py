"""Contenders over one course: first step by step, to see that all choose alike, then by turns against the clock."""

from __future__ import annotations

import gc
from collections.abc import Mapping, Sequence
from statistics import median
from time import perf_counter_ns
from typing import Any, Protocol

from attrs import define, field, frozen

__all__ = ["Contender", "Disagreement", "Entrant", "Race", "race"]


class Disagreement(Exception):
    """Two contenders put one pod on different nodes, so their times do not compare."""


class Contender(Protocol):
    @property
    def name(self) -> str: ...
    def run(self, steps: Sequence[Any], /) -> None: ...
    def row_of(self, name: str, /) -> int: ...
    def places(self) -> Mapping[str, int]: ...


@define(eq=False)
class Entrant:
    """A contender on its way along the course. Each goes at its own pace; a slow one sees less of the course."""

    contender: Contender
    #: The course, in the contender's own terms.
    steps: Sequence[Any]
    chunk_steps: int
    #: How many steps it has done.
    done: int = field(default=0, init=False)
    #: Microseconds per step, one entry for each chunk that was timed.
    chunks_us: list[float] = field(factory=list, init=False)

    def advance(self, steps: int) -> float:
        """Do the next ``steps`` of the course; returns how many microseconds each took."""
        chunk = self.steps[self.done : self.done + steps]
        start_ns = perf_counter_ns()
        self.contender.run(chunk)
        took_ns = perf_counter_ns() - start_ns
        self.done += steps
        return took_ns / 1_000 / steps


@frozen(kw_only=True)
class Race:
    """What came of it, by contender."""

    #: The median of the chunks, in microseconds per step.
    step_us: Mapping[str, float]
    #: Steps after which the choices of all were compared.
    compared: int
    #: How often the garbage collector ran while the clock did.
    collections: int


def race(entrants: Sequence[Entrant], arrivals: Sequence[str], *, compared: int, rounds: int) -> Race:
    """Let everybody do ``compared`` steps, one by one, then in each of ``rounds`` one chunk.

    :param arrivals: the name of the pod that comes at each step.
    :raises Disagreement: somebody chose another node than the others.
    """
    for name in arrivals[:compared]:
        for entrant in entrants:
            entrant.advance(1)
        _agree({entrant.contender.name: {name: entrant.contender.row_of(name)} for entrant in entrants})
    gc.collect()
    # One process holds the pods of all; a full collection would bill whoever runs just then for everybody's.
    gc.freeze()
    collections = _collections()
    for turn in range(rounds):
        first = turn % len(entrants)
        for entrant in (*entrants[first:], *entrants[:first]):
            entrant.chunks_us.append(entrant.advance(entrant.chunk_steps))
    collections = _collections() - collections
    gc.unfreeze()
    furthest = max(entrant.done for entrant in entrants)
    _agree({entrant.contender.name: entrant.contender.places() for entrant in entrants if entrant.done == furthest})
    step_us = {entrant.contender.name: median(entrant.chunks_us) for entrant in entrants}
    return Race(step_us=step_us, compared=compared, collections=collections)


def _agree(places: Mapping[str, Mapping[str, int]]) -> None:
    """Assert that all contenders have every pod on the same row.

    :param places: the row by pod, by contender.
    """
    (first, expected), *others = places.items()
    for who, theirs in others:
        if theirs != expected:
            pod = min(pod for pod in expected.keys() | theirs if expected.get(pod) != theirs.get(pod))
            raise Disagreement(f"{first} has pod {pod} on node {expected.get(pod)}, {who} on node {theirs.get(pod)}")


def _collections() -> int:
    return sum(generation["collections"] for generation in gc.get_stats())
