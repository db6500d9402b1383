"""What all contenders share: the one kind of node there is, plain values for pods, and best-fit's measure."""

from __future__ import annotations

GI = 1 << 30
NODE_CPU_MILLI = 32_000
NODE_MEMORY_BYTES = 128 * GI

#: What is left on a node is ``cpu * CPU_SHARE + memory * MEMORY_SHARE``, computed just so by everybody: the same
#: roundings make the same ties, and those the same choices.
CPU_SHARE = 1.0 / NODE_CPU_MILLI
MEMORY_SHARE = 1.0 / NODE_MEMORY_BYTES

#: Cpu in thousandths of a core, memory in bytes.
Amounts = tuple[int, int]
#: A pod that has a place when the clock starts: row, name, cpu, memory.
Resident = tuple[int, str, int, int]
#: One decision: the name of the pod that leaves; name, cpu and memory of the one that comes.
Step = tuple[str, str, int, int]
