"""The whole of it, by turns on one engine."""

from __future__ import annotations

import secrets
import signal
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.containers import bare, swarm
from bench.containers.cluster import Cluster, cluster
from bench.containers.effort import Effort
from bench.containers.result import LOST, NAMED, REPLACED, Result, Took
from bench.containers.work import LIMITS, Limits
from bench.machine import Machine
from bench.suite import of_the_suite

__all__ = ["Unmeasurable", "measure"]

Say = Callable[[str], None]


class Unmeasurable(Exception):
    """There is no engine to measure with."""


class _Times:
    """Seconds by contender and case, in the order in which they came."""

    def __init__(self) -> None:
        self.seconds: dict[tuple[str, str], list[float]] = defaultdict(list)

    def add(self, case: str, contender: str, seconds: float) -> None:
        self.seconds[case, contender].append(seconds)

    def took(self) -> tuple[Took, ...]:
        return tuple(Took(case=case, contender=who, seconds=tuple(s)) for (case, who), s in self.seconds.items())


def measure(effort: Effort, say: Say) -> Result:
    """Everything; what was made is removed, also when it is interrupted or terminated.

    :raises Unmeasurable: no engine answers, or it has no image to run.
    """
    machine, times, remarks = Machine.this(), _Times(), list[str]()
    with _ended_in_order(), _engine() as engine:
        version = engine.client.version()["Version"]
        mark = f"bench-{secrets.token_hex(4)}"
        try:
            _starts(engine, mark, effort, times, remarks, say)
            _losses(engine, mark, effort, times, remarks, say)
        finally:
            engine.remove(mark)
    return Result(machine=machine, engine=version, effort=effort, took=times.took(), remarks=tuple(remarks))


@contextmanager
def _engine() -> Iterator[Any]:
    """The suite's own engine and images, which it has from this machine."""
    import pytest

    try:
        engine = of_the_suite("engine").connect()
        assert engine.busybox
        assert engine.node_base
    except pytest.skip.Exception as exc:
        raise Unmeasurable(str(exc)) from None
    try:
        yield engine
    finally:
        engine.close()


@contextmanager
def _ended_in_order() -> Iterator[None]:
    """Let SIGTERM do what Ctrl-C does."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _starts(engine: Any, mark: str, effort: Effort, times: _Times, remarks: list[str], say: Say) -> None:
    in_swarm = engine.client.info()["Swarm"]["LocalNodeState"] != "inactive"
    if in_swarm:
        remarks.append("The engine is in a swarm already, which is left as it is: Swarm was not measured on it.")
    with tempfile.TemporaryDirectory(prefix="kube9-bench-") as folder:
        for turn in range(1, effort.rounds + 1):
            say(f"docker-py, round {turn} of {effort.rounds}")
            _bare(engine, mark, effort, times)
            say(f"kube9, round {turn} of {effort.rounds}")
            with cluster(engine, Path(folder) / str(turn), effort.nodes) as made:
                _kube9(made, effort, times)
            if not in_swarm:
                say(f"Swarm, round {turn} of {effort.rounds}")
                with swarm.swarm(engine):
                    times.add(effort.together, "Swarm", swarm.replicas_s(engine, mark, effort.pods))
                    times.add(REPLACED, "Swarm", swarm.replace_s(engine, mark, effort.pods_per_node))


def _bare(engine: Any, mark: str, effort: Effort, times: _Times) -> None:
    for threads in effort.threads:
        seconds = bare.start_s(engine, mark, effort.pods, threads, LIMITS)
        times.add(effort.together, f"docker-py, {threads} threads", seconds)
    seconds = bare.start_s(engine, mark, effort.pods, effort.threads[-1], LIMITS, named=True)
    times.add(effort.together, NAMED, seconds)
    for milli in effort.tight_milli:
        seconds = bare.start_s(engine, mark, effort.pods, effort.threads[-1], Limits(cpu_milli=milli))
        times.add(effort.tight(milli), "docker-py", seconds)


def _kube9(made: Cluster, effort: Effort, times: _Times) -> None:
    times.add(effort.together, "kube9", made.launch_s(effort.pods, LIMITS))
    made.clear()
    for milli in effort.tight_milli:
        times.add(effort.tight(milli), "kube9", made.launch_s(effort.pods, Limits(cpu_milli=milli)))
        made.clear()
    made.launch_s(effort.nodes * effort.pods_per_node, LIMITS)
    times.add(LOST, "kube9", made.kill_s(effort.pods_per_node))


def _losses(engine: Any, mark: str, effort: Effort, times: _Times, remarks: list[str], say: Say) -> None:
    of_dockerd = of_the_suite("dockerd")
    if not of_dockerd.possible():
        remarks.append(f"Swarm's loss of a node was not measured: it {of_dockerd.HOW_TO_GET_IT}.")
        return
    with swarm.swarm_of(engine, effort.nodes) as engines:
        for turn in range(1, effort.rounds + 1):
            say(f"Swarm loses an engine, round {turn} of {effort.rounds}")
            times.add(LOST, "Swarm", swarm.loss_s(engines, mark, effort.nodes * effort.pods_per_node))
