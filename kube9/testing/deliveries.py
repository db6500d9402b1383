"""Where a backend under test delivers to: keeps what came, and lets a test wait for it on any clock."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TypeVar

from kube9.clocks import VirtualClock
from kube9.core.ports import Clock
from kube9.core.stimuli import Heartbeat, PodStarted, Stimulus

__all__ = ["Deliveries", "Readying"]

S = TypeVar("S", bound=Stimulus)


class Deliveries:
    """Every stimulus that was delivered, in the order it came. Call it to deliver; any thread may."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._arrived = threading.Condition()
        self._caller: int | None = None
        #: How many came that were no heartbeats.
        self._words = 0
        #: What came, oldest first.
        self.all: list[Stimulus] = []
        #: What came on a thread that was inside a call to the backend, where the caller may hold locks.
        self.within_calls: list[Stimulus] = []

    def __call__(self, stimulus: Stimulus) -> None:
        """Deliver ``stimulus``."""
        with self._arrived:
            self.all.append(stimulus)
            self._words += not isinstance(stimulus, Heartbeat)
            if threading.get_ident() == self._caller:
                self.within_calls.append(stimulus)
            self._arrived.notify_all()

    def of(self, kind: type[S], uid: str, epoch: int | None = None) -> list[S]:
        """What came of one kind about a node, or about a pod and, unless it is ``None``, this epoch of it."""
        with self._arrived:
            about = [each for each in self.all if isinstance(each, kind) and getattr(each, "uid", None) == uid]
        return [each for each in about if epoch is None or getattr(each, "epoch", None) == epoch]

    @contextmanager
    def during_call(self) -> Iterator[None]:
        """Note in ``within_calls`` what this thread delivers meanwhile."""
        self._caller = threading.get_ident()
        try:
            yield
        finally:
            self._caller = None

    def wait_for(self, wanted: Callable[[], bool], patience_ms: int) -> bool:
        """Let time pass until ``wanted()`` holds, at most ``patience_ms``; returns whether it does.

        A virtual clock is moved from one action to the next; on any other, each delivery leads to another look.
        """
        if isinstance(self.clock, VirtualClock):
            end_ms = self.clock.now_ms() + patience_ms
            while not wanted() and self.clock.next_at_ms is not None and self.clock.next_at_ms <= end_ms:
                self.clock.run_next()
            return wanted()
        with self._arrived:
            return self._arrived.wait_for(wanted, patience_ms / 1000)

    def settle(self, quiet_ms: int) -> None:
        """Let time pass until nothing but heartbeats has come for ``quiet_ms``; on a virtual clock, just that long."""
        if isinstance(self.clock, VirtualClock):
            self.clock.advance(quiet_ms)
            return
        with self._arrived:
            words = -1
            while words != self._words:
                words = self._words
                self._arrived.wait_for(partial(self._more_words, words), quiet_ms / 1000)

    def _more_words(self, words: int) -> bool:
        return self._words > words


class Readying(Deliveries):
    """Has a pod become ready that was told as started, and none before: a pause may be over too soon, or be long.

    :param make_ready: is given the pod's uid.
    """

    def __init__(self, clock: Clock, make_ready: Callable[[str], object]) -> None:
        super().__init__(clock)
        self._make_ready = make_ready

    def __call__(self, stimulus: Stimulus) -> None:
        """Deliver ``stimulus``, and do what is due by it."""
        super().__call__(stimulus)
        if isinstance(stimulus, PodStarted):
            self._make_ready(stimulus.uid)
