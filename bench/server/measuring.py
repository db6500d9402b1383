"""The whole of it, one thing after the other."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from bench.machine import Machine
from bench.server import beating, failover, singles, wholes
from bench.server.databases import SQLITE, databases
from bench.server.effort import Effort
from bench.server.result import Result

__all__ = ["measure"]


def measure(effort: Effort, say: Callable[[str], None]) -> Result:
    """Everything on each kind of database there is; what a database has little part in, on SQLite."""
    machine, rates, batches = Machine.this(), [], []
    with tempfile.TemporaryDirectory(prefix="kube9-bench-") as name, databases(Path(name)) as makers:
        for database, make in makers.items():
            folder = Path(name) / database
            say(f"{database}, one at a time")
            rates += singles.measure(database, make, folder, effort)
            say(f"{database}, one batch")
            batch, listed = wholes.measure_batch(database, make, folder, effort)
            batches.append(batch)
            if database == SQLITE:
                listing = listed
        say("memory")
        memory = wholes.measure_memory(makers[SQLITE], Path(name), effort)
        say("nodes that beat")
        beats = beating.measure(makers[SQLITE], Path(name) / "beating", effort)
        for one in beats:
            if one.doubted:
                say(f"{one.doubted} TIMES A NODE WAS SUSPECTED OR FAILED, and all were up; nodes beat {one.nodes_beat}")
        say("nodes that die")
        deaths = failover.measure(makers[SQLITE], Path(name) / "failover", effort)
    return Result(
        machine=machine,
        rates=tuple(rates),
        batches=tuple(batches),
        listing=listing,
        memory=memory,
        beating=beats,
        failover=deaths,
    )
