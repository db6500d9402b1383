"""Whose the processes below a warden are: each is of one run, or of nothing that runs any more."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Dict, List, Set, Tuple  # noqa: UP035  (aliases below, and Python 3.8)

from kube9.agent.proctable import Process, descendants, environment_of, processes
from kube9.agent.wardenrun import ENDED, MARK, Run, send_signal

__all__ = ["Families", "Family"]

#: What there is of each run, by its name.
Family = Dict[str, List[Process]]  # noqa: UP006


class Families:
    """Of this process, which all below it have for a parent that lose theirs.

    :param runs: by their names; changed by their owner.
    :param say: writes a line into a log.
    """

    def __init__(self, runs: Mapping[str, Run], say: Callable[[str], None]) -> None:
        self._runs, self._say = runs, say
        #: Of what was seen below a run: which one. By pid and start.
        self._seen: Dict[Tuple[int, int], str] = {}  # noqa: UP006

    def strangers(self) -> bool:
        """Whether there are children that were not started here: they have lost their own parents."""
        return not _children() <= {run.pid for run in self._runs.values() if not run.ending}

    def all(self) -> Family:
        """What there is of each run by now; what belongs to none is ended."""
        table, me = processes(), os.getpid()
        started = {run.pid: run for run in self._runs.values() if run.state != ENDED and not run.ending}
        family: Family = {}
        for child in [process for process in table.values() if process.parent == me]:
            run = started.get(child.pid) or self._run_of(child)
            members = [each for each in descendants(table, [child.pid]) if not each.dead]
            if run is None:
                self._end_strays(members)
                continue
            family.setdefault(run.id, []).extend(members)
        self._seen = {(each.pid, each.start): name for name, members in family.items() for each in members}
        return family

    def _run_of(self, orphan: Process) -> Run | None:
        """Whose it was: by its session, by what was seen, or by what it was started with and still has."""
        alive = {name: run for name, run in self._runs.items() if run.state != ENDED}
        for run in alive.values():
            if run.pid == orphan.session:
                return run
        name = self._seen.get((orphan.pid, orphan.start), "")
        if not name:
            name = environment_of(orphan.pid).get(MARK, "").partition("/")[2]
        return alive.get(name) if name else _by_what_it_has(orphan, list(alive.values()))

    def _end_strays(self, members: Iterable[Process]) -> None:
        for each in members:
            self._say(f"process {each.pid} is of nothing that runs any more, and is killed")
            send_signal(each, signal.SIGKILL)


def _by_what_it_has(orphan: Process, alive: list[Run]) -> Run | None:
    """Whose one is that has made itself a session, and has nothing of its environment left."""
    for run in alive:
        if (run.group is not None and orphan.pid in run.group.pids()) or _writes_into(orphan, run.output):
            return run
    # Nothing of a run is left when that is told to have ended, so what there is belongs to those that have not.
    containers = [run for run in alive if run.client is None]
    if len({(run.copy, run.container) for run in alive}) == 1 and containers:
        return containers[0]
    return None


def _writes_into(process: Process, pipe: int) -> bool:
    """Whether its output or error output is the other end of that pipe."""
    if pipe < 0:
        return False
    reading = os.fstat(pipe)
    for number in (1, 2):
        with suppress(OSError):
            if os.path.samestat(os.stat(f"/proc/{process.pid}/fd/{number}"), reading):
                return True
    return False


def _children() -> Set[int]:  # noqa: UP006
    me = os.getpid()
    try:
        with open(f"/proc/{me}/task/{me}/children", "rb") as file:
            return {int(word) for word in file.read().split()}
    except OSError:  # not every kernel tells it so quickly
        return {process.pid for process in processes().values() if process.parent == me}
