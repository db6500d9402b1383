"""What is to be simulated: traces, nodes, failures, and which schedulers to compare on them."""

from __future__ import annotations

import re

from attrs import frozen

from kube9.core.errors import InvalidInput
from kube9.core.ports import Trace
from kube9.simulator.chaos.weather import Climate
from kube9.simulator.chaos.weathers import WEATHERS
from kube9.simulator.faultfile import FaultList, FaultModel
from kube9.simulator.nodespec import NodePlan
from kube9.simulator.result import named

__all__ = ["Job", "Scenario", "Told", "parse_seeds"]

_SEEDS = re.compile(r"(\d{1,18})(?:\.\.(\d{1,18}))?", re.ASCII)
#: The most seeds one sweep may ask for: a typing error must not run for years.
_SEEDS_MAX = 100_000


@frozen(kw_only=True)
class Job:
    """One run: one instance of the trace, one scheduler, one health check if any, one seed."""

    trace: Trace
    scheduler: str
    #: ``None`` for the file's own order; policies and faults that need a seed then use 0.
    seed: int | None
    #: How nodes are found to have failed; ``None`` where that takes a fixed time.
    health: str | None = None


@frozen(kw_only=True)
class Told:
    """What the user wrote, for whoever reads the results."""

    trace: str = ""
    nodes: tuple[str, ...] = ()
    fail: str | None = None
    weather: str | None = None
    #: The whole command line.
    command: str = ""


@frozen(kw_only=True)
class Scenario:
    """Everything that decides how the runs come out, so that the same scenario gives the same results anywhere."""

    traces: tuple[Trace, ...]
    plan: NodePlan
    #: Steps, ``name`` or ``name:key=value,...``, each compared with the others.
    schedulers: tuple[str, ...]
    queue: str
    devices: str
    seeds: tuple[int | None, ...] = (None,)
    #: Take the order of arrival alone: nothing departs, and what does not fit is dropped.
    arrivals_only: bool = False
    #: What comes at the moment something ends is queued before that, rather than after it.
    arrivals_first: bool = False
    #: When a timed run ends at the latest, on the trace's own clock; ``None`` for when its pods have finished.
    until_ms: int | None = None
    faults: FaultList | FaultModel | None = None
    #: From the moment a node breaks until its pods are moved.
    detect_ms: int = 0
    #: Health checks that find it out instead, each compared with the others, by name and options.
    healths: tuple[str, ...] = ()
    #: How links are where health checks listen, and what goes wrong besides ``faults``.
    climate: Climate = WEATHERS["quiet"]
    #: Check every invariant after each step rather than once at the end.
    check_steps: bool = False
    #: Keep how each run went as well, which plots are made of; a sweep of many thousand runs has better uses of memory.
    with_series: bool = True
    told: Told = Told()

    def __attrs_post_init__(self) -> None:
        for option, steps in (("--scheduler", self.schedulers), ("--health", self.healths)):
            for step in steps:
                if steps.count(step) > 1:
                    raise InvalidInput(f"{option} {step!r} is given twice")
        if not self.timed:
            for option, given in (
                ("--fail", self.faults),
                ("--health", self.healths),
                ("--until", self.until_ms),
                ("--arrivals-first", self.arrivals_first or None),
            ):
                if given is not None and given != ():
                    why = "--arrivals-only is given" if self.arrivals_only else "this trace has none"
                    raise InvalidInput(f"{option} needs a run with times, but {why}")
        if self.healths and self.plan.auto is not None:
            raise InvalidInput("--health needs nodes that are there from the start, but --nodes auto: opens some later")
        if self.healths and self.arrivals_first:
            raise InvalidInput(
                "--arrivals-first and --health exclude each other: what ends on a node is heard of later"
            )
        if self.until_ms is not None:
            self._check_until(self.until_ms)
        if isinstance(self.faults, FaultList):
            self.faults.check([node.name for node in self.plan.nodes])

    def _check_until(self, until_ms: int) -> None:
        for trace in self.traces:
            first_ms = min(arrival.at_ms for arrival in trace.arrivals)
            if until_ms < first_ms:
                raise InvalidInput(
                    f"--until: got {until_ms / 1000:g} s, which is before the first pod of {trace.instance} comes: "
                    f"{first_ms / 1000:g} s on the trace's clock"
                )

    @property
    def timed(self) -> bool:
        """Whether pods come and go at their times."""
        return not self.arrivals_only and all(trace.timed for trace in self.traces)

    @property
    def names(self) -> tuple[str, ...]:
        """What is compared, as :attr:`~kube9.simulator.result.RunResult.name` has it."""
        return tuple(named(scheduler, health) for scheduler in self.schedulers for health in self.healths or (None,))

    def jobs(self) -> tuple[Job, ...]:
        """Every run, by instance, scheduler, health check and seed in the order they were given."""
        return tuple(
            Job(trace=trace, scheduler=scheduler, seed=seed, health=health)
            for trace in self.traces
            for scheduler in self.schedulers
            for health in self.healths or (None,)
            for seed in self.seeds
        )


def parse_seeds(text: str) -> tuple[int, ...]:
    """Read ``--seeds``: ``3`` is 0, 1 and 2; ``42..51`` is those ten.

    :raises InvalidInput: it is neither, or holds no seed at all.
    """
    match = _SEEDS.fullmatch(text.strip())
    if match is None:
        raise InvalidInput(f"--seeds: expected a number of seeds such as 3, or a range such as 42..51, got {text!r}")
    first, last = (0, int(match[1]) - 1) if match[2] is None else (int(match[1]), int(match[2]))
    if not first <= last < first + _SEEDS_MAX:
        raise InvalidInput(f"--seeds: expected from 1 to {_SEEDS_MAX} seeds, got {text!r}")
    return tuple(range(first, last + 1))
