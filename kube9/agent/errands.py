"""Tells the runtime what to start and to stop, in the order it was asked for, so that nobody waits who holds a lock."""

from __future__ import annotations

import logging
import threading
from collections import deque
from typing import Callable  # noqa: UP035  (Python 3.8)

__all__ = ["Errands"]

_log = logging.getLogger("kube9.agent.errands")


class Errands:
    """One thread that does one thing after the other."""

    def __init__(self) -> None:
        self._waiting: deque[Callable[[], None]] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="kube9-errands", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def put(self, errand: Callable[[], None]) -> None:
        """Have something done after all that was put before."""
        with self._changed:
            self._waiting.append(errand)
            self._changed.notify()

    def close(self) -> None:
        """Begin nothing more."""
        with self._changed:
            self._closed = True
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._waiting and not self._closed:
                    self._changed.wait()
                if self._closed:
                    return
                errand = self._waiting.popleft()
            try:
                errand()
            except Exception:
                _log.exception("the runtime has failed")
