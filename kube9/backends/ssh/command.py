"""A command that runs in a container, in a session of the connection to its machine."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from kube9.backends.patience import Away
from kube9.backends.ssh.failures import MachineRefused
from kube9.backends.ssh.link import Session
from kube9.backends.ssh.program import read_failure
from kube9.core.errors import BackendError, Conflict, InvalidInput, Kube9Error, NodeGone

if TYPE_CHECKING:
    from paramiko import Channel

__all__ = ["ERRORS", "SshCommand"]

#: What the agent's program says of itself where it fails.
ERRORS: Mapping[str, type[Kube9Error]] = {"InvalidInput": InvalidInput, "Conflict": Conflict, "NotFound": NodeGone}

_PIECE_BYTES = 32_768
#: What is read of it before anybody wants it, in pieces; then it has to wait.
_PIECES_MAX = 64
_END_TIMEOUT_S = 10.0
_LINE_BYTES_MAX = 65_536

_Piece = tuple[int, bytes]


class SshCommand:
    """Implements :class:`kube9.core.ports.CommandSession`.

    :param resize: gives its terminal another size; ``None`` where it has none.
    :raises InvalidInput, Conflict, NodeGone, BackendError: it did not begin; the session is closed then.
    """

    def __init__(self, session: Session, resize: Callable[[int, int], None] | None) -> None:
        self._session, self._channel, self._resize = session, session.channel, resize
        self._closed = threading.Event()
        self._came: queue.Queue[_Piece | None] = queue.Queue(_PIECES_MAX)
        try:
            early = _begun(self._channel)
        except BaseException:
            session.close()
            raise
        self._channel.settimeout(None)
        if early:
            self._came.put((2, early))
        readers = ((1, self._channel.recv), (2, self._channel.recv_stderr))
        for number, read in readers:
            threading.Thread(target=self._read, args=(number, read), name="kube9-ssh-command", daemon=True).start()
        self._left = len(readers)

    def output(self) -> Iterator[_Piece]:
        """1 and what went to stdout, or 2 and what went to stderr, as it comes."""
        try:
            while self._left and not self._closed.is_set():
                piece = self._came.get()
                if piece is None:
                    self._left -= 1
                else:
                    yield piece
            if not self._closed.is_set():
                self._channel.status_event.wait(_END_TIMEOUT_S)
                if self._channel.exit_status < 0:
                    raise BackendError("the connection to the command broke")
        finally:
            self.close()

    def _read(self, number: int, read: Callable[[int], bytes]) -> None:
        with suppress(OSError):
            while piece := read(_PIECE_BYTES):
                self._put((number, piece))
        self._put(None)

    def _put(self, piece: _Piece | None) -> None:
        """Wait until it is wanted, or nobody wants any more."""
        while not self._closed.is_set():
            with suppress(queue.Full):
                self._came.put(piece, timeout=0.5)
                return

    def write(self, data: bytes) -> None:
        """Give it something to read."""
        try:
            self._channel.sendall(data)
        except (OSError, EOFError) as exc:  # EOFError: the connection has just broken
            raise BackendError("the command reads no more") from exc

    def close_input(self) -> None:
        """It reads the end of its input from here on."""
        with suppress(OSError, EOFError):  # as above
            self._channel.shutdown_write()

    def resize(self, rows: int, columns: int) -> None:
        """Its terminal has another size."""
        # It may have ended, and nobody minds then.
        with suppress(Away, MachineRefused):
            if self._resize is not None and not self._closed.is_set():
                self._resize(rows, columns)

    def exit_code(self) -> int | None:
        """What it ended with.

        :raises BackendError: nobody will ever know.
        """
        if not self._channel.status_event.is_set():
            return None
        if self._channel.exit_status < 0:
            raise BackendError("the connection to the command broke before it told how it ended")
        return int(self._channel.exit_status)

    def close(self) -> None:
        """Let go of it. May be called again."""
        if self._closed.is_set():
            return
        self._closed.set()
        self._session.close()
        # Whoever waits for a piece is woken; where there are some they are awake.
        with suppress(queue.Full):
            self._came.put_nowait(None)


def _begun(channel: Channel) -> bytes:
    """Wait for the word that it runs; what came with it of its error output."""
    said = b""
    try:
        while b"\n" not in said and len(said) < _LINE_BYTES_MAX:
            piece = channel.recv_stderr(_PIECE_BYTES)
            if not piece:
                break
            said += piece
    except OSError as exc:
        raise BackendError("the machine did not answer in time to a command") from exc
    line, _, early = said.partition(b"\n")
    try:
        if json.loads(line).get("begun"):
            return early
    except (ValueError, AttributeError):
        pass
    kind, why = read_failure(line)
    raise ERRORS.get(kind, BackendError)(why or f"the command could not be run: {said[-500:]!r}")
