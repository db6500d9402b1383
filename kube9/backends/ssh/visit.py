"""A talk with the program that runs errands on a machine, over one session."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from kube9.backends.ssh.errand import MARK, errand_command, errand_question, no_python, read_errand
from kube9.backends.ssh.link import Link

__all__ = ["Visit"]

_PIECE_BYTES = 32_768
#: What it writes beyond that is no answer to anything asked here.
_OUTPUT_BYTES_MAX = 16 * 2**20
#: How long the program may take to end once it is asked for nothing more; it has nothing left to do.
_END_S = 2.0


class Visit:
    """For one thread. It has a turn on the machine's connection until it is closed.

    :param pythons: to run the program with, the first of them that will do.
    :raises MachineAway, MachineRefused: the machine runs no commands for us.
    """

    def __init__(self, link: Link, pythons: Sequence[str], timeout_ms: int) -> None:
        self._link, self._pythons, self._timeout_ms = link, pythons, timeout_ms
        self._session = link.open(errand_command(pythons))
        self._channel = self._session.channel
        self._received = b""
        #: What came that is no answer.
        self._said = b""
        #: It answers nothing more.
        self.over = False

    def ask(
        self,
        do: str,
        root: str,
        below: Sequence[str],
        files: Mapping[str, bytes] | None = None,
        timeout_ms: int | None = None,
        **about: Any,
    ) -> dict[str, Any]:
        """Have one thing done; what it says of it.

        :param timeout_ms: how long that may take, where it is not as long as anything else.
        :raises MachineAway: there was no answer in time, or the connection broke.
        :raises MachineRefused: there is no Python that will do, or it could not be done.
        """
        end_s = time.monotonic() + (timeout_ms or self._timeout_ms) / 1000
        self.over = True  # until it has answered
        with self._link.broken():
            # Where no program reads it, what it says is why.
            with suppress(OSError):
                self._limit(end_s)
                self._channel.sendall(errand_question(do, root, below, files, **about))
            line = self._answer_line(end_s)
        if line is None:
            raise no_python(self._channel.exit_status, self._last_words(), self._link.where, self._pythons)
        self.over = False
        return read_errand(line, self._link.where)

    def close(self) -> None:
        """Ask nothing more."""
        try:
            if not self.over:
                with suppress(Exception):  # a connection that broke meanwhile
                    self._channel.shutdown_write()
                    self._channel.status_event.wait(_END_S)
        finally:
            self._session.close()

    def _answer_line(self, end_s: float) -> bytes | None:
        """The next line that is an answer; ``None`` where the program has ended."""
        length = 0
        while True:
            line, newline, rest = self._received.partition(b"\n")
            if newline and line.startswith(MARK):
                self._received = rest
                return line
            if newline:
                self._said, self._received = self._said + line + newline, rest
                continue
            self._limit(end_s)
            piece = self._channel.recv(_PIECE_BYTES)
            if not piece:
                self._wait_for_end(end_s)
                return None
            length += len(piece)
            if length > _OUTPUT_BYTES_MAX:
                raise EOFError("it wrote more than any answer is long")
            self._received += piece

    def _wait_for_end(self, end_s: float) -> None:
        if not self._channel.status_event.wait(max(0.0, end_s - time.monotonic())):
            raise TimeoutError
        if self._channel.exit_status < 0:
            raise EOFError("the connection broke")

    def _last_words(self) -> bytes:
        said = self._said + self._received
        return said or bytes(self._channel.recv_stderr(_PIECE_BYTES))

    def _limit(self, end_s: float) -> None:
        left_s = end_s - time.monotonic()
        if left_s <= 0:
            raise TimeoutError
        self._channel.settimeout(left_s)
