"""The wish that a server end, whoever has it: a signal, or the server itself."""

from __future__ import annotations

import signal
from queue import SimpleQueue
from types import FrameType, TracebackType

__all__ = ["Signals"]

_ENDING = (signal.SIGINT, signal.SIGTERM)


class Signals:
    """Takes SIGINT and SIGTERM while it is entered. The first is a wish; the next ends the process at once."""

    def __init__(self) -> None:
        # Not an Event: a signal that comes while the main thread begins to wait for one would wait for that thread.
        self._wishes: SimpleQueue[str] = SimpleQueue()
        self._before: dict[signal.Signals, object] = {}
        #: Why to end, for people.
        self.reason = ""
        #: Why the server cannot go on; empty where it was told to end.
        self.failure = ""

    def __enter__(self) -> Signals:  # noqa: PYI034  (typing.Self comes with Python 3.11)
        self._before = {number: signal.signal(number, self._take) for number in _ENDING}
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, at: TracebackType | None) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)  # type: ignore[arg-type]  # it is what signal() returned

    def fail(self, reason: str) -> None:
        """End because the server cannot go on; from any thread."""
        self.failure = reason
        self._end(reason)

    @property
    def told(self) -> bool:
        """Whether it is time to end."""
        return bool(self.reason)

    def wait(self) -> None:
        """Wait for the wish, in the main thread."""
        self._wishes.put(self._wishes.get())

    def _take(self, number: int, _: FrameType | None) -> None:
        for each in _ENDING:
            signal.signal(each, signal.SIG_DFL)
        self._end(signal.Signals(number).name)

    def _end(self, reason: str) -> None:
        self.reason = self.reason or reason
        self._wishes.put(reason)
