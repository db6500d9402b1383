"""The way to an engine on another machine: one ``ssh`` process that carries connections to its socket."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

from kube9.core.errors import MissingExtra

__all__ = ["SshWay", "require_ssh"]

_LOOK_S = 0.02
_COMPLAINT_LENGTH_MAX = 500


def require_ssh() -> None:
    """:raises MissingExtra: there is no ``ssh`` command."""
    if shutil.which("ssh") is None:
        raise MissingExtra(
            "an engine at ssh:// is reached by the command ssh, which is missing: install openssh-client"
        )


class SshWay:
    """Listens at a socket of this machine, and is as good as the engine's own.

    The command reads what ``ssh`` always reads: ``~/.ssh/config``, keys, an agent, known hosts. It asks nothing: what
    is not known there is refused. Whatever is carried goes over one connection, and sshd counts it as no session.

    :param url: ``ssh://user@host:port``.
    :param socket: of the engine, on its own machine.
    """

    def __init__(self, url: str, socket: str, timeout_ms: int) -> None:
        self._parts, self._socket, self._timeout_s = urlsplit(url), socket, timeout_ms / 1000
        self._lock = threading.Lock()
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._closed = False

    def open(self) -> str:
        """The path of the socket, after the command was started, unless it runs.

        :raises OSError: it cannot be opened; the message is what the command said.
        """
        with self._lock:
            if self._closed:
                raise OSError("it is closed")
            if self._folder is None:
                self._folder = tempfile.TemporaryDirectory(prefix="kube9-")
            path = Path(self._folder.name) / "engine.sock"
            if self._process is None or self._process.poll() is not None:
                self._end()
                path.unlink(missing_ok=True)
                self._begin(path)
            return str(path)

    def close(self) -> None:
        """End the command. May be called again."""
        with self._lock:
            self._closed = True
            self._end()
            if self._folder is not None:
                self._folder.cleanup()
                self._folder = None

    def _begin(self, path: Path) -> None:
        complaints = path.with_name("complaints")
        with complaints.open("wb") as stderr:
            # A session of its own: Ctrl-C is for the server, which may still need the engine.
            self._process = subprocess.Popen(  # noqa: S603  (no shell, and the host stands behind "--")
                self._command(path),
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
                start_new_session=True,
            )
        until_s, pause = time.monotonic() + self._timeout_s, threading.Event()
        while not path.exists():
            if self._process.poll() is not None or time.monotonic() > until_s:
                self._end()
                said = complaints.read_text(encoding="utf-8", errors="replace").strip()
                raise OSError(said[-_COMPLAINT_LENGTH_MAX:] or f"nothing came of it in {self._timeout_s:g} s")
            pause.wait(_LOOK_S)

    def _command(self, path: Path) -> list[str]:
        parts = self._parts
        options = {
            "BatchMode": "yes",
            "ConnectTimeout": str(max(1, int(self._timeout_s))),
            "ExitOnForwardFailure": "yes",
            "ServerAliveCountMax": "3",
            "ServerAliveInterval": "5",
        }
        words = ["ssh", "-T", "-L", f"{path}:{self._socket}"]
        for name, value in options.items():
            words += ["-o", f"{name}={value}"]
        if parts.port is not None:
            words += ["-p", str(parts.port)]
        if parts.username:
            words += ["-l", parts.username]
        # It reads until its input ends, which it does with this process, however that ends.
        return [*words, "--", parts.hostname or "", "cat"]

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            if process.stdin is not None:
                process.stdin.close()
