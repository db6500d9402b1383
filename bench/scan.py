"""The bare NumPy scan: two columns of whole numbers, and every array it writes to made beforehand."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from bench.shape import CPU_SHARE, MEMORY_SHARE, NODE_CPU_MILLI, NODE_MEMORY_BYTES, Resident, Step

__all__ = ["Scan"]


class Scan:
    """Best-fit over columns. It knows cpu and memory, where each pod is, and nothing else."""

    name = "scan"

    def __init__(self, nodes: int, residents: Iterable[Resident] = ()) -> None:
        self._cpu = np.full(nodes, NODE_CPU_MILLI, dtype=np.int64)
        self._memory = np.full(nodes, NODE_MEMORY_BYTES, dtype=np.int64)
        # Writing one cell through these takes a third of the time that indexing the array does.
        self._cpu_cells: memoryview[int] = memoryview(self._cpu.data)
        self._memory_cells: memoryview[int] = memoryview(self._memory.data)
        self._unfit, self._short = np.empty(nodes, dtype=np.bool_), np.empty(nodes, dtype=np.bool_)
        self._left, self._memory_left = np.empty(nodes), np.empty(nodes)
        self._placed: dict[str, tuple[int, int, int]] = {}
        for row, name, cpu, memory in residents:
            self._bind(row, name, cpu, memory)

    def run(self, steps: Iterable[Step]) -> None:
        """Let one pod leave and one come, at each step."""
        for leaving, name, cpu, memory in steps:
            self._exit(leaving)
            self.launch(name, cpu, memory)

    def launch(self, name: str, cpu: int, memory: int) -> None:
        """Bind a pod to the node on which the least is left; it must fit somewhere."""
        unfit, left = self._unfit, self._left
        np.less(self._cpu, cpu, out=unfit)
        np.less(self._memory, memory, out=self._short)
        np.logical_or(unfit, self._short, out=unfit)
        # Quartered, which changes no order and no tie, what is left is at most one half; so one more puts a node on
        # which the pod does not fit behind all others, in less time than any kind of masking takes.
        np.multiply(self._cpu, CPU_SHARE / 4, out=left)
        np.multiply(self._memory, MEMORY_SHARE / 4, out=self._memory_left)
        np.add(left, self._memory_left, out=left)
        np.add(left, unfit, out=left)
        row = int(left.argmin())
        if unfit[row]:
            raise RuntimeError(f"pod {name} fits nowhere")
        self._bind(row, name, cpu, memory)

    def row_of(self, name: str) -> int:
        return self._placed[name][0]

    def places(self) -> dict[str, int]:
        """The row of every pod."""
        return {name: row for name, (row, _, _) in self._placed.items()}

    def _bind(self, row: int, name: str, cpu: int, memory: int) -> None:
        self._cpu_cells[row] -= cpu
        self._memory_cells[row] -= memory
        self._placed[name] = row, cpu, memory

    def _exit(self, name: str) -> None:
        row, cpu, memory = self._placed.pop(name)
        self._cpu_cells[row] += cpu
        self._memory_cells[row] += memory
