"""Asks machines without waiting for the slow ones."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as NotYet
from functools import partial

from kube9.backends.lanes import Lanes
from kube9.backends.patience import Away
from kube9.backends.ssh.failures import MachineRefused
from kube9.core.errors import BackendError

__all__ = ["Questions"]

#: How long whoever asks is kept; the answer is there when they ask again.
_PATIENCE_S = 3.0

_Answer = Future[bool | None]


class Questions:
    """One question a machine at a time; whoever asks the same meanwhile gets the same answer.

    :param lanes: where they are asked; closed with this.
    """

    def __init__(self, lanes: Lanes, patience_s: float = _PATIENCE_S) -> None:
        self._lanes, self._patience_s = lanes, patience_s
        self._lock = threading.Lock()
        self._asked: dict[str, _Answer] = {}

    def ask(self, uid: str, question: Callable[[], bool | None]) -> bool | None:
        """The answer to ``question``, or to the one before it that nobody has waited for.

        :raises BackendError: there is none, or none yet.
        """
        with self._lock:
            answer = self._asked.get(uid)
            if answer is None:
                answer = self._asked[uid] = Future()
                self._lanes.put(uid, partial(_answer, answer, question))
        try:
            fault = answer.exception(self._patience_s)
        except NotYet:
            raise BackendError("its machine is slow, and has not answered yet; it is asked again") from None
        except CancelledError:
            raise BackendError("its machine is not asked any more, for all are let go of") from None
        self._forget(uid, answer)
        if isinstance(fault, (Away, MachineRefused)):
            raise BackendError(str(fault)) from fault
        if fault is not None:
            raise fault
        return answer.result()

    def close(self) -> None:
        """Ask nothing more."""
        with self._lock:
            for answer in self._asked.values():
                answer.cancel()
        self._lanes.close()

    def _forget(self, uid: str, answer: _Answer) -> None:
        with self._lock:
            if self._asked.get(uid) is answer:
                del self._asked[uid]


def _answer(answer: _Answer, question: Callable[[], bool | None]) -> None:
    if not answer.set_running_or_notify_cancel():
        return
    try:
        answer.set_result(question())
    except BaseException as exc:
        answer.set_exception(exc)
