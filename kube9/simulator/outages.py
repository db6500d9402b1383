"""Nodes that break, are noticed to have broken, and come back."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

from attrs import define, evolve, field

from kube9.core.ports import Arrival, Clock
from kube9.core.stimuli import FailNode, Stimulus
from kube9.simulator.faultfile import Fault, FaultList, FaultModel

__all__ = ["Outages", "fault_seed", "horizon_ms", "remaining"]


def fault_seed(seed: int) -> int:
    """What a model draws the faults of a run by."""
    return random.Random(f"faults/{seed}").getrandbits(64)


def horizon_ms(arrivals: Iterable[Arrival], until_ms: int | None) -> int:
    """Until when nodes break: pods that run longer than nodes live could else keep a run going for ever.

    That is the end of the run where it is known, else when the last pod would leave had each started as it came.
    """
    return max(each.at_ms + (each.duration_ms or 0) for each in arrivals) if until_ms is None else until_ms


def remaining(faults: Iterable[Fault], start_ms: int) -> Iterator[Fault]:
    """What is left of ``faults`` at ``start_ms``: a node that is down then breaks then, for the rest of its time."""
    for fault in faults:
        late_ms = start_ms - fault.at_ms
        if late_ms <= 0:
            yield fault
        elif fault.down_for_ms is None:
            yield evolve(fault, at_ms=start_ms)
        elif fault.down_for_ms > late_ms:
            yield evolve(fault, at_ms=start_ms, down_for_ms=fault.down_for_ms - late_ms)


@define(eq=False)
class Outages:
    """Carries faults out at their times, one at a time from each source, so that a source may have no end."""

    clock: Clock
    #: Takes a node, by uid, down for so many milliseconds; ``None`` is for ever.
    crash: Callable[[str, int | None], None]
    tell: Callable[[Stimulus], None]
    #: From the crash until it is told, unless the node is back by then.
    detect_ms: int
    #: The outage that each broken node is in, by uid.
    _down: dict[str, Fault] = field(factory=dict, init=False)

    def follow(self, faults: Iterator[Fault]) -> None:
        """Carry out ``faults``, which come in order of time."""
        fault = next(faults, None)
        if fault is not None:
            self.clock.call_at(fault.at_ms, partial(self._strike, fault, faults))

    def follow_all(
        self,
        faults: FaultList | FaultModel | None,
        node_names: Sequence[str],
        *,
        seed: int,
        until_ms: int | None,
        horizon_ms: int,
    ) -> None:
        """Carry out from now on what a file tells before ``until_ms``, or what a model draws before ``horizon_ms``."""
        now_ms = self.clock.now_ms()
        if isinstance(faults, FaultModel):
            for name in node_names:
                self.follow(faults.life(name, fault_seed(seed), from_ms=now_ms, until_ms=horizon_ms))
        elif faults is not None:
            self.follow(remaining(faults.draw(node_names, until_ms, random.Random(fault_seed(seed))), now_ms))

    def back(self, uid: str) -> None:
        """The node has joined again."""
        self._down.pop(uid, None)

    def _strike(self, fault: Fault, rest: Iterator[Fault]) -> None:
        uid = fault.node_name
        self._down[uid] = fault
        self.crash(uid, fault.down_for_ms)
        self.clock.call_at(self.clock.now_ms() + self.detect_ms, partial(self._notice, fault))
        self.follow(rest)

    def _notice(self, fault: Fault) -> None:
        uid = fault.node_name
        if self._down.get(uid) is fault:
            self.tell(FailNode(at_ms=self.clock.now_ms(), uid=uid, reason="it broke down"))
