"""Starts of nodes of which nobody knows yet whether they succeed."""

from __future__ import annotations

import threading

from kube9.core.stimuli import CreateNodeFailed, RestartNodeFailed

__all__ = ["Boots", "Failure"]

Failure = type[CreateNodeFailed] | type[RestartNodeFailed]


class Boots:
    """What is to be told if a node's container dies soon after its start, which counts as a start that failed.

    :param window_ms: a node that lived for longer has joined, as far as its container goes.
    """

    def __init__(self, window_ms: int) -> None:
        self._window_ms = window_ms
        self._lock = threading.Lock()
        self._begun: dict[str, tuple[Failure, int]] = {}

    def begin(self, uid: str, failure: Failure, now_ms: int) -> None:
        """It is about to be started."""
        with self._lock:
            self._begun[uid] = (failure, now_ms)

    def end(self, uid: str) -> None:
        """However it went, it is no longer of interest."""
        with self._lock:
            self._begun.pop(uid, None)

    def died(self, uid: str, now_ms: int) -> Failure | None:
        """It is down: what that means for its start, said once; ``None`` where it lived long enough."""
        with self._lock:
            failure, since_ms = self._begun.pop(uid, (None, 0))
        return failure if failure is not None and now_ms - since_ms <= self._window_ms else None
