"""Commands that run in containers for somebody who asked for them, and is to read what they write."""

from __future__ import annotations

import logging
import secrets
import threading
from collections.abc import Callable

from kube9.core.errors import BackendError, Conflict, Overloaded, UnknownName
from kube9.core.pods import Pod
from kube9.core.ports import Clock, CommandSession

__all__ = ["Session", "Sessions"]

_log = logging.getLogger(__name__)

#: How often a command is asked how it ended, and the time between.
_ASKED_MAX, _PAUSE_S = 40, 0.05


class Session:
    """One of them."""

    def __init__(self, pod: Pod, command: CommandSession, now_ms: int) -> None:
        self.id = secrets.token_hex(16)
        self.pod, self.command = pod, command
        #: When somebody last wanted to know something of it.
        self.touched_ms = now_ms
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._read = False

    def begin_reading(self) -> None:
        """:raises Conflict: somebody reads what it writes already."""
        with self._lock:
            if self._read:
                raise Conflict("the output of this command is being read already, and it can be read once")
            self._read = True

    def exit_code(self, closing: threading.Event) -> int | None:
        """What it ended with, once its output has: some engines know that a moment later than they end the output.

        :param closing: set where there is no time to wait.
        """
        for _ in range(_ASKED_MAX):
            code = self.command.exit_code()
            if code is not None or closing.wait(_PAUSE_S):
                return code
        return None

    def write(self, data: bytes, *, close: bool) -> None:
        """Give it some input, and then the end of it; nothing where it has ended.

        :raises Conflict: it has not taken all of the input before.
        """
        if not self._writing.acquire(blocking=False):
            raise Conflict("the command has not taken its input so far; send some more when that was answered")
        try:
            if data:
                self.command.write(data)
            if close:
                self.command.close_input()
        except BackendError:
            # What has ended reads nothing, and nobody minds.
            if self.command.exit_code() is None:
                raise
        finally:
            self._writing.release()


class Sessions:
    """Those there are. One that nobody reads for a while is ended.

    :param most: at a time.
    """

    def __init__(self, most: int, idle_ms: int, clock: Clock) -> None:
        self.most, self.idle_ms = most, idle_ms
        self._clock = clock
        self._lock = threading.Lock()
        self._sessions: dict[str, Session] = {}
        self._beginning = 0

    @property
    def count(self) -> int:
        """How many there are now."""
        return len(self._sessions)

    def begin(self, pod: Pod, run: Callable[[], CommandSession]) -> Session:
        """Have ``run`` begin a command in ``pod``.

        :raises Overloaded: there are as many as there may be.
        """
        with self._lock:
            if len(self._sessions) + self._beginning >= self.most:
                raise Overloaded(f"{self.most} commands run for others already, and there may be no more")
            self._beginning += 1
        try:
            session = Session(pod, run(), self._clock.now_ms())
            with self._lock:
                self._sessions[session.id] = session
        finally:
            with self._lock:
                self._beginning -= 1
        self._watch(session)
        return session

    def get(self, id: str) -> Session:
        """:raises UnknownName: there is none, or no more."""
        session = self._sessions.get(id)
        if session is None:
            raise UnknownName(f"there is no command {id!r}; it is over, or nobody read what it wrote")
        self.touch(session)
        return session

    def touch(self, session: Session) -> None:
        """Somebody is still there for it."""
        session.touched_ms = self._clock.now_ms()

    def end(self, session: Session) -> None:
        """Forget one; nothing if that was done."""
        with self._lock:
            there = self._sessions.pop(session.id, None)
        if there is not None:
            session.command.close()

    def _watch(self, session: Session) -> None:
        self._clock.call_at(session.touched_ms + self.idle_ms, lambda: self._end_if_idle(session))

    def _end_if_idle(self, session: Session) -> None:
        if session.id not in self._sessions:
            return
        if self._clock.now_ms() - session.touched_ms < self.idle_ms:
            self._watch(session)
            return
        _log.info("nobody reads what a command writes, and it is left pod=%s", session.pod.name)
        self.end(session)
