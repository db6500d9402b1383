"""How long one decision takes, by number of nodes and kind of pods."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

from bench.effort import Effort
from bench.loop import Loop
from bench.race import Entrant, race
from bench.scan import Scan
from bench.whole import Script, Whole
from bench.workload import SHAPES, Workload

__all__ = ["Decisions", "measure"]


@frozen(kw_only=True)
class Decisions:
    """What one decision took. A decision is a pod that leaves and a pod that comes."""

    kind: str
    nodes: int
    #: Pods that have a place, at any moment.
    pods: int
    utilisation: float
    #: Median of chunks, in microseconds, by contender.
    step_us: Mapping[str, float]
    compared: int
    collections: int

    def per_second(self, contender: str) -> float:
        return 1_000_000 / self.step_us[contender]

    def ratio(self, contender: str) -> float:
        """How many times as long as ``contender`` the whole of kube9 takes."""
        return self.step_us["kube9"] / self.step_us[contender]


def measure(kind: str, nodes: int, effort: Effort) -> Decisions:
    """Let all contenders decide the same.

    :raises Disagreement: they chose differently.
    """
    workload = Workload.make(kind, nodes, effort.compared + effort.rounds * effort.chunk_steps)
    script = Script(workload)
    entrants = [
        Entrant(Whole.built_in(script), script.exchanges, effort.chunk_steps),
        Entrant(Scan(nodes, workload.residents), workload.steps, effort.chunk_steps),
        Entrant(Loop(nodes, workload.residents), workload.steps, effort.loop_steps(nodes)),
    ]
    if kind == SHAPES:
        entrants.append(Entrant(Whole.per_node(script), script.exchanges, effort.chunk_steps))
    arrivals = [name for _, name, _, _ in workload.steps]
    result = race(entrants, arrivals, compared=effort.compared, rounds=effort.rounds)
    return Decisions(
        kind=kind,
        nodes=nodes,
        pods=len(workload.residents),
        utilisation=workload.utilisation,
        step_us=result.step_us,
        compared=result.compared,
        collections=result.collections,
    )
