"""Hears from the engine what happens to the containers of a node."""

from __future__ import annotations

import logging
import threading
from typing import Any, Callable  # noqa: UP035  (Python 3.8)

from kube9.agent import labels
from kube9.agent.engine import Engine, EngineAway, EngineError, Stream
from kube9.agent.sweep import copy_of

__all__ = ["Heard", "Watch"]

_LOG = logging.getLogger(__name__)
#: Between two attempts to hear anything.
_PAUSE_S, _PAUSE_S_MAX = 0.1, 2.0

#: Is told what happened (``die`` or ``oom``), to which copy, and to which container of it.
Heard = Callable[[str, "tuple[str, int]", str], None]


class Watch:
    """One thread.

    :param linked: called whenever events begin to come: what happened before is to be found out otherwise.
    """

    def __init__(self, engine: Engine, node_uid: str, heard: Heard, linked: Callable[[], None]) -> None:
        self._engine, self._heard, self._linked = engine, heard, linked
        filters = {"type": ["container"], "event": ["die", "oom"], "label": [f"{labels.NODE_UID}={node_uid}"]}
        self._query = {"filters": filters}
        self._closed = threading.Event()
        self._lock = threading.Lock()
        self._stream: Stream | None = None
        self._thread = threading.Thread(target=self._run, name="kube9-events", daemon=True)
        self._thread.start()

    def close(self) -> None:
        with self._lock:
            self._closed.set()
            if self._stream is not None:
                self._stream.close()
        self._thread.join(_PAUSE_S_MAX)

    def _run(self) -> None:
        pause_s = _PAUSE_S
        while not self._closed.is_set():
            try:
                stream = self._engine.stream("GET", "/events", query=self._query)
                pause_s = _PAUSE_S
                self._listen(stream)
            except (EngineAway, EngineError, ValueError) as exc:
                if not self._closed.is_set():
                    _LOG.warning("engine=%s error=%s", self._engine.address, exc)
            self._closed.wait(pause_s)
            pause_s = min(2 * pause_s, _PAUSE_S_MAX)

    def _listen(self, stream: Stream) -> None:
        with self._lock:
            self._stream = stream
        try:
            if self._closed.is_set():
                return
            self._linked()
            for event in stream.lines():
                self._tell(event)
        finally:
            with self._lock:
                self._stream = None
            stream.close()

    def _tell(self, event: Any) -> None:
        theirs = (event.get("Actor") or {}).get("Attributes") or {}
        copy = copy_of({"Labels": theirs})
        if copy is not None:
            self._heard(event.get("Action", ""), copy, theirs.get(labels.CONTAINER, ""))
