"""The plain loop over objects, as a textbook has it."""

from __future__ import annotations

from collections.abc import Iterable
from math import inf

from attrs import define

from bench.shape import CPU_SHARE, MEMORY_SHARE, NODE_CPU_MILLI, NODE_MEMORY_BYTES, Resident, Step

__all__ = ["Loop"]


@define(eq=False)
class _Node:
    row: int
    #: What is free.
    cpu: int = NODE_CPU_MILLI
    memory: int = NODE_MEMORY_BYTES


class Loop:
    """Best-fit over a list of nodes. It knows cpu and memory, where each pod is, and nothing else."""

    name = "loop"

    def __init__(self, nodes: int, residents: Iterable[Resident] = ()) -> None:
        self._nodes = [_Node(row) for row in range(nodes)]
        self._placed: dict[str, tuple[_Node, int, int]] = {}
        for row, name, cpu, memory in residents:
            self._bind(self._nodes[row], name, cpu, memory)

    def run(self, steps: Iterable[Step]) -> None:
        """Let one pod leave and one come, at each step."""
        for leaving, name, cpu, memory in steps:
            self._exit(leaving)
            self._launch(name, cpu, memory)

    def row_of(self, name: str) -> int:
        return self._placed[name][0].row

    def places(self) -> dict[str, int]:
        """The row of every pod."""
        return {name: node.row for name, (node, _, _) in self._placed.items()}

    def _launch(self, name: str, cpu: int, memory: int) -> None:
        best, least = None, inf
        for node in self._nodes:
            if node.cpu >= cpu and node.memory >= memory:
                left = node.cpu * CPU_SHARE + node.memory * MEMORY_SHARE
                if left < least:
                    best, least = node, left
        if best is None:
            raise RuntimeError(f"pod {name} fits nowhere")
        self._bind(best, name, cpu, memory)

    def _bind(self, node: _Node, name: str, cpu: int, memory: int) -> None:
        node.cpu -= cpu
        node.memory -= memory
        self._placed[name] = node, cpu, memory

    def _exit(self, name: str) -> None:
        node, cpu, memory = self._placed.pop(name)
        node.cpu += cpu
        node.memory += memory
