"""A command that runs in a container, over one connection to the engine."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from typing import Any

from kube9.backends.docker.engine import Engine, EngineAway, EngineRefused
from kube9.core.errors import BackendError, Conflict

__all__ = ["DockerCommand"]

#: What the engine says of what is not there, and what a process exits with that was killed.
_GONE, _KILLED = 404, 137

_PIECE_BYTES = 65_536
_HEADER = struct.Struct(">BxxxL")


class DockerCommand:
    """Implements :class:`kube9.core.ports.CommandSession`.

    :raises Conflict: the container does not run.
    :raises BackendError: the engine refused, or is away.
    """

    def __init__(self, engine: Engine, container: str, command: Sequence[str], *, terminal: bool) -> None:
        self._engine, self._terminal = engine, terminal
        self._closed = threading.Event()
        self._writing = threading.Lock()
        #: Holds one of the engine's streams until it is closed.
        self._held = ExitStack()
        try:
            with engine.calls() as client:
                made = client.exec_create(container, list(command), stdin=True, tty=terminal)
            self._id = str(made["Id"])
            client = self._held.enter_context(engine.stream())
            with engine.answers():
                raw: Any = client.exec_start(self._id, tty=terminal, socket=True)
        except EngineRefused as exc:
            self._held.close()
            kind = Conflict if exc.status == 409 else BackendError
            raise kind(f"the command cannot be run: {exc}") from exc
        except EngineAway as exc:
            self._held.close()
            raise BackendError(str(exc)) from exc
        # The buffer that the answer's head was read from may hold what the command has written already.
        response = getattr(raw, "_response", None)
        self._reader: Any = raw if response is None else response.raw._fp.fp  # noqa: SLF001
        self._socket: Any = getattr(raw, "_sock", raw)
        if hasattr(self._socket, "settimeout"):
            self._socket.settimeout(None)

    def output(self) -> Iterator[tuple[int, bytes]]:
        """1 and what went to stdout, or 2 and what went to stderr, as it comes."""
        try:
            yield from self._terminal_output() if self._terminal else self._frames()
        except (OSError, ValueError) as exc:
            if not self._closed.is_set():
                raise BackendError(f"the connection to the command broke: {exc}") from exc
        finally:
            self.close()

    def _terminal_output(self) -> Iterator[tuple[int, bytes]]:
        while piece := self._some(_PIECE_BYTES):
            yield 1, piece

    def _frames(self) -> Iterator[tuple[int, bytes]]:
        while len(header := self._exactly(_HEADER.size)) == _HEADER.size:
            stream, left = _HEADER.unpack(header)
            while left:
                piece = self._some(min(left, _PIECE_BYTES))
                if not piece:
                    return
                left -= len(piece)
                yield (2 if stream == 2 else 1), piece

    def _some(self, most: int) -> bytes:
        read = getattr(self._reader, "read1", None) or getattr(self._reader, "recv", None) or self._reader.read
        return bytes(read(most) or b"")

    def _exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count and (piece := self._some(count - len(data))):
            data += piece
        return data

    def write(self, data: bytes) -> None:
        """Give it something to read."""
        try:
            with self._writing:
                self._socket.sendall(data)
        except OSError as exc:
            raise BackendError(f"the command reads no more: {exc}") from exc

    def close_input(self) -> None:
        """It reads the end of its input from here on."""
        with self._writing, suppress(OSError):
            if isinstance(self._socket, socket.socket):
                # TLS has no half-closed connections in Python, so what is below it is: the engine reads an end there.
                socket.socket.shutdown(self._socket, socket.SHUT_WR)
            else:
                self._socket.shutdown_write()  # a channel of paramiko

    def resize(self, rows: int, columns: int) -> None:
        """Its terminal has another size."""
        if not self._terminal:
            return
        # It may have ended, and nobody minds then.
        with suppress(EngineRefused, EngineAway), self._engine.calls() as client:
            client.exec_resize(self._id, height=rows, width=columns)

    def exit_code(self) -> int | None:
        """What it ended with.

        :raises BackendError: the engine cannot be asked.
        """
        try:
            with self._engine.calls() as client:
                state = client.exec_inspect(self._id)
        except EngineRefused as exc:
            if exc.status == _GONE:
                return _KILLED  # with its container
            raise BackendError(str(exc)) from exc
        except EngineAway as exc:
            raise BackendError(str(exc)) from exc
        return None if state.get("Running") or state.get("ExitCode") is None else int(state["ExitCode"])

    def close(self) -> None:
        """Let go of the connection; what runs is left to end by itself. May be called again."""
        if self._closed.is_set():
            return
        self._closed.set()
        with suppress(Exception):
            self._socket.shutdown(socket.SHUT_RDWR)
        for each in (self._reader, self._socket):
            with suppress(Exception):
                each.close()
        self._held.close()
