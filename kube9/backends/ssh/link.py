"""The one connection to a machine, which is made when it is needed and made again when it broke."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from attrs import frozen

from kube9.backends.ssh.failures import MachineAway, MachineRefused
from kube9.backends.ssh.login import Connection
from kube9.backends.ssh.turns import Turns

if TYPE_CHECKING:
    from paramiko import Channel, Transport

__all__ = ["Done", "Link", "Session"]

_log = logging.getLogger(__name__)

_PIECE_BYTES = 32_768
#: How often a session is asked for that is refused, and how long after the last time.
_REFUSALS_MAX, _PAUSE_S = 100, 0.05
#: What a command may write that is waited for; what it writes beyond that is no answer to anything asked here.
_OUTPUT_BYTES_MAX = 16 * 2**20


@frozen
class Done:
    """What became of a command."""

    exit_code: int
    output: bytes
    #: What it wrote to stderr.
    errors: bytes

    @property
    def last_words(self) -> str:
        """The end of what it said of itself."""
        lines = (self.errors or self.output).decode("utf-8", "replace").strip().splitlines()
        return lines[-1][-500:] if lines else f"it ended with code {self.exit_code} and said nothing"


@frozen(kw_only=True)
class Session:
    """A command that runs on the machine, until it is closed."""

    channel: Channel
    #: To be called once.
    close: Callable[[], None]


class Link:
    """Any thread may call.

    :param where: the machine, for people.
    :param connect: makes the connection.
    """

    def __init__(self, where: str, connect: Callable[[], Connection], *, channels: int, timeout_ms: int) -> None:
        self.where, self._connect, self._timeout_s = where, connect, timeout_ms / 1000
        self.turns = Turns(channels)
        self._lock = threading.Lock()
        self._connection: Connection | None = None
        self._closed = threading.Event()
        #: How often it was connected to.
        self.connections = 0

    @property
    def alive(self) -> bool:
        """Whether there is a connection."""
        connection = self._connection
        return connection is not None and connection.alive

    def transport(self) -> Transport:
        """The connection, as it is or made anew.

        :raises MachineAway, MachineRefused: there is none.
        """
        with self._lock:
            if self._closed.is_set():
                raise MachineAway(f"the connection to {self.where} was closed")
            if self._connection is None or not self._connection.alive:
                if self._connection is not None:
                    self._connection.close()
                    self._connection = None
                    _log.info("%s connection lost; connecting again", self.where)
                self._connection = self._connect()
                self.connections += 1
            return self._connection.transport

    def close(self) -> None:
        """Let go of it for good."""
        self._closed.set()
        self._drop()
        with self._lock:
            pass  # somebody may be connecting just now, and closes what comes of it
        self._drop()

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def run(self, command: str, data: bytes = b"", timeout_ms: int | None = None) -> Done:
        """Run a command to its end.

        :param data: what it reads.
        :raises MachineAway: it did not end in time, or the connection broke.
        :raises MachineRefused: the machine runs no commands for us.
        """
        end_s = time.monotonic() + (self._timeout_s if timeout_ms is None else timeout_ms / 1000)
        session = self.open(command)
        try:
            with self.broken():
                return self._finished(session.channel, data, end_s)
        finally:
            session.close()

    def _finished(self, channel: Channel, data: bytes, end_s: float) -> Done:
        _limit(channel, end_s)
        channel.sendall(data)
        channel.shutdown_write()
        output, errors = (_all_of(read, channel, end_s) for read in (channel.recv, channel.recv_stderr))
        if not channel.status_event.wait(max(0.0, end_s - time.monotonic())):
            raise TimeoutError
        if channel.exit_status < 0 and not channel.get_transport().is_active():
            raise EOFError("the connection broke")
        return Done(channel.exit_status, output, errors)

    def open(self, command: str, *, lasting: bool = False) -> Session:
        """Begin a command.

        :param lasting: it may run for as long as anybody wants.
        :raises MachineAway, MachineRefused: as :meth:`run`.
        """
        channel = self._session(lasting)
        closed = threading.Event()

        def close() -> None:
            if not closed.is_set():
                closed.set()
                with suppress(Exception):  # what is left of a connection that broke
                    channel.close()
                self.turns.give_back(lasting=lasting)

        try:
            with self.broken():
                channel.settimeout(self._timeout_s)
                channel.exec_command(command)
        except BaseException:
            close()
            raise
        return Session(channel=channel, close=close)

    def _session(self, lasting: bool) -> Any:
        """A channel with its turn taken."""
        end_s, refusals = time.monotonic() + self._timeout_s, 0
        while True:
            used = self.turns.take(max(0.0, end_s - time.monotonic()), lasting=lasting)
            try:
                with self.broken():
                    return self.transport().open_session(timeout=self._timeout_s)
            except BaseException as exc:
                self.turns.give_back(lasting=lasting)
                if not self._is_refusal(exc.__cause__) or time.monotonic() > end_s:
                    raise
            refusals += 1
            if refusals > _REFUSALS_MAX:
                raise MachineRefused(f"{self.where} opens no session; see MaxSessions in its sshd_config")
            # A session that has just ended may still count there for a moment.
            if refusals % 3 == 0:
                self.turns.refused(used)
                _log.info("%s allows no more than %d sessions at a time", self.where, self.turns.most)
            self._closed.wait(_PAUSE_S)

    def _is_refusal(self, exc: BaseException | None) -> bool:
        """Whether the machine opened no session, on a connection that is well."""
        import paramiko

        if isinstance(exc, paramiko.ChannelException):
            return True
        # Of two that are refused at a time, paramiko knows the reason of one.
        return self.alive and isinstance(exc, paramiko.SSHException) and "Unable to open" in str(exc)

    @contextmanager
    def broken(self) -> Iterator[None]:
        """:raises MachineAway: for what paramiko raises of a connection that does not carry any more."""
        import paramiko

        try:
            yield
        except TimeoutError as exc:
            raise MachineAway(f"{self.where} did not answer in {self._timeout_s:g} s") from exc
        except (paramiko.SSHException, OSError, EOFError) as exc:
            raise MachineAway(f"the connection to {self.where} broke: {str(exc) or type(exc).__name__}") from exc


def _all_of(read: Callable[[int], bytes], channel: Channel, end_s: float) -> bytes:
    pieces: list[bytes] = []
    length = 0
    while True:
        _limit(channel, end_s)
        piece = read(_PIECE_BYTES)
        if not piece:
            return b"".join(pieces)
        length += len(piece)
        if length > _OUTPUT_BYTES_MAX:
            raise EOFError("it wrote more than any answer is long")
        pieces.append(piece)


def _limit(channel: Channel, end_s: float) -> None:
    left_s = end_s - time.monotonic()
    if left_s <= 0:
        raise TimeoutError
    channel.settimeout(left_s)
