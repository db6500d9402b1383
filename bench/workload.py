"""What every contender is given: a cluster that has been busy for a long while, and what happens next."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import count

from attrs import field, frozen

from bench.scan import Scan
from bench.shape import GI, NODE_CPU_MILLI, Amounts, Resident, Step

__all__ = ["DIFFERENT", "KINDS", "SHAPES", "UTILISATION", "Workload", "drawer"]

SHAPES = "40 shapes"
DIFFERENT = "every pod different"
KINDS = (SHAPES, DIFFERENT)

#: The share of all cpu that is taken when the cluster has been filled; thereafter it wanders by a few hundredths.
UTILISATION = 0.7
#: How often, on average, a pod has been replaced by another before the clock starts.
_AGE = 3
#: A larger cluster begins as copies of one of this size, side by side.
_COPIED_NODES = 1_000


@frozen(kw_only=True)
class Workload:
    """Equal nodes; at each step a pod chosen at random leaves and another comes.

    The residents lie as best-fit itself leaves them after a long run, with holes everywhere, not as a tidy filling.
    """

    kind: str
    nodes: int
    residents: tuple[Resident, ...] = field(repr=False)
    steps: tuple[Step, ...] = field(repr=False)

    @classmethod
    def make(cls, kind: str, nodes: int, steps: int) -> Workload:
        """The same for the same arguments, on whatever machine."""
        rng = random.Random(nodes)
        draw = drawer(kind, rng)
        residents = _settled(nodes, draw, rng)
        names = [name for _, name, _, _ in residents]
        made = tuple(_exchange(names, f"s{serial}", draw(), rng) for serial in range(steps))
        return cls(kind=kind, nodes=nodes, residents=residents, steps=made)

    @property
    def utilisation(self) -> float:
        """The share of all cpu that the residents take."""
        return sum(cpu for _, _, cpu, _ in self.residents) / (self.nodes * NODE_CPU_MILLI)


def drawer(kind: str, rng: random.Random) -> Callable[[], Amounts]:
    """What the next pod asks for: a quarter of a core to eight cores, and half a GiB to 32."""
    if kind == DIFFERENT:
        return lambda: (rng.randint(250, 8_000), rng.randint(GI // 2, 32 * GI))
    fixed = random.Random(40)  # the same shapes whatever the number of nodes
    shapes = [(fixed.randint(1, 32) * 250, fixed.randint(1, 64) * GI // 2) for _ in range(40)]
    return lambda: rng.choice(shapes)


def _settled(nodes: int, draw: Callable[[], Amounts], rng: random.Random) -> tuple[Resident, ...]:
    size = min(nodes, _COPIED_NODES)
    scan = Scan(size)
    asked: dict[str, Amounts] = {}
    serial, taken = count(), 0
    while taken < UTILISATION * size * NODE_CPU_MILLI:
        name = f"r{next(serial)}"
        asked[name] = draw()
        scan.launch(name, *asked[name])
        taken += asked[name][0]
    names = list(asked)
    for _ in range(_AGE * len(names)):
        step = _exchange(names, f"r{next(serial)}", draw(), rng)
        scan.run((step,))
        del asked[step[0]]
        asked[step[1]] = step[2:]
    copies = -(-nodes // size)
    return tuple(
        (row, f"{name}-{copy}", *asked[name])
        for copy in range(copies)
        for name, row_in_copy in scan.places().items()
        if (row := copy * size + row_in_copy) < nodes
    )


def _exchange(names: list[str], name: str, amounts: Amounts, rng: random.Random) -> Step:
    """Let ``name`` replace one of ``names``."""
    index = rng.randrange(len(names))
    leaving, names[index] = names[index], name
    return (leaving, name, *amounts)
