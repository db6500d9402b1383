"""The real server as a process: started, waited for, killed, stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from attrs import define, field

from kube9.statedir import StateDir
from kube9.testing.reservedport import ReservedPort
from reliability.exchange import Connection, Unanswered

__all__ = ["NotInTime", "Server", "ServerEnded"]

_START_PATIENCE_S = 90.0
_STOP_PATIENCE_S = 60.0
_LOOK_S = 0.005
#: Less patient than by default: between two kills there is little time to fail in.
_HEALTH = "heartbeat:interval_ms=200,suspect_ms=800,fail_ms=2500"


class ServerEnded(Exception):
    """The server ended, and nobody had told it to."""


class NotInTime(Exception):
    """What must come about in the end did not."""


@define(eq=False)
class Server:
    """`kube9 serve` with a state directory of its own, at the same port each time it is started."""

    #: What runs kube9.
    command: Sequence[str]
    folder: Path
    database_url: str
    #: From the start of the process until it was ready, once for each start that got so far.
    ready_after_s: list[float] = field(factory=list, init=False)
    #: Nobody else gets its port while it is away.
    _kept: ReservedPort = field(factory=ReservedPort, init=False)
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    _started_s: float = field(default=0.0, init=False)

    @property
    def port(self) -> int:
        return self._kept.number

    @property
    def log(self) -> Path:
        return self.folder / "server.log"

    @property
    def state(self) -> StateDir:
        return StateDir(self.folder / "state")

    def start(self) -> None:
        """Begin; returns at once."""
        assert self._process is None, "it runs already"
        arguments = ["serve", "--state-dir", str(self.state.path), "--port", str(self.port), "--db", self.database_url]
        arguments += ["--health", _HEALTH]
        # Options of whoever runs this would reach the server too.
        env = {name: value for name, value in os.environ.items() if not name.startswith("KUBE9_")}
        self._started_s = time.monotonic()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*self.command, *arguments], stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env
            )

    def wait_ready(self) -> None:
        """Return when it takes requests.

        :raises ServerEnded: it gave up.
        :raises NotInTime: it never does.
        """
        connection = Connection(self.port, "")
        try:
            while True:
                self.look()
                try:
                    if connection.ask("GET", "/readyz").status == 200:
                        break
                except Unanswered:
                    pass
                if time.monotonic() > self._started_s + _START_PATIENCE_S:
                    raise NotInTime(f"the server was not ready {_START_PATIENCE_S:g} s after its start")
                pause(_LOOK_S)
        finally:
            connection.close()
        self.ready_after_s.append(time.monotonic() - self._started_s)

    def look(self) -> None:
        """:raises ServerEnded: it is not there any more."""
        assert self._process is not None, "it was not started"
        code = self._process.poll()
        if code is not None:
            self._process = None
            raise ServerEnded(f"the server ended by itself with exit code {code}")

    def connection(self) -> Connection:
        """A connection with the token that may do everything; for after it was ready once."""
        return Connection(self.port, self.state.token() or "")

    def kill(self) -> None:
        """SIGKILL. It is gone when this returns.

        :raises ServerEnded: it was gone before.
        """
        self.look()
        assert self._process is not None
        self._process.kill()
        code = self._process.wait()
        self._process = None
        if code != -signal.SIGKILL:
            raise ServerEnded(f"the server ended by itself with exit code {code}, right before it was killed")

    def stop(self) -> int:
        """SIGTERM; returns its exit code.

        :raises NotInTime: it does not end.
        """
        self.look()
        assert self._process is not None
        self._process.terminate()
        try:
            code = self._process.wait(_STOP_PATIENCE_S)
        except subprocess.TimeoutExpired:
            raise NotInTime(f"the server did not end within {_STOP_PATIENCE_S:g} s of SIGTERM") from None
        self._process = None
        return code

    def close(self) -> None:
        """Leave nothing running, and its port to others."""
        self._kept.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def log_tail(self, lines: int) -> str:
        text = self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])


def pause(seconds: float) -> None:
    """Let some time pass: between two looks at another process there is nothing to wait on."""
    threading.Event().wait(seconds)
