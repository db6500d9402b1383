"""The wish that a server end, whoever has it: a signal, or the server itself."""

from __future__ import annotations

import signal
import socket
from contextlib import suppress
from types import FrameType, TracebackType

__all__ = ["Signals"]

_ENDING = (signal.SIGINT, signal.SIGTERM)


class Signals:
    """Takes SIGINT and SIGTERM while it is entered. The first is a wish; the next ends the process at once.

    It waits at a socket, into which Python writes at the moment when a signal comes. At a lock, one that comes right
    before the waiting would be seen with the next one only.
    """

    def __init__(self) -> None:
        self._before: dict[signal.Signals, object] = {}
        self._wakeup_before = -1
        #: Why to end, for people.
        self.reason = ""
        #: Why the server cannot go on; empty where it was told to end.
        self.failure = ""

    def __enter__(self) -> Signals:  # noqa: PYI034  (typing.Self comes with Python 3.11)
        self._bell, self._ear = socket.socketpair()
        self._bell.setblocking(False)
        self._wakeup_before = signal.set_wakeup_fd(self._bell.fileno(), warn_on_full_buffer=False)
        self._before = {number: signal.signal(number, self._take) for number in _ENDING}
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, at: TracebackType | None) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)  # type: ignore[arg-type]  # it is what signal() returned
        signal.set_wakeup_fd(self._wakeup_before)
        self._bell.close()
        self._ear.close()

    def fail(self, reason: str) -> None:
        """End because the server cannot go on; from any thread."""
        self.failure = reason
        self.reason = self.reason or reason
        with suppress(OSError):  # nobody waits any more, or has heard enough
            self._bell.send(b"!")

    @property
    def told(self) -> bool:
        """Whether it is time to end."""
        return bool(self.reason)

    def wait(self) -> None:
        """Wait for the wish, in the main thread."""
        while not self.told:
            self._ear.recv(64)

    def _take(self, number: int, _: FrameType | None) -> None:
        for each in _ENDING:
            signal.signal(each, signal.SIG_DFL)
        self.reason = self.reason or signal.Signals(number).name
