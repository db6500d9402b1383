"""How many streams are open, and the word for all of them to end."""

from __future__ import annotations

import threading

from kube9.core.errors import NotRunning, Overloaded

__all__ = ["PATIENCE_S", "StreamPlace", "Streams"]

#: A stream looks up so often, whether it is to end.
PATIENCE_S = 0.5


class Streams:
    """Counts streams, each of which holds a thread of the server.

    :param most: at a time; one more would be one thread less for everybody else.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._open = 0
        self._lock = threading.Lock()
        #: Set once all streams are to end.
        self.closing = threading.Event()

    @property
    def open(self) -> int:
        """How many there are now."""
        return self._open

    def enter(self) -> StreamPlace:
        """Take a place.

        :raises Overloaded: all are taken.
        :raises NotRunning: the server is shutting down.
        """
        with self._lock:
            if self.closing.is_set():
                raise NotRunning("the server is shutting down; try again when it is back")
            if self._open >= self.most:
                raise Overloaded(
                    f"{self.most} streams are open already, and there may be no more; ask for what there is by now"
                )
            self._open += 1
        return StreamPlace(self)

    def close(self) -> None:
        """Tell all streams to end, and let no more begin."""
        with self._lock:
            self.closing.set()

    def _leave(self) -> None:
        with self._lock:
            self._open -= 1


class StreamPlace:
    """One stream's place. It is left once, however many notice that the stream is over."""

    def __init__(self, streams: Streams) -> None:
        self._streams: Streams | None = streams

    def leave(self) -> None:
        streams, self._streams = self._streams, None
        if streams is not None:
            streams._leave()  # noqa: SLF001  (they are one thing in two classes)

    def __del__(self) -> None:
        # A client may go before the first byte: nobody then runs, or closes, the answer's body.
        self.leave()
