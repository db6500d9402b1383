"""Writes a recording of heartbeats while they come."""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from typing import TextIO, final

from kube9.core.errors import FileError
from kube9.heartbeats.beatfile import BEAT, COLUMNS, DOWN, GONE, UP

__all__ = ["Recorder"]

_log = logging.getLogger(__name__)

#: After what each event may come: a beat of a node that is down was on its way when that happened, and is left out.
_MAY_FOLLOW = {BEAT: (None, UP), DOWN: (None, UP), UP: (None, UP, DOWN, GONE), GONE: (UP, DOWN)}


@final
class Recorder:
    """Notes what is heard of nodes, from any thread, in a file that ``beatfile.read_beats`` reads.

    What cannot be written, because the disk is full, ends the recording and nothing else.

    :param stream: closed with the recorder.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        #: Whether each node is up, down or gone.
        self._states: dict[str, str] = {}
        self._last_ms = 0
        self._write(COLUMNS)

    @classmethod
    def create(cls, path: str) -> Recorder:
        """:raises FileError: there is such a file already, or it cannot be made."""
        try:
            # Line by line, so that also after a kill no line is there in part.
            return cls(Path(path).open("x", buffering=1, encoding="utf-8", newline=""))
        except FileExistsError as exc:
            raise FileError(path, "there is such a file already; recordings are made in new files") from exc
        except OSError as exc:
            raise FileError(path, f"cannot be written: {exc.strerror or exc}") from exc

    def note(self, event: str, node_name: str, at_ms: int) -> None:
        """Note one event of a node, unless it makes no sense after the one before."""
        with self._lock:
            if self._stream.closed or self._states.get(node_name) not in _MAY_FOLLOW[event]:
                return
            before = self._states.get(node_name)
            self._states[node_name] = UP if event == BEAT else event
            # Threads may come here in another order than they looked at the clock.
            self._last_ms = max(self._last_ms, at_ms)
            if event == DOWN and before is None:
                # It was up, if only for so short a time that nobody has said so.
                self._write((node_name, str(self._last_ms), UP))
            self._write((node_name, str(self._last_ms), "" if event == BEAT else event))

    def close(self) -> None:
        """Note nothing more. May be called again."""
        with self._lock:
            self._stream.close()

    def _write(self, cells: tuple[str, ...]) -> None:
        try:
            # Names of nodes have nothing in them that would need quotes.
            self._stream.write(",".join(cells) + "\n")
        except OSError as exc:
            _log.error("heartbeats are not recorded any more: %s", exc.strerror or exc)
            self._give_up()

    def _give_up(self) -> None:
        try:
            self._stream.close()
        except OSError:
            _log.debug("what was left could not be written either")
