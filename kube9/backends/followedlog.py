"""The log of a pod in memory, read as it grows."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

__all__ = ["FollowedLog"]


class FollowedLog:
    """An iterator over lines, those there are and those to come; waits for each as long as it takes.

    :param read: all the lines there are by now, and whether there can be more.
    :param skip: so many of the first lines are left out.
    :param over: called once when nobody reads any more.
    """

    def __init__(
        self, read: Callable[[], tuple[Sequence[bytes], bool]], skip: int, over: Callable[[FollowedLog], None]
    ) -> None:
        self._read, self._seen, self._over = read, skip, over
        self._bell = threading.Event()
        self._closed = False

    def __iter__(self) -> FollowedLog:
        return self

    def __next__(self) -> bytes:
        while not self._closed:
            # Before the look, so that what changes after it is not slept through.
            self._bell.clear()
            lines, more = self._read()
            if len(lines) > self._seen:
                self._seen += 1
                return lines[self._seen - 1]
            if not more:
                break
            self._bell.wait()
        self.close()
        raise StopIteration

    def ring(self) -> None:
        """There is something new; from any thread."""
        self._bell.set()

    def close(self) -> None:
        """Nobody reads any more; from any thread, also while another one waits for a line."""
        if not self._closed:
            self._closed = True
            self._over(self)
            self._bell.set()
