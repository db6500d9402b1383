"""The agent of a node: what it hears of the server and of its pods, and what it does about that."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Callable  # noqa: UP035  (Python 3.8)

from kube9.agent.board import Board
from kube9.agent.brain import Answer, Beat, Brain, StartOrder
from kube9.agent.clock import now_ms
from kube9.agent.errands import Errands
from kube9.agent.fencing import Fencing
from kube9.agent.pulse import Pulse
from kube9.agent.runtime import News, Runtime

__all__ = ["Agent"]

#: How often the lease is looked at, at the least: timers stand still while a machine sleeps.
_LOOK_S = 0.5

_log = logging.getLogger("kube9.agent")


class Agent:
    """Every method may be called from any thread, and none waits for the runtime, for it is told things by threads.

    :param boot: a text that no other start of an agent has.
    :param make_runtime: is given what the runtime reports to.
    :param board: where the guard sees until when pods may run.
    :param past: what an agent knew that was killed, to go on as the same boot.
    :param save: writes down what another would have to know for that, before the server hears of it.
    """

    def __init__(
        self,
        boot: str,
        make_runtime: Callable[[News], Runtime],
        board: Board,
        *,
        past: Brain | None = None,
        save: Callable[[Mapping[str, Any]], None] | None = None,
    ) -> None:
        self._brain, self._board, self._save = past or Brain(boot), board, save
        # What a runtime tells within a call finds the lock taken by its own thread.
        self._changed = threading.Condition(threading.RLock())
        self._pulse = Pulse(now_ms(), random.Random())
        self._leaving = self._closed = self._gone = False
        #: How long each copy gets to stop where nobody says otherwise.
        self._graces: dict[tuple[str, int], int] = {}
        self.runtime = make_runtime(self)
        self._fencing = Fencing(self.runtime, self._killed)
        self._errands = Errands()
        self._watch = threading.Thread(target=self._watch_lease, name="kube9-lease", daemon=True)

    def begin(self) -> None:
        """Take part from now on; the node is empty."""
        with self._changed:
            self._pulse.at_once(now_ms())
        self._errands.start()
        self._watch.start()

    def close(self) -> None:
        """Send nothing more and start nothing more; what runs is left as it is."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._errands.close()
        self._fencing.close()
        self.runtime.close()

    # Beats.

    def next_beat(self) -> tuple[Beat, int] | None:
        """Wait until one is due; returns it with how long to wait for the answer, ``None`` when there will be none."""
        with self._changed:
            while True:
                if self._closed:
                    return None
                left_ms = self._pulse.due_ms - now_ms()
                if left_ms <= 0:
                    break
                self._changed.wait(left_ms / 1_000)
            self._pulse.taken(now_ms())
        use = self.runtime.use()
        with self._changed:
            at_ms = now_ms()
            self._fence(at_ms)
            self._pulse.sent(at_ms)
            self._remember()
            return self._brain.beat(at_ms)._replace(use=use), self._pulse.interval_ms

    def _remember(self) -> None:
        if self._save is not None and (self._brain.changed or self._brain.is_round):
            try:
                self._save(self._brain.export())
            except OSError as exc:
                _log.warning("what this node runs cannot be written down: %s", exc)

    def heed(self, answer: Answer) -> None:
        """An answer came."""
        with self._changed:
            at_ms = now_ms()
            if answer.boot and answer.boot != self._brain.boot:
                return
            # Whatever ended while this process stood still ended before anything that is said now.
            self._fence(at_ms)
            tell_at_once = self._brain.heed(answer)
            if answer.gone:
                if not self._gone:
                    _log.warning("the server does not know this node")
                self._fence(at_ms)
            self._gone = answer.gone
            self._post_lease()
            self._pulse.answered(at_ms, answer.interval_ms)
            asked_in_vain = self._obey(answer, at_ms)
            if tell_at_once:
                self._pulse.at_once(at_ms)
            elif asked_in_vain or self._brain.changed:
                self._pulse.begun(at_ms)
            self._changed.notify_all()

    def unanswered(self, *, refused: bool = False, again: bool = False) -> None:
        """A beat had no answer, or none of use.

        :param refused: by a server that is there.
        :param again: by no fault of anybody's; the next may go out at once.
        """
        with self._changed:
            if again:
                self._pulse.at_once(now_ms())
            else:
                self._pulse.failed(now_ms(), refused=refused)
            self._changed.notify_all()

    def beat_at_once(self) -> None:
        """Whatever kept the server from being heard may be over."""
        with self._changed:
            self._pulse.at_once(now_ms())
            self._changed.notify_all()

    # Orders.

    def _obey(self, answer: Answer, at_ms: int) -> bool:
        """Whether something was asked for in vain that the next answer is to ask for again.

        Orders that are being carried out are repeated with each answer, and then there is nothing to be said to that.
        """
        for stop in answer.stop:
            self._brain.stop(stop.uid, stop.epoch)
            self._errands.put(partial(self.runtime.stop, stop.uid, stop.epoch, stop.grace_ms))
        self._tidy()
        if self._leaving:
            return False
        if self._brain.is_void((self._brain.boot, answer.sequence)):
            return bool(answer.start)
        in_vain = False
        for order in answer.start:
            # What the guard or a killer is ending is not mixed with what begins; the order will come again.
            if self._board.sweeping or self._fencing.dies(order.uid):
                in_vain = True
            elif self._brain.start(at_ms, order.uid, order.epoch):
                _log.info("pod=%s/%s uid=%s epoch=%d starts", order.namespace, order.name, order.uid, order.epoch)
                self._errands.put(partial(self._start, order))
                self._note_grace(order)
        return in_vain

    def _note_grace(self, order: StartOrder) -> None:
        known = self._graces
        self._graces = {copy: known[copy] for copy in self._brain.copies() if copy in known}
        self._graces[order.uid, order.epoch] = _grace_ms(order.spec)

    def _start(self, order: StartOrder) -> None:
        with self._changed:
            if not self._brain.has(order.uid, order.epoch):
                return
        try:
            self.runtime.start(order)
        except Exception as exc:
            _log.exception("pod=%s epoch=%d could not be started", order.uid, order.epoch)
            self.not_started(order.uid, order.epoch, str(exc) or type(exc).__name__)
            return
        with self._changed:
            ended_meanwhile = not self._brain.has(order.uid, order.epoch)
        if ended_meanwhile:  # it was killed when there was nothing to be killed yet
            self._fencing.kill([(order.uid, order.epoch)])

    def _tidy(self) -> None:
        """Remove what is left of copies that are not told of any more, though nobody asked for it."""
        for uid, epoch in self._brain.forgotten():
            self._errands.put(partial(self.runtime.stop, uid, epoch, 0))

    # News.

    def has(self, uid: str, epoch: int) -> bool:
        """As :class:`~kube9.agent.runtime.News` has it, and so all that follow."""
        with self._changed:
            # What the guard ended while this process stood still is not to be started again.
            self._fence(now_ms())
            return self._brain.has(uid, epoch)

    def started(self, uid: str, epoch: int) -> None:
        self._hear(lambda: self._brain.started(uid, epoch))

    def is_so(self, uid: str, epoch: int, ready: bool, restarts: int, reason: str) -> None:
        self._hear(lambda: self._brain.is_so(uid, epoch, ready, restarts, reason))

    def exited(self, uid: str, epoch: int, exit_code: int, reason: str) -> None:
        _log.info("uid=%s epoch=%d exited with %d %s", uid, epoch, exit_code, reason)
        self._hear(lambda: self._brain.exited(uid, epoch, exit_code, reason))

    def not_started(self, uid: str, epoch: int, error: str) -> None:
        _log.warning("uid=%s epoch=%d could not be started: %s", uid, epoch, error)
        self._hear(lambda: self._brain.not_started(uid, epoch, error))

    def stopped(self, uid: str, epoch: int) -> None:
        self._hear(lambda: self._brain.stopped(uid, epoch))

    def _hear(self, what: Callable[[], None]) -> None:
        with self._changed:
            at_ms = now_ms()
            # What ends by the guard has not ended by itself.
            self._fence(at_ms)
            what()
            self._tidy()
            if self._brain.changed:
                self._pulse.changed(at_ms)
                self._changed.notify_all()

    # The lease.

    def _watch_lease(self) -> None:
        with self._changed:
            while not self._closed:
                at_ms = now_ms()
                self._fence(at_ms)
                until_ms = self._brain.lease_until_ms
                left_s = _LOOK_S if until_ms is None or until_ms <= at_ms else (until_ms - at_ms) / 1_000
                self._changed.wait(min(_LOOK_S, left_s))

    def _fence(self, at_ms: int) -> None:
        over = self._brain.fence(at_ms)
        if over:
            names = ", ".join(f"{uid}/{epoch}" for uid, epoch in over)
            _log.warning("the lease is over: %d pods are killed: %s", len(over), names)
            self._fencing.kill(over)
            self._pulse.changed(at_ms)
            self._post_lease()

    def _killed(self) -> None:
        with self._changed:
            self._post_lease()
            self._changed.notify_all()

    def _post_lease(self) -> None:
        """Let the guard know until when it has nothing to do."""
        at_ms, until_ms = now_ms(), self._brain.lease_until_ms
        if self._brain.may_run(at_ms):
            self._board.lease_until_ms = until_ms or 0
        elif not self._fencing.busy:
            self._board.lease_until_ms = 0
        elif not self._board.lease_until_ms or until_ms is None:
            self._board.lease_until_ms = at_ms

    # Leaving.

    def leave(self, within_ms: int) -> None:
        """Stop every pod, by force where that takes too long, and start nothing more; returns when nothing runs."""
        end_ms = now_ms() + within_ms
        grace_ms_max = max(0, within_ms - min(2_000, within_ms // 2))
        with self._changed:
            self._leaving = True
            copies = self._brain.copies()
            for uid, epoch in copies:
                self._brain.stop(uid, epoch)
                grace_ms = min(self._graces.get((uid, epoch), grace_ms_max), grace_ms_max)
                self._errands.put(partial(self.runtime.stop, uid, epoch, grace_ms))
            _log.info("leaving: %d pods are stopped", len(copies))
            self._wait_for(lambda: not self._brain.copies(), end_ms - min(1_000, within_ms // 4))
            self._end(self._brain.copies())
            self._wait_for(lambda: not self._fencing.busy, end_ms)

    def _end(self, copies: Sequence[tuple[str, int]]) -> None:
        if copies:
            _log.warning("%d pods took too long to stop and are killed", len(copies))
            self._fencing.kill(copies)
            for uid, epoch in copies:
                self._brain.stopped(uid, epoch)

    def _wait_for(self, wanted: Callable[[], bool], end_ms: int) -> None:
        while not wanted():
            left_ms = end_ms - now_ms()
            if left_ms <= 0:
                return
            self._changed.wait(left_ms / 1_000)

    def farewell(self) -> Beat:
        """The last beat."""
        with self._changed:
            return self._brain.beat(now_ms())


def _grace_ms(spec: Mapping[str, Any]) -> int:
    """As it stands in a pod's spec, which is for the runtime to understand."""
    seconds = spec.get("terminationGracePeriodSeconds", 30)
    return round(seconds * 1_000) if isinstance(seconds, (int, float)) else 0
