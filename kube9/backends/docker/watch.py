"""Hears from the engine what becomes of nodes' containers."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from kube9.backends.docker.engine import Engine, EngineAway, EngineRefused
from kube9.backends.docker.marks import Marks
from kube9.core.errors import BackendError

__all__ = ["EngineWatch", "keep_alive"]

_log = logging.getLogger(__name__)

_PAUSE_S, _PAUSE_S_MAX = 0.1, 5.0
_ACTIONS = ("start", "die", "oom", "destroy")


class EngineWatch:
    """One thread that follows the engine's events, and looks at everything anew when it missed some.

    :param connected: called each time that events are followed from now on; whatever was before, it has to look at.
    :param happened: called with what happened (start, die, oom or destroy) and the uid of the node.
    :param closing: set before :meth:`close` is called.
    """

    def __init__(
        self,
        engine: Engine,
        marks: Marks,
        connected: Callable[[], None],
        happened: Callable[[str, str], None],
        closing: threading.Event,
    ) -> None:
        self._engine, self._marks = engine, marks
        self._connected, self._happened, self._closing = connected, happened, closing
        self._stream: Any = None
        self._thread = threading.Thread(target=self._run, name="kube9-engine-watch", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Hear nothing more."""
        with suppress(Exception):
            self._stream.close()
        self._thread.join()

    def _run(self) -> None:
        failures, said = 0, False
        while not self._closing.is_set():
            heard = False
            try:
                heard = self._follow()
                why = f"the engine at {self._engine.endpoint} ended its stream of events"
            except (BackendError, EngineAway, EngineRefused) as exc:
                why = str(exc)
            except Exception as exc:
                _log.exception("following the engine's events failed")
                why = repr(exc)
            if heard:
                failures, said = 0, False
            if not said and not self._closing.is_set():
                _log.warning("%s; trying again until it is back", why)
                said = True
            self._closing.wait(min(_PAUSE_S * 2 ** min(failures, 10), _PAUSE_S_MAX))
            failures += 1

    def _follow(self) -> bool:
        """Until the stream ends; whether there was one."""
        labels = list(self._marks.of_nodes)
        with self._engine.stream() as client:
            stream = client.events(filters={"type": "container", "label": labels, "event": list(_ACTIONS)}, decode=True)
            self._stream = stream
            try:
                if self._closing.is_set():
                    return True
                keep_alive(getattr(stream, "_response", None))
                # Only now: what happens from here on is heard.
                self._connected()
                for event in stream:
                    self._hear(event)
            finally:
                self._stream = None
                with suppress(Exception):
                    stream.close()
        return True

    def _hear(self, event: dict[str, Any]) -> None:
        about = event.get("Actor") or {}
        uid = self._marks.node_uid({"Labels": about.get("Attributes")})
        action = str(event.get("Action", ""))
        if uid and action in _ACTIONS:
            self._happened(action, uid)


def keep_alive(response: Any) -> bool:
    """Notice within half a minute that an engine elsewhere is gone that did not say so; whether it could be asked for.

    A stream on which nothing happens looks the same whether anybody is there or not.
    """
    raw = getattr(getattr(getattr(getattr(response, "raw", None), "_fp", None), "fp", None), "raw", None)
    connection = getattr(raw, "_sock", None)
    if not isinstance(connection, socket.socket) or connection.family == socket.AF_UNIX:
        return False
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (("TCP_KEEPIDLE", 10), ("TCP_KEEPINTVL", 5), ("TCP_KEEPCNT", 4)):
        if hasattr(socket, name):  # not everywhere
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
    return True
