"""The whole of it, on machines that are all this computer."""

from __future__ import annotations

import os
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from bench.machine import Machine
from bench.ssh import agents
from bench.ssh.bare import bare
from bench.ssh.cluster import MORE, Cluster, cluster
from bench.ssh.effort import Effort
from bench.ssh.result import ALONE, FIRST, KUBE9, OPENSSH, PARAMIKO, Joined, Result, Started, Weight
from bench.ssh.shares import Share, share
from bench.suite import of_the_suite

__all__ = ["Unmeasurable", "measure"]

Say = Callable[[str], None]
#: All machines together get half of the processors; the rest is for the server.
_ALL_MACHINES = 0.5


class Unmeasurable(Exception):
    """There is no sshd to be started."""


class _Joins:
    """Times of joins by case."""

    def __init__(self, share_of_all: float | None) -> None:
        self._share_of_all = share_of_all
        self._seconds: dict[str, list[float]] = defaultdict(list)
        self._cpu: dict[str, list[tuple[float, float]]] = defaultdict(list)

    def add(self, case: str, made: Cluster, machines: list[Any], shares: list[Share]) -> None:
        before = _cpu_s(shares), made.server.cpu_s
        self._seconds[case].append(made.join_s(machines))
        cpu = (_cpu_s(shares) - before[0]) / len(machines), (made.server.cpu_s - before[1]) / len(machines)
        self._cpu[case].append(cpu)

    def joined(self) -> tuple[Joined, ...]:
        return tuple(
            Joined(
                case=case,
                share=self._share_of_all,
                seconds=tuple(seconds),
                machine_cpu_s=tuple(machine for machine, _ in self._cpu[case]),
                server_cpu_s=tuple(server for _, server in self._cpu[case]),
            )
            for case, seconds in self._seconds.items()
        )


def _cpu_s(shares: list[Share]) -> float:
    return sum(each.cpu_s for each in shares)


def measure(effort: Effort, say: Say) -> Result:
    """Everything; what was made is gone afterwards.

    :raises Unmeasurable: there is no sshd, or no ssh.
    """
    of_sshd, machine = of_the_suite("sshd"), Machine.this()
    if not of_sshd.possible():
        raise Unmeasurable(of_sshd.HOW_TO_GET_IT)
    remarks: list[str] = []
    joined: list[Joined] = []
    started: Mapping[str, list[float]] = {}
    weights: tuple[Weight, ...] = ()
    with tempfile.TemporaryDirectory(prefix="kube9-bench-") as name:
        for limited in (False, True):
            folder = Path(name) / ("limited" if limited else "free")
            folder.mkdir()
            part = _ALL_MACHINES / effort.machines if limited else None
            with _machines(of_sshd, folder, effort, part) as (place, shares):
                if limited and not shares:
                    remarks.append("Machines with a share of the processors each were not measured: that takes root.")
                    break
                with cluster(folder / "server", place) as made:
                    joined += _join(made, place, shares, effort, part, say)
                    if not limited:
                        started = _start(made, place, folder, effort, say)
                        weights = _weigh(place, effort, say)
    return Result(
        machine=machine,
        effort=effort,
        joined=tuple(joined),
        started=tuple(Started(contender=who, seconds=tuple(seconds)) for who, seconds in started.items()),
        weights=weights,
        remarks=tuple(remarks),
    )


@contextmanager
def _machines(of_sshd: Any, folder: Path, effort: Effort, part: float | None) -> Iterator[tuple[Any, list[Share]]]:
    """Machines, and the shares of the processors that they have, if there can be such."""
    cores = os.cpu_count() or 1
    with ExitStack() as stack:
        place = of_sshd.Place(folder / "place")
        stack.callback(place.close)
        shares = []
        for number in range(effort.machines):
            machine = place.machine(f"m{number}", MORE)
            mine = stack.enter_context(share(None if part is None else part * cores))
            if mine is not None:
                mine.take(machine.process.pid)
                shares.append(mine)
        yield place, shares


def _join(
    made: Cluster, place: Any, shares: list[Share], effort: Effort, part: float | None, say: Say
) -> tuple[Joined, ...]:
    joins = _Joins(part)
    say("machines join" + ("" if part is None else ", each with its share of the processors"))
    joins.add(FIRST, made, place.machines[:1], shares)
    made.clear()
    for machine in place.machines[: effort.alone]:
        joins.add(ALONE, made, [machine], shares)
    for _ in range(effort.rounds):
        made.clear()
        joins.add(effort.together, made, place.machines, shares)
    return joins.joined()


def _start(made: Cluster, place: Any, folder: Path, effort: Effort, say: Say) -> Mapping[str, list[float]]:
    say("pods start")
    seconds: dict[str, list[float]] = {KUBE9: [], PARAMIKO: [], OPENSSH: []}
    with bare(place, place.machines[0], folder) as ssh:
        for number in range(effort.pods):
            seconds[KUBE9].append(made.start_s(f"pod-{number}"))
            seconds[PARAMIKO].append(ssh.paramiko_s())
            seconds[OPENSSH].append(ssh.openssh_s())
    return seconds


def _weigh(place: Any, effort: Effort, say: Say) -> tuple[Weight, ...]:
    say(f"nothing happens for {effort.rest_s:g} s")
    found = agents.processes(place, place.machines[0])
    cpu = agents.cpu_s(found.values(), effort.rest_s)
    return tuple(
        Weight(what=what, memory_bytes=agents.memory_bytes(pid), of_a_core=cpu[pid] / effort.rest_s)
        for what, pid in sorted(found.items(), reverse=True)
    )
