"""The two clocks: a real one with a timer thread, and a virtual one that moves only when told."""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import final

from kube9.core.errors import InvalidInput

__all__ = ["Action", "RealClock", "VirtualClock"]

logger = logging.getLogger(__name__)

Action = Callable[[], None]

#: When it is due, a serial number that keeps the order of asking among equals, and what to do.
_Due = tuple[int, int, Action]


class VirtualClock:
    """Time that moves only when told, for one thread; actions run inside the call that moves it.

    An exception of an action passes through that call. The clock then stands at that action's time, and the action
    is not run again.
    """

    __slots__ = ("_due", "_now_ms", "_serial")

    def __init__(self, now_ms: int = 0) -> None:
        self._now_ms = now_ms
        self._due: list[_Due] = []
        self._serial = itertools.count()

    def now_ms(self) -> int:
        """Virtual milliseconds since the simulation's zero."""
        return self._now_ms

    @property
    def next_at_ms(self) -> int | None:
        """When the next action is due; ``None`` if none was asked for."""
        return self._due[0][0] if self._due else None

    def call_at(self, at_ms: int, action: Action) -> None:
        """Run ``action`` when the clock gets to ``at_ms``, or at its next move where that is past already."""
        # A time in the past counts as now, so that it cannot overtake what was asked for earlier and is due now.
        at_ms = max(at_ms, self._now_ms)
        heapq.heappush(self._due, (at_ms, next(self._serial), action))

    def run_next(self) -> bool:
        """Go to the next action and run it; ``False`` if there is none."""
        if not self._due:
            return False
        self._now_ms, _, action = heapq.heappop(self._due)
        action()
        return True

    def move_to(self, at_ms: int) -> None:
        """Go to ``at_ms``, before which nothing may be due, and leave what is due at that moment for later.

        :raises InvalidInput: that is past, or something is due before it.
        """
        if at_ms < self._now_ms or (self._due and self._due[0][0] < at_ms):
            raise InvalidInput(f"the clock stands at {self._now_ms} ms and cannot move straight to {at_ms} ms")
        self._now_ms = at_ms

    def run_until(self, at_ms: int) -> None:
        """Go to ``at_ms``, running on the way, in order, every action due by then, new ones included.

        :raises InvalidInput: that is past.
        """
        if at_ms < self._now_ms:
            raise InvalidInput(f"the clock stands at {self._now_ms} ms and cannot go back to {at_ms} ms")
        while self._due and self._due[0][0] <= at_ms:
            self.run_next()
        self._now_ms = at_ms

    def advance(self, ms: int) -> None:
        """Go on by ``ms``, as :meth:`run_until` does."""
        self.run_until(self._now_ms + ms)


@final
class RealClock:
    """The time of day, and one thread that runs whatever is due, one action after the other.

    :meth:`now_ms` is Unix time when the clock was made plus what has passed since by the monotonic clock, so it
    does not follow later corrections of the time of day. The thread starts with the first :meth:`call_at` and keeps
    the process alive until :meth:`close`. An action that raises is logged, and the next one runs.
    """

    def __init__(self) -> None:
        self._offset_ns = time.time_ns() - time.monotonic_ns()
        self._due: list[_Due] = []
        self._serial = itertools.count()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closed = False

    def now_ms(self) -> int:
        """Milliseconds since the Unix epoch; never runs backwards."""
        return (time.monotonic_ns() + self._offset_ns) // 1_000_000

    def call_at(self, at_ms: int, action: Action) -> None:
        """Run ``action`` on the timer's thread at ``at_ms``, or at once where that is past; never after a close."""
        with self._changed:
            if self._closed:
                return
            due = (max(at_ms, self.now_ms()), next(self._serial), action)
            heapq.heappush(self._due, due)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="kube9-clock", daemon=False)
                self._thread.start()
            elif self._due[0] is due:  # for any other it need not wake up
                self._changed.notify()

    def close(self) -> None:
        """Drop what is not due yet and end the thread, after the action it is running. May be called again."""
        with self._changed:
            self._closed = True
            self._due.clear()
            self._changed.notify()
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def __enter__(self) -> RealClock:
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _run(self) -> None:
        while (action := self._next()) is not None:
            try:
                action()
            except Exception:
                # This thread serves everybody: one action that raises must not silence the rest.
                logger.exception("an action of the clock failed; action=%r", action)

    def _next(self) -> Action | None:
        """Wait for the next action that is due; ``None`` once closed."""
        with self._changed:
            while not self._closed:
                wait_ms = self._due[0][0] - self.now_ms() if self._due else None
                if wait_ms is not None and wait_ms <= 0:
                    return heapq.heappop(self._due)[2]
                # Far-away times are waited for in parts: a lock refuses to wait for longer than TIMEOUT_MAX.
                self._changed.wait(None if wait_ms is None else min(wait_ms / 1000, threading.TIMEOUT_MAX))
            return None
