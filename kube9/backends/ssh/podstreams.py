"""What a pod's containers wrote, and commands in them: the agent's program, run in a session of its own for each."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from kube9.backends.containernames import meant_container
from kube9.backends.patience import Away
from kube9.backends.ssh.command import ERRORS, SshCommand
from kube9.backends.ssh.failures import MachineRefused
from kube9.backends.ssh.link import Session
from kube9.backends.ssh.machine import Machine
from kube9.backends.ssh.program import read_failure
from kube9.core.errors import BackendError
from kube9.core.pods import Pod
from kube9.core.ports import LogOptions

__all__ = ["PodStreams"]

_PIECE_BYTES = 32_768
_END_TIMEOUT_S = 10.0
_TERM = "xterm-256color"


class PodStreams:
    """On one machine."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def logs(self, pod: Pod, options: LogOptions) -> Iterator[bytes]:
        """:raises InvalidInput: there is no such container, or no earlier run of it.
        :raises BackendError: the machine cannot be reached.
        """
        asked = {
            "container": meant_container(pod.spec, options.container),
            "follow": options.follow,
            "tail": options.tail,
            "previous": options.previous,
        }
        log = _Log(self._begin("logs", pod, asked))
        if not options.follow:
            log.begin()
        return log

    def run_command(self, pod: Pod, container: str, command: Sequence[str], *, terminal: bool) -> SshCommand:
        """:raises InvalidInput: there is no such container.
        :raises Conflict: it does not run.
        :raises BackendError: the machine cannot be reached.
        """
        name = secrets.token_hex(8) if terminal else ""
        asked = {
            "container": meant_container(pod.spec, container),
            "command": list(command),
            "terminal": terminal,
            "session": name,
            "term": _TERM,
            "acknowledge": True,
        }
        session = self._begin("exec", pod, asked)

        def resize(rows: int, columns: int) -> None:
            asked = {"session": name, "rows": rows, "columns": columns}
            self._machine.link.run(self._machine.command("resize"), _question(pod, asked))

        return SshCommand(session, resize if terminal else None)

    def _begin(self, word: str, pod: Pod, asked: Mapping[str, Any]) -> Session:
        try:
            link = self._machine.link
            session = link.open(self._machine.command(word), lasting=True)
            try:
                with link.broken():
                    session.channel.sendall(_question(pod, asked))
            except BaseException:
                session.close()
                raise
        except (Away, MachineRefused) as exc:
            raise BackendError(f"pod {pod.name!r} cannot be asked: {exc}") from exc
        return session


def _question(pod: Pod, asked: Mapping[str, Any]) -> bytes:
    return json.dumps({"uid": pod.uid, "epoch": pod.epoch, **asked}).encode() + b"\n"


class _Log:
    """An iterator over what is written; any thread may close it, also while another one waits for the next piece."""

    def __init__(self, session: Session) -> None:
        self._session, self._channel = session, session.channel
        self._channel.settimeout(None)
        self._first: bytes | None = None
        self._closed = threading.Event()

    def begin(self) -> None:
        """Wait for the first piece, or for why there is none."""
        self._channel.settimeout(_END_TIMEOUT_S * 3)
        try:
            self._first = self._read()
        except BaseException:
            self.close()
            raise

    def __iter__(self) -> _Log:
        return self

    def __next__(self) -> bytes:
        first, self._first = self._first, None
        piece = self._read() if first is None else first
        if not piece:
            self.close()
            raise StopIteration
        return piece

    def _read(self) -> bytes:
        if self._closed.is_set():
            return b""
        try:
            piece: bytes = self._channel.recv(_PIECE_BYTES)
        except OSError as exc:
            raise BackendError(f"the log cannot be read on: {str(exc) or 'its machine did not answer'}") from exc
        if not piece and not self._closed.is_set():
            self._check_end()
        return piece

    def _check_end(self) -> None:
        self._channel.status_event.wait(_END_TIMEOUT_S)
        if self._channel.exit_status == 0 or self._closed.is_set():
            return
        errors = b""
        with suppress(OSError):
            errors = self._channel.recv_stderr(_PIECE_BYTES)
        kind, why = read_failure(errors)
        raise ERRORS.get(kind, BackendError)(why or f"the connection to the log broke {errors[-500:]!r}")

    def close(self) -> None:
        """Nobody reads it any more. May be called again."""
        self._closed.set()
        self._session.close()
