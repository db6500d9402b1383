"""The agent's side of its talk with the warden."""

from __future__ import annotations

import array
import json
import os
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from kube9.agent.wardenplace import SOCKET

__all__ = ["WardenAway", "WardenLink", "WardenRefused", "connect"]

_PIECE_BYTES = 65_536
_PATIENCE_S = 15.0


class WardenAway(OSError):
    """It does not answer."""


class WardenRefused(Exception):
    """It does not do what it was asked for, and says why."""


def connect(folder: str) -> socket.socket:
    """A connection to the warden of a node.

    :raises WardenAway: there is none.
    """
    link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        place = os.open(os.path.dirname(f"{folder}/{SOCKET}"), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            # The whole path of a socket may have but a hundred letters.
            link.connect(f"/proc/self/fd/{place}/{os.path.basename(SOCKET)}")
        finally:
            os.close(place)
    except OSError as exc:
        link.close()
        raise WardenAway(f"the warden of {folder} is not there: {exc.strerror}") from exc
    return link


class WardenLink:
    """One connection, for questions of any thread. News come on a thread of its own.

    :param heard: is told each event.
    :param lost: is called once, when the warden is not there any more.
    :raises WardenAway: there is none.
    """

    def __init__(
        self,
        folder: str,
        heard: Callable[[Mapping[str, Any]], None] = lambda _: None,
        lost: Callable[[], None] = lambda: None,
    ) -> None:
        self._link = connect(folder)
        self._link.settimeout(_PATIENCE_S)
        self._heard, self._lost = heard, lost
        self._changed = threading.Condition()
        self._sending = threading.Lock()
        self._answers: dict[int, Mapping[str, Any]] = {}
        self._asked = 0
        self._over = self._closed = False
        self._thread = threading.Thread(target=self._run, name="kube9-warden", daemon=True)
        self._thread.start()

    def ask(
        self, do: str, files: Sequence[int] = (), timeout_s: float = _PATIENCE_S, **about: Any
    ) -> Mapping[str, Any]:
        """Ask, and wait for the answer.

        :raises WardenAway: there was none in time.
        :raises WardenRefused: it will not.
        """
        with self._changed:
            self._asked += 1
            number = self._asked
        self._send({"do": do, "id": number, **about}, files)
        end_s = time.monotonic() + timeout_s
        with self._changed:
            while number not in self._answers:
                if self._over:
                    raise WardenAway("the warden is gone")
                left_s = end_s - time.monotonic()
                if left_s <= 0:
                    raise WardenAway(f"the warden did not answer within {timeout_s:g} s")
                self._changed.wait(left_s)
            answer = self._answers.pop(number)
        if "error" in answer:
            raise WardenRefused(answer["error"])
        return answer

    def tell(self, do: str, **about: Any) -> None:
        """Say something that needs no answer.

        :raises WardenAway:
        """
        self._send({"do": do, **about}, ())

    def close(self) -> None:
        """Hear nothing more."""
        self._closed = True
        with suppress(OSError):
            self._link.shutdown(socket.SHUT_RDWR)
        if self._thread is not threading.current_thread():
            self._thread.join()

    @property
    def over(self) -> bool:
        return self._over

    def _send(self, question: Mapping[str, Any], files: Sequence[int]) -> None:
        data = json.dumps(question).encode("ascii") + b"\n"
        try:
            with self._sending:
                if files:
                    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", files))]
                    data = data[self._link.sendmsg([data], rights) :]
                self._link.sendall(data)
        except OSError as exc:
            raise WardenAway(f"the warden is gone: {exc}") from exc

    def _run(self) -> None:
        try:
            self._listen()
        except Exception:
            import logging  # whoever only asks need not load it

            # Whoever has missed something looks at everything anew, as when the warden is lost.
            logging.getLogger(__name__).exception("what the warden tells could not be taken in")
        with self._changed:
            self._over = True
            self._changed.notify_all()
        self._link.close()
        if not self._closed:
            self._lost()

    def _listen(self) -> None:
        received = b""
        while True:
            try:
                data = self._link.recv(_PIECE_BYTES)
            except socket.timeout:  # noqa: UP041  (two different things before Python 3.10)
                continue
            except OSError:
                return
            if not data:
                return
            *lines, received = (received + data).split(b"\n")
            for line in lines:
                self._take(json.loads(line))

    def _take(self, document: Mapping[str, Any]) -> None:
        if "event" in document:
            self._heard(document)
            return
        with self._changed:
            self._answers[document["id"]] = document
            self._changed.notify_all()
