"""Runs a command in a container that runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import NamedTuple

from kube9.agent.engine import Engine

__all__ = ["OUTPUT_BYTES_MAX", "Done", "run_command"]

#: What is kept of what it writes; the rest is read and dropped.
OUTPUT_BYTES_MAX = 4_096
_HEAD_BYTES = 8
_LOOK_S = 0.01


class Done(NamedTuple):
    exit_code: int
    #: The beginning of what it wrote, of both kinds as they came.
    output: bytes


def run_command(engine: Engine, container: str, command: Sequence[str], timeout_s: float) -> Done:
    """Run it to its end.

    :raises TimeoutError: that took too long; the engine knows no way to end what runs, so that it may go on.
    :raises EngineError, EngineAway:
    """
    end_s = time.monotonic() + timeout_s
    about = {"AttachStdout": True, "AttachStderr": True, "Cmd": list(command)}
    exec_id = engine.ask("POST", f"/containers/{container}/exec", about)["Id"]
    stream = engine.stream("POST", f"/exec/{exec_id}/start", {"Detach": False, "Tty": False})
    output = _Output()
    try:
        stream.limit(max(0.001, end_s - time.monotonic()))
        for part in stream.parts():
            output.add(part)
            left_s = end_s - time.monotonic()
            if left_s <= 0:
                raise TimeoutError
            stream.limit(left_s)
    finally:
        stream.close()
    return Done(_exit_code(engine, exec_id, end_s), output.kept)


def _exit_code(engine: Engine, exec_id: str, end_s: float) -> int:
    """What it wrote may end a little before the engine knows how it ended itself."""
    waiting = threading.Event()
    while True:
        told = engine.ask("GET", f"/exec/{exec_id}/json")
        if not told["Running"] and told["ExitCode"] is not None:
            return int(told["ExitCode"])
        if time.monotonic() >= end_s:
            raise TimeoutError
        waiting.wait(_LOOK_S)


class _Output:
    """Takes the two kinds of output apart from what says which and how long each piece is."""

    def __init__(self) -> None:
        self.kept = b""
        self._rest = b""
        self._left = 0

    def add(self, part: bytes) -> None:
        data = self._rest + part
        while data:
            if not self._left:
                if len(data) < _HEAD_BYTES:
                    break
                self._left, data = int.from_bytes(data[4:_HEAD_BYTES], "big"), data[_HEAD_BYTES:]
                continue
            piece, data = data[: self._left], data[self._left :]
            self._left -= len(piece)
            self.kept += piece[: OUTPUT_BYTES_MAX - len(self.kept)]
        self._rest = data
