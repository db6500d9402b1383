"""The loop: one thread that owns the cluster, and makes durable what it does before anybody hears of it."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from attrs import define, field

from kube9.controlplane.eventlog import EventLog
from kube9.controlplane.inbox import Inbox, Item, Request, Stop
from kube9.controlplane.settings import PlaneSettings
from kube9.controlplane.tickets import Tickets
from kube9.controlplane.turn import Turn
from kube9.controlplane.view import View
from kube9.core import events as e
from kube9.core.cluster import Cluster
from kube9.core.errors import InvariantViolation, Kube9Error, NotRunning, StoreError, StoreUnavailable
from kube9.core.outcome import Change, Instruction
from kube9.core.ports import Clock
from kube9.core.stimuli import Stimulus, TimePassed
from kube9.plugins.fault import fault
from kube9.store.record import StoredEvent, event_record

if TYPE_CHECKING:
    from kube9.store import Store

__all__ = ["Counts", "Loop"]

_log = logging.getLogger(__name__)


@define
class Counts:
    """What the loop did so far; any thread may read it."""

    turns: int = 0
    commits: int = 0
    commit_failures: int = 0
    last_commit_us: int = 0
    stimuli: int = 0


@define(eq=False, kw_only=True)
class Loop:
    """Takes what waits, lets the cluster handle it, commits, and only then tells, answers and hands out.

    When the store is unavailable, those who wait for the turn are told so at once, and its changes are tried again
    until they are durable; nothing of the turn is seen or begun before that. Anything else that goes wrong is fatal:
    what the cluster holds in memory may then contradict itself, while what is durable was whole at the last commit.
    """

    cluster: Cluster
    store: Store
    inbox: Inbox
    tickets: Tickets
    view: View
    log: EventLog
    clock: Clock
    settings: PlaneSettings
    #: Tell agents of these, which are durable.
    tell_agents: Callable[[Sequence[Instruction], Cluster], None]
    #: Carry these out, too, as far as that is a backend's to do.
    hand_out: Callable[[Sequence[Instruction]], None]
    #: These events are durable.
    told: Callable[[Sequence[e.Event]], None]
    #: It is over, and why.
    on_fatal: Callable[[str], None]
    next_event_id: int = 1
    #: What the cluster's time is ahead of the clock: it goes on where it stopped, even if the clock was set back.
    ahead_ms: int = 0
    counts: Counts = field(factory=Counts, init=False)
    #: Why the store cannot be used just now; empty where it can.
    outage: str = field(default="", init=False)
    #: Why the loop ended before it was told to; empty where it did not.
    fatal: str = field(default="", init=False)
    _stopping: bool = field(default=False, init=False)
    #: What came while nothing could be committed.
    _backlog: deque[Item] = field(factory=deque, init=False)
    #: When the clock is to wake the cluster, on the cluster's time.
    _wake_ms: int | None = field(default=None, init=False)
    _turn: Turn | None = field(default=None, init=False)
    _thread: threading.Thread | None = field(default=None, init=False)

    def start(self, first: Turn) -> None:
        """Run from now on, beginning with a turn that is handled already."""
        self._thread = threading.Thread(target=self._run, args=(first,), name="kube9-loop")
        self._thread.start()

    def join(self) -> None:
        """Wait for the end, which a :class:`Stop` in the inbox brings about; nothing from the loop's own thread."""
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()

    def new_turn(self) -> Turn:
        clock_ms = self.clock.now_ms()
        return Turn(self.cluster, self.tickets, clock_ms + self.ahead_ms, clock_ms=clock_ms, outage=self.outage)

    # One turn after the other.

    def _run(self, turn: Turn) -> None:
        try:
            self._turn = turn
            while self._conclude(turn) and not self._stopping:
                self._set_alarm()
                turn = self._next_turn()
        except BaseException as exc:
            # Whatever it was, it must not end the loop in silence.
            self._die(exc)
        finally:
            self.close()

    def _next_turn(self) -> Turn:
        """Wait for something to do, and handle all that waits then."""
        backlog, turn_max = self._backlog, self.settings.turn_max
        if not backlog:
            backlog.extend(self.inbox.take(turn_max))
        turn = self._turn = self.new_turn()
        until_s = time.monotonic() + self.settings.turn_ms / 1000
        while backlog and not self._stopping:
            self._handle(turn, backlog.popleft())
            if time.monotonic() >= until_s:
                break
        self.counts.turns += 1
        self.counts.stimuli += turn.handled
        return turn

    def _handle(self, turn: Turn, item: Item) -> None:
        if isinstance(item, Request):
            self._ask(turn, item)
            return
        try:
            if isinstance(item, Stimulus):
                turn.handle(item)
            elif isinstance(item, Stop):
                self._stopping = True
            else:
                item(turn)
        except InvariantViolation:
            raise
        except Kube9Error as exc:
            # A backend's report that cannot be used is the backend's fault, and there is nobody to answer.
            _log.warning("ignored: %s; item=%r", exc, item)

    def _ask(self, turn: Turn, request: Request[object]) -> None:
        try:
            turn.ask(request)
        except Exception as exc:
            request.refuse(exc)
            if not request.reads:
                raise
            # It was to change nothing, so nothing can be half changed.
            _log.exception("a question to the cluster failed")

    def _set_alarm(self) -> None:
        """Have the clock wake the cluster when it wants to be, unless that is arranged already."""
        due_ms = self.cluster.due_at_ms
        if due_ms is not None and (self._wake_ms is None or due_ms < self._wake_ms):
            self._wake_ms = due_ms
            self.clock.call_at(due_ms - self.ahead_ms, self._ring)

    def _ring(self) -> None:
        self.inbox.put(self._wake)

    def _wake(self, turn: Turn) -> None:
        self._wake_ms = None
        turn.tell(TimePassed)

    # The end of a turn.

    def _conclude(self, turn: Turn) -> bool:
        """Make a turn durable, then let it be seen, answered, begun and told; ``False`` if it was given up."""
        changes = turn.changes()
        records = self._records(turn.events)
        if changes or records:
            if not self._commit(turn, changes, records):
                return False
            self.next_event_id += len(records)
            self.view.apply(changes)
            self.log.add(records)
        # What is to run comes before the answer to whoever asked for it.
        if turn.instructions:
            self.tell_agents(turn.instructions, self.cluster)
        turn.answer_all()
        if turn.instructions:
            self.hand_out(turn.instructions)
        self.told(turn.events)
        return True

    def _records(self, events: Sequence[e.Event]) -> tuple[StoredEvent, ...]:
        nodes = self.cluster.nodes
        records = []
        for number, event in enumerate(events, self.next_event_id):
            # Events of a pod that runs or ends do not carry its node, and by the next turn that may be gone.
            node = nodes.get(event.pod.node_uid or "") if isinstance(event, e.PodEvent) else None
            records.append(event_record(number, event, "" if node is None else node.name))
        return tuple(records)

    def _commit(self, turn: Turn, changes: Sequence[Change], records: Sequence[StoredEvent]) -> bool:
        """Commit, however often it takes; ``False`` if it failed and the loop is to end."""
        pause_ms = self.settings.commit_retry_ms
        while True:
            began_ns = time.perf_counter_ns()
            try:
                self.store.commit(changes, records)
            except StoreUnavailable as exc:
                self._begin_outage(turn, str(exc))
                if self._stopping:
                    _log.error("%d changes were not stored; none of them was acknowledged: %s", len(changes), exc)
                    return False
                # Others that lost the same database need not all come back at the same moment.
                self._sit_out(pause_ms * random.uniform(0.5, 1.0) / 1000)
                pause_ms = min(2 * pause_ms, self.settings.commit_retry_ms_max)
            else:
                self.counts.commits += 1
                self.counts.last_commit_us = (time.perf_counter_ns() - began_ns) // 1000
                self._end_outage()
                return True

    def _begin_outage(self, turn: Turn, why: str) -> None:
        """Send away all who wait for something durable, and whoever comes with such a wish from now on."""
        self.counts.commit_failures += 1
        turn.refuse_all(StoreUnavailable, why)
        if not self.outage:
            _log.error("the store is unavailable; writes are refused until it is back: %s", why)
        self.outage = why
        self.inbox.refuse(lambda: StoreUnavailable(why))
        for _ in range(len(self._backlog)):
            self._set_aside(self._backlog.popleft())

    def _end_outage(self) -> None:
        if self.outage:
            _log.warning("the store is back; writes are taken on again")
            self.outage = ""
            self.inbox.accept()

    def _sit_out(self, pause_s: float) -> None:
        """Let time pass, but leave nobody waiting for what will not come soon."""
        until_s = time.monotonic() + pause_s
        while not self._stopping and (left_s := until_s - time.monotonic()) > 0:
            for item in self.inbox.take(self.settings.turn_max, left_s):
                self._set_aside(item)

    def _set_aside(self, item: Item) -> None:
        if isinstance(item, Stop):
            self._stopping = True
        elif not isinstance(item, Request):
            self._backlog.append(item)
        elif item.reads:
            question = self.new_turn()
            self._ask(question, item)
            question.answer_all()
        else:
            item.refuse(StoreUnavailable(self.outage))

    # The end of all turns.

    def _die(self, exc: BaseException) -> None:
        self.fatal = fault(exc)
        _log.critical("the control plane has stopped: %s", self.fatal, exc_info=exc)
        self._refuse_for_good()
        if self._turn is not None:
            kind = StoreError if isinstance(exc, StoreError) else NotRunning
            self._turn.refuse_all(kind, self._why_not())
        self.on_fatal(self.fatal)

    def close(self) -> None:
        """Turn away whoever is left; to be called when the loop is over, or was never begun."""
        self._refuse_for_good()
        self._turn_away_the_rest()

    def _turn_away_the_rest(self) -> None:
        left = [*self._backlog, *self._left_in_the_inbox()]
        self._backlog.clear()
        for item in left:
            if isinstance(item, Request):
                item.refuse(NotRunning(self._why_not()))
        self.view.close()
        self.log.close()

    def _left_in_the_inbox(self) -> Sequence[Item]:
        # Nothing but reports of backends, which need no answer, can come in any more.
        return self.inbox.take(len(self.inbox) + 1_000_000, timeout_s=0) if len(self.inbox) else ()

    def _refuse_for_good(self) -> None:
        self.inbox.refuse(lambda: NotRunning(self._why_not()), for_good=True)

    def _why_not(self) -> str:
        return f"the control plane has stopped: {self.fatal}" if self.fatal else "the control plane is shutting down"
