"""Delivers messages one after the other, on a thread of its own, so that whoever hands them in never waits."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections import deque

import requests

from kube9_notify.messages import Message
from kube9_notify.post import Refused, TryLater, post
from kube9_notify.settings import Settings

__all__ = ["Courier"]

# Under kube9's own name, so that `kube9 serve` shows it among its own.
_log = logging.getLogger("kube9.notify")


class Courier:
    """A bounded queue, and a thread that empties it in order. The thread starts with the first message."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._waiting: deque[Message] = deque()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        #: When everything must be over, on the monotonic clock; ``None`` until the end was asked for.
        self._deadline_s: float | None = None
        #: Messages that were dropped since one was delivered.
        self._dropped = 0

    def put(self, message: Message) -> None:
        """Let a message be delivered, if there is room for it; returns at once."""
        with self._changed:
            if self._deadline_s is not None:
                return
            if len(self._waiting) >= self._settings.waiting_max:
                if not self._dropped:
                    _log.warning("%d messages wait for %s: new ones are dropped", len(self._waiting), self._receiver)
                self._dropped += 1
                return
            self._waiting.append(message)
            if self._thread is None:
                # Of those that an interpreter does not wait for: close() does, and no longer than is set.
                self._thread = threading.Thread(target=self._run, name="kube9-notify", daemon=True)
                self._thread.start()
            self._changed.notify()

    def close(self) -> None:
        """Deliver what is left, and end: when a message is not taken, or when the time of grace is over."""
        grace_s = self._settings.grace_ms / 1000
        with self._changed:
            self._deadline_s = time.monotonic() + grace_s
            self._changed.notify()
            thread = self._thread
        if thread is not None:
            thread.join(grace_s)
        if left := len(self._waiting) + self._dropped:
            _log.warning("%d messages were not delivered to %s by the time the server ended", left, self._receiver)

    @property
    def _receiver(self) -> str:
        return self._settings.receiver

    def _run(self) -> None:
        with requests.Session() as session:
            while (message := self._next()) is not None and self._deliver(session, message):
                with self._changed:
                    # It stays in its place until here, so that whoever counts those that wait counts it.
                    self._waiting.popleft()

    def _next(self) -> Message | None:
        """Wait for a message; ``None`` when there will be none, or no time for one."""
        with self._changed:
            while not self._waiting:
                if self._deadline_s is not None:
                    return None
                self._changed.wait()
            return self._waiting[0] if self._time_left_s() > 0 else None

    def _deliver(self, session: requests.Session, message: Message) -> bool:
        """Try until it is taken or there is no sense in it; ``False`` if the end came before that."""
        dropped = self._dropped
        body = message.body(dropped)
        for attempt in range(1, self._settings.attempts + 1):
            try:
                timeout_s = min(self._settings.timeout_ms / 1000, self._time_left_s())
                post(self._settings, session, message.event, message.id, body, max(timeout_s, 0.001))
            except TryLater as exc:
                if self._deadline_s is not None:
                    return False
                if attempt == self._settings.attempts:
                    self._give_up(message, f"{exc}, after {attempt} tries")
                else:
                    self._pause(attempt, exc)
            except Refused as exc:
                self._give_up(message, str(exc))
                return True
            else:
                with self._changed:
                    self._dropped -= dropped
                return True
        return True

    def _pause(self, attempt: int, why: TryLater) -> None:
        """Wait before the next try; until the end is asked for at most."""
        pause_ms = min(self._settings.backoff_ms << (attempt - 1), self._settings.backoff_ms_max)
        if attempt == 1:
            _log.warning("%s does not take messages (%s); trying again", self._receiver, why)
        # Up to a quarter less, so that many servers do not come back all at once.
        pause_s = pause_ms * random.uniform(0.75, 1) / 1000
        with self._changed:
            self._changed.wait_for(lambda: self._deadline_s is not None, pause_s)

    def _give_up(self, message: Message, why: str) -> None:
        with self._changed:
            self._dropped += 1
        _log.error("%s %s was not delivered to %s: %s", message.event, message.id, self._receiver, why)

    def _time_left_s(self) -> float:
        return threading.TIMEOUT_MAX if self._deadline_s is None else self._deadline_s - time.monotonic()
