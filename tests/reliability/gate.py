"""Where clients wait while nothing of theirs may be under way."""

from __future__ import annotations

import threading

__all__ = ["Gate"]


class Gate:
    """Shut at first. Clients pass it before each request, and so do none while it is shut."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._open = False
        self._clients = self._waiting = 0

    def join(self) -> None:
        """One client more."""
        with self._changed:
            self._clients += 1

    def leave(self) -> None:
        """One client less."""
        with self._changed:
            self._clients -= 1
            self._changed.notify_all()

    def pass_through(self) -> None:
        """Wait until it is open."""
        with self._changed:
            self._waiting += 1
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._open)
            self._waiting -= 1

    def open(self) -> None:
        with self._changed:
            self._open = True
            self._changed.notify_all()

    def shut(self, patience_s: float) -> bool:
        """Shut it and wait until every client stands before it; ``False`` if one did not come in time."""
        with self._changed:
            self._open = False
            return self._changed.wait_for(lambda: self._waiting == self._clients, patience_s)
