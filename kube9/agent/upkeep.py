"""Keeps up one copy of a pod: has done what its care asks for, in turns, until nothing of it is left.

How anything is done is the business of the runtime that it is kept up with.
"""

from __future__ import annotations

import logging
from typing import Callable, NamedTuple  # noqa: UP035  (Python 3.8)

from kube9.agent.alarms import Alarms, now_ms
from kube9.agent.care import Ask, Care, Kill, Start
from kube9.agent.pool import Pool
from kube9.agent.runtime import News
from kube9.agent.turns import Turns

__all__ = ["ALL", "Beginning", "Ending", "Hands", "Upkeep"]

_LOG = logging.getLogger(__name__)
#: Between two attempts at a start.
_PAUSE_MS, _PAUSE_MS_MAX = 200, 5_000
#: Looked at, it is everything; no container has this name.
ALL = ""


class Beginning:
    """A start that is to be carried out."""

    def __init__(self, run: int, at_ms: int) -> None:
        self.run = run
        #: When to try; ``None`` while it waits for something that will be told.
        self.due_ms: int | None = at_ms
        self.tries = 0


class Ending:
    """A container that is told to end."""

    def __init__(self, at_ms: int, grace_ms: int) -> None:
        self.due_ms, self.force_ms = at_ms, at_ms + grace_ms


class Hands(NamedTuple):
    """What a runtime does for a copy; each is asked for in a turn, by the name of a container."""

    #: Try to; leads to ``started``, ``not_started``, ``again`` or ``give_back``.
    start: Callable[[str, Beginning], None]
    #: Tell one that runs to end, by force or not; ``False`` where that could not be said.
    end: Callable[[str, bool], bool]
    #: Begin to; leads to ``answered``.
    ask: Callable[[Ask], None]
    #: See whether it has ended; leads to ``exited`` where it has.
    look: Callable[[str], None]
    #: Called after each turn, with whether all of the copy has ended, before that is told.
    settle: Callable[[bool], None]
    #: End and remove all of the copy; raises ``OSError`` where that cannot be done yet.
    remove: Callable[[], None]


class Upkeep:
    """:param key: of the copy: uid and epoch.

    :param again_ms: after which a container that is told to end, and is not heard of, is told again, and the removal
        tried again.
    :param gone: called with the key when nothing of the copy is left.
    """

    def __init__(
        self,
        key: tuple[str, int],
        care: Care,
        hands: Hands,
        *,
        starts: Pool,
        alarms: Alarms,
        news: News,
        gone: Callable[[str, int], None],
        again_ms: int,
    ) -> None:
        self._key, self._care, self._hands, self._news = key, care, hands, news
        self._gone, self._again_ms = gone, again_ms
        self.beginnings: dict[str, Beginning] = {}
        self.endings: dict[str, Ending] = {}
        #: Of containers that run: which start it is.
        self.runs: dict[str, int] = {}
        #: When to look at what, where nobody may tell.
        self.looks: dict[str, int] = {}
        #: Whether anything of it ran.
        self.ran = False
        #: Why it cannot go on just now.
        self.trouble = ""
        #: Whether nothing of it may be started any more: set by whoever kills it, from any thread.
        self.killed = False
        self._stopping = self._ended = self._is_gone = False
        #: Set once all of it is to be removed: what to tell then.
        self._farewell: Callable[[], None] | None = None
        self._farewell_due_ms = 0
        self._told: tuple[bool, int, str] | None = None
        self._told_started = False
        self.turns = Turns("pod=%s epoch=%d" % key, starts, alarms, self._step, self._next_ms)  # noqa: UP031

    # From any thread.

    def look(self) -> None:
        """See how everything is: nobody knows what was missed. What waits to be tried again is tried at once."""
        self.turns.post(self._look)

    def stop(self, grace_ms: int) -> None:
        """Have it end, and remove it."""
        self.turns.post(lambda: self._stop(grace_ms))

    def answered(self, ask: Ask, ok: bool, message: str) -> None:
        """A probe was carried out."""
        self.turns.post(lambda: self._care.answered(ask, now_ms(), ok, message))

    # In a turn.

    @property
    def is_over(self) -> bool:
        """Whether it has ended, or is only to be removed."""
        return self._ended or self._farewell is not None or self._is_gone

    def started(self, name: str, run: int) -> None:
        """A container runs."""
        self.trouble, self.ran = "", True
        self.beginnings.pop(name, None)
        self.runs[name] = run
        self._care.started(name, run, now_ms())

    def not_started(self, name: str, run: int, error: str) -> None:
        """A container could not be started, and that counts as its end."""
        self.trouble = ""
        self.beginnings.pop(name, None)
        self._care.not_started(name, run, now_ms(), error)

    def again(self, beginning: Beginning, why: str) -> None:
        """A start could not be carried out, for no fault of the pod's: try it later."""
        self.trouble = why
        beginning.due_ms = now_ms() + min(_PAUSE_MS << min(beginning.tries, 10), _PAUSE_MS_MAX)
        beginning.tries += 1

    def exited(self, name: str, exit_code: int, message: str = "", out_of_memory: bool = False) -> None:
        """A container that ran has ended."""
        run = self.runs.pop(name)
        self.looks.pop(name, None)
        self.endings.pop(name, None)
        self._care.exited(name, run, now_ms(), exit_code, message, out_of_memory)

    def give_back(self, error: str) -> None:
        """It cannot be started here: remove it, and tell that."""
        self._leave(lambda: self._news.not_started(*self._key, error))

    # Turns.

    def _next_ms(self) -> int | None:
        if self._is_gone:
            return None
        if self._farewell is not None:
            return self._farewell_due_ms
        times = [self._care.next_ms, *(each.due_ms for each in self.beginnings.values())]
        times += [*self.looks.values(), *(each.due_ms for each in self.endings.values())]
        return min((each for each in times if each is not None), default=None)

    def _step(self) -> bool:
        """Do one thing that is due, or some that take no time; ``False`` for nothing."""
        if self._is_gone:
            return False
        if self.killed and self._farewell is None:
            self._leave(lambda: None)
        if self._farewell is not None:
            return self._remove(self._farewell)
        moved = self._go_on(now_ms())
        self._tell()
        return moved

    def _go_on(self, at_ms: int) -> bool:
        for name in [name for name, due_ms in self.looks.items() if due_ms <= at_ms]:
            del self.looks[name]
            self._hands.look(name)
        actions = self._care.due(now_ms())
        for action in actions:
            self._begin(action, at_ms)
        for name, ending in list(self.endings.items()):
            if ending.due_ms <= at_ms:
                self._press(name, ending, at_ms)
        if self._stopping and self._care.finished:
            self._leave(self._say_stopped)
            return True
        return self._begin_one(at_ms) or bool(actions)

    def _begin(self, action: Start | Kill | Ask, at_ms: int) -> None:
        if isinstance(action, Start):
            self.beginnings[action.container] = Beginning(action.run, at_ms)
        elif isinstance(action, Kill):
            self.endings[action.container] = Ending(at_ms, action.grace_ms)
        else:
            self._hands.ask(action)

    def _begin_one(self, at_ms: int) -> bool:
        """A start may take long, and more may have happened by then."""
        for name, beginning in self.beginnings.items():
            if beginning.due_ms is not None and beginning.due_ms <= at_ms:
                self._hands.start(name, beginning)
                return True
        return False

    def _look(self) -> None:
        at_ms = now_ms()
        for beginning in self.beginnings.values():
            if beginning.due_ms is not None:
                beginning.due_ms = min(beginning.due_ms, at_ms)
        if self._farewell is not None:
            self._farewell_due_ms = 0
        elif not self._is_gone:
            self._hands.look(ALL)

    # Ending.

    def _press(self, name: str, ending: Ending, at_ms: int) -> None:
        if name not in self.runs:
            del self.endings[name]
            return
        force = at_ms >= ending.force_ms
        said = self._hands.end(name, force)
        ending.due_ms = ending.force_ms if said and not force else at_ms + self._again_ms

    def _stop(self, grace_ms: int) -> None:
        if self._ended or not grace_ms:
            self._leave(self._say_stopped)
            return
        at_ms = now_ms()
        for ending in self.endings.values():
            if at_ms + grace_ms < ending.force_ms:
                ending.due_ms = ending.force_ms = at_ms + grace_ms
        self._stopping = True
        self._care.stop(grace_ms)
        for name, beginning in self.beginnings.items():
            self._care.not_started(name, beginning.run, at_ms, "the pod is stopped")
        self.beginnings.clear()

    def _say_stopped(self) -> None:
        self._news.stopped(*self._key)

    def _leave(self, farewell: Callable[[], None]) -> None:
        if not self._is_gone:
            self._farewell, self._farewell_due_ms = farewell, 0
            self.beginnings.clear()

    def _remove(self, farewell: Callable[[], None]) -> bool:
        """Remove all of it, if it is time to try; ``True`` once that is done."""
        if now_ms() < self._farewell_due_ms:
            return False
        try:
            self._hands.remove()
        except OSError as exc:
            _LOG.warning("pod=%s epoch=%d error=%s", *self._key, exc)
            self._farewell_due_ms = now_ms() + self._again_ms
            return False
        self._is_gone = True
        self._gone(*self._key)
        farewell()
        return True

    # Telling.

    def _tell(self) -> None:
        if self.is_over:
            return
        uid, epoch = self._key
        state, finished = self._care.state(), self._care.finished
        told = state.ready, state.restarts, self.trouble or state.reason
        if not finished and told != self._told:
            self._told = told
            self._news.is_so(uid, epoch, *told)
        if self._care.ran and not self._told_started:
            self._told_started = True
            self._news.started(uid, epoch)
        self._ended = finished and not self._stopping
        self._hands.settle(self._ended)
        if self._ended:
            self._news.exited(uid, epoch, state.exit_code or 0, state.reason)
