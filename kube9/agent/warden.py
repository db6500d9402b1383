"""The parent of all that a node's pods run: it starts, signals and reaps it, and ends all of it with the lease.

It is one small process with one thread, which goes on while the agent is away. Whatever a pod starts stays below it:
what loses its own parent gets this one.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Tuple  # noqa: UP035  (an alias below, and Python 3.8)

from kube9.agent.cgroups import Cgroup
from kube9.agent.clock import now_ms
from kube9.agent.family import Families
from kube9.agent.logfile import LogFile
from kube9.agent.proctable import Process, start_of
from kube9.agent.spawn import Spawn, spawn
from kube9.agent.wardenrun import ENDED, MARK, RUNNING, Run, send_signal

__all__ = ["Refused", "Warden"]

#: How often it looks for what has lost its parent, and whose all is while its parent can still be seen.
_LOOK_MS, _COUNT_MS = 1_000, 10_000
#: How soon it looks again for what it has told to end.
_AGAIN_MS = 20
#: How often what may go on making others is told to stand still, before it is ended.
_HALTS_MAX = 20
_SAID_BYTES_MAX = 4_096
#: Copies that are never to run again.
_DEAD_KEPT = 10_000

_Copy = Tuple[str, int]  # noqa: UP006


class Refused(Exception):
    """What was asked for is not done, and why."""


class Warden:
    """:param node_uid: is written on everything that it starts.

    :param say: writes a line into its own log.
    :param changed: is told of each run that began or ended.
    :param tree: where groups with limits can be made; ``None`` for limits of each process alone.
    """

    def __init__(
        self,
        node_uid: str,
        say: Callable[[str], None],
        changed: Callable[[Run], None],
        tree: Cgroup | None = None,
    ) -> None:
        self._node_uid, self._say, self._changed, self._tree = node_uid, say, changed, tree
        self.runs: dict[str, Run] = {}
        #: Until when anything may run; 0 for not at all.
        self.lease_until_ms = 0
        #: Grows whenever a lease is over: what was to be started before is not started after.
        self.term = int.from_bytes(os.urandom(4), "big")  # no other warden's
        self._dead: dict[_Copy, None] = {}
        self._families = Families(self.runs, say)
        self._count_due_ms = self._look_due_ms = 0
        self._void = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)

    # What is asked of it.

    def renew(self, until_ms: int) -> None:
        """Pods may run until then, and end at once where that is over."""
        self.fence_if_over()
        self.lease_until_ms = until_ms
        self.fence_if_over()

    def start(self, run: Run, what: Spawn, log: str, limits: tuple[int, int], term: int) -> Run:
        """Start a run unless it was already; the one there is.

        :param limits: cpu in thousandths of a core, and memory in bytes; 0 for none.
        :raises Refused: it may not, or cannot.
        """
        known = self.runs.get(run.id)
        if known is not None:
            return known
        self.fence_if_over()
        if run.copy in self._dead:
            raise Refused(f"{run.uid} epoch {run.epoch} was ended for good")
        if term != self.term or not self.lease_until_ms:
            raise Refused("fenced: the lease under which it was to start is over")
        self.runs[run.id] = run
        try:
            if run.client is None:
                run.log = LogFile(log)
                what = self._limited(run, what, *limits)
            self._begin(run, what)
        except (OSError, ValueError) as exc:
            del self.runs[run.id]
            self._give_up(run)
            raise Refused(str(exc)) from exc
        return run

    def signal(self, run: Run, number: int) -> None:
        """Send a signal to all of a run."""
        if number == signal.SIGKILL:
            self._force([run])
        elif run.state != ENDED:
            for process in self._families.all().get(run.id, ()):
                send_signal(process, number)

    def kill(self, copy: _Copy, *, for_good: bool) -> None:
        """End all of a copy."""
        if for_good:
            self._dead[copy] = None
            if len(self._dead) > _DEAD_KEPT:
                del self._dead[next(iter(self._dead))]
        self._force(self.of(copy))

    def kill_all(self) -> None:
        """End everything."""
        self._force(list(self.runs.values()))

    def forget(self, copy: _Copy) -> None:
        """Nobody will ask for a copy any more that has ended."""
        for run in self.of(copy):
            if run.state == ENDED:
                del self.runs[run.id]

    def of(self, copy: _Copy) -> list[Run]:
        return [run for run in self.runs.values() if run.copy == copy]

    def running(self, copy: _Copy | None = None) -> bool:
        """Whether anything runs, or anything of a copy."""
        return any(run.state != ENDED for run in self.runs.values() if copy is None or run.copy == copy)

    def use(self) -> list[tuple[str, int, int, int]]:
        """What each copy takes, by uid and epoch: the time of a processor so far, in ms, and memory in bytes."""
        found: dict[_Copy, tuple[int, int]] = {}
        family = self._families.all()
        for run in self.runs.values():
            if run.state == ENDED or (run.client is not None and self._tree is not None):
                continue  # a command is counted with the group of its container
            of_run = family.get(run.id, ())
            took = sum(each.cpu_ms for each in of_run), sum(each.memory_bytes for each in of_run)
            if run.group is not None:
                took = run.group.use()
            before = found.get(run.copy, (0, 0))
            found[run.copy] = before[0] + took[0], before[1] + took[1]
        return [(uid, epoch, *took) for (uid, epoch), took in found.items()]

    # Time.

    def next_ms(self) -> int | None:
        """When to :meth:`go_on`, at the latest; ``None`` for when something has happened."""
        if not self.running():
            return self.lease_until_ms or None
        if any(run.ending or run.forced for run in self.runs.values() if run.state != ENDED):
            return now_ms() + _AGAIN_MS
        return min(self._look_due_ms, self.lease_until_ms or self._look_due_ms)

    def go_on(self) -> None:
        """Do what is due."""
        self.fence_if_over()
        self.reap()
        ending = [run for run in self.runs.values() if run.state != ENDED and (run.ending or run.forced)]
        if ending:
            self._force(ending)
            for run in ending:
                self._finish(run)
        at_ms = now_ms()
        if self.running() and at_ms >= self._look_due_ms:
            self._look_due_ms = at_ms + _LOOK_MS
            if at_ms >= self._count_due_ms or self._families.strangers():
                self._count_due_ms = at_ms + _COUNT_MS
                self._families.all()

    def fence_if_over(self) -> None:
        """End everything if the lease is over."""
        if not self.lease_until_ms or now_ms() < self.lease_until_ms:
            return
        late_ms = now_ms() - self.lease_until_ms
        self.lease_until_ms = 0
        self.term += 1
        over = [run for run in self.runs.values() if run.state != ENDED]
        if over:
            names = ", ".join(sorted({f"{run.uid}/{run.epoch}" for run in over}))
            self._say(f"the lease is over for {late_ms} ms: all that runs is killed: {names}")
        for run in over:
            run.fenced = True
        self._force(over)

    def reap(self) -> None:
        """Take note of what has ended."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            for run in self.runs.values():
                if run.pid == pid and not run.ending and run.state != ENDED:
                    run.reaped(status)
                    break

    def begun(self, run: Run) -> None:
        """The pipe by which a run tells of its start is at its end."""
        if run.told >= 0:
            os.close(run.told)
            run.told = -1
        if run.said:
            run.error = run.said.decode("utf-8", "replace")
        elif run.state != ENDED:
            run.state = RUNNING
            self._changed(run)

    # Inside.

    def _begin(self, run: Run, what: Spawn) -> None:
        run.argv, run.cwd = list(what.argv), what.cwd
        run.env = {**what.env, MARK: f"{self._node_uid}/{run.id}"}
        writing = -1
        if run.log is not None:
            run.output, writing = os.pipe()
            os.set_blocking(run.output, False)
            what = what._replace(files=(self._void, writing, writing))
        elif not what.files:
            what = what._replace(files=(self._void,) * 3)
        try:
            run.pid, run.told = spawn(what._replace(env=run.env))
        finally:
            if writing >= 0:
                os.close(writing)
        run.start = start_of(run.pid)

    def _limited(self, run: Run, what: Spawn, cpu_milli: int, memory_bytes: int) -> Spawn:
        if self._tree is None:
            return what._replace(memory_bytes=memory_bytes)
        name = run.id.replace("/", "_")
        run.group = self._tree.make(name, cpu_milli, memory_bytes)
        return what._replace(group=run.group, nice=0)

    def _give_up(self, run: Run) -> None:
        run.drain()
        if run.group is not None:
            run.group.remove()

    def _finish(self, run: Run) -> None:
        """Tell its end, if nothing of it runs any more."""
        self.reap()
        if not run.ending or self._alive(run):
            return
        if run.group is not None and not run.group.remove():
            return
        if run.told >= 0:
            with suppress(OSError):
                run.said += os.read(run.told, _SAID_BYTES_MAX)
            self.begun(run)
        run.drain()
        run.state = ENDED
        if run.client is None:
            self._force(each for each in self.of(run.copy) if each.client and each.container == run.container)
        self._changed(run)

    def _alive(self, run: Run) -> bool:
        return self._families.strangers() and bool(self._families.all().get(run.id))

    def _force(self, runs: Iterable[Run]) -> None:
        """End all of some runs; whatever they make meanwhile comes to its turn soon."""
        wanted = {run.id: run for run in runs if run.state != ENDED}
        if not wanted:
            return
        for run in wanted.values():
            run.forced = True
            if run.group is not None and run.group.kill():
                continue
        if all(run.ending for run in wanted.values()) and not self._families.strangers():
            return
        halted: set[tuple[int, int]] = set()
        members: list[Process] = []
        for _ in range(_HALTS_MAX):
            members = [each for name, found in self._families.all().items() if name in wanted for each in found]
            new = [each for each in members if (each.pid, each.start) not in halted]
            if len(members) <= len(wanted) or not new:
                break  # one alone can make no other where it is to end this moment
            for each in new:
                send_signal(each, signal.SIGSTOP)
                halted.add((each.pid, each.start))
        for each in members:
            send_signal(each, signal.SIGKILL)

    def wait_until_empty(self, within_s: float) -> bool:
        """End everything, and wait for that."""
        end_s = time.monotonic() + within_s
        while True:
            self.kill_all()
            self.go_on()
            if not self.running():
                return True
            if time.monotonic() > end_s:
                return False
            time.sleep(_AGAIN_MS / 1_000)  # noqa: TID251  (nothing else is to be done meanwhile)
