"""The processes of the machine, as Linux shows them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Dict, List, NamedTuple  # noqa: UP035  (an alias below, and Python 3.8)

__all__ = ["PROC", "Process", "descendants", "environment_of", "machine_boot", "processes", "start_of"]

PROC = "/proc"
_DEAD = "ZXx"
#: What one page of memory has, and how many ticks of a processor's time there are in a second.
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_TICKS = os.sysconf("SC_CLK_TCK")


class Process(NamedTuple):
    pid: int
    parent: int
    session: int
    #: When it started, in ticks since the machine did. With the pid it tells it from any other there ever was.
    start: int
    cpu_ms: int
    memory_bytes: int
    #: Whether it has ended, and nobody has taken note of that yet.
    dead: bool


_Table = Dict[int, Process]  # noqa: UP006


def processes(proc: str = PROC) -> _Table:
    """All there are, by their pids."""
    found: _Table = {}
    for name in os.listdir(proc):
        if name.isdigit():
            process = _read(proc, name)
            if process is not None:
                found[process.pid] = process
    return found


def start_of(pid: int, proc: str = PROC) -> int | None:
    """When a process started, in ticks since the machine did; ``None`` where there is none that lives."""
    process = _read(proc, str(pid))
    return None if process is None or process.dead else process.start


def _read(proc: str, name: str) -> Process | None:
    try:
        with open(f"{proc}/{name}/stat", "rb") as file:
            text = file.read()
    except OSError:
        return None  # it has ended meanwhile
    # The name of its program comes second, in brackets, and may have anything in it.
    fields = text[text.rfind(b")") + 2 :].split()
    ticks = sum(map(int, fields[11:15]))  # with what its children took that have ended
    return Process(
        int(name),
        int(fields[1]),
        int(fields[3]),
        int(fields[19]),
        ticks * 1_000 // _TICKS,
        int(fields[21]) * _PAGE_BYTES,
        chr(fields[0][0]) in _DEAD,
    )


def descendants(table: Mapping[int, Process], roots: Iterable[int]) -> List[Process]:  # noqa: UP006
    """Those of the roots that are there, and all below them."""
    children: dict[int, list[int]] = {}
    for process in table.values():
        children.setdefault(process.parent, []).append(process.pid)
    found, waiting = [], [pid for pid in roots if pid in table]
    seen = set(waiting)
    while waiting:
        pid = waiting.pop()
        found.append(table[pid])
        for child in children.get(pid, ()):
            if child not in seen:
                seen.add(child)
                waiting.append(child)
    return found


def environment_of(pid: int, proc: str = PROC) -> dict[str, str]:
    """What a process was started with; nothing where that may not be seen."""
    try:
        with open(f"{proc}/{pid}/environ", "rb") as file:
            text = file.read()
    except OSError:
        return {}
    pairs = (part.partition(b"=") for part in text.split(b"\0"))
    return {os.fsdecode(name): os.fsdecode(value) for name, found, value in pairs if found}


def machine_boot(proc: str = PROC) -> str:
    """Which start of the machine this is."""
    with open(f"{proc}/sys/kernel/random/boot_id", encoding="ascii") as file:
        return file.read().strip()
