"""One program that a warden runs: a container of a pod, from a start to its end, or a command in it."""

from __future__ import annotations

import os
import signal
from typing import Any

from kube9.agent.cgroups import Cgroup
from kube9.agent.logfile import LogFile
from kube9.agent.proctable import Process, start_of

__all__ = ["ENDED", "MARK", "RUNNING", "STARTING", "Run", "run_id", "send_signal"]

#: The variable by which whatever a pod leaves behind is told from everything else on the machine.
MARK = "KUBE9_RUN"
STARTING, RUNNING, ENDED = "starting", "running", "ended"
_PIECE_BYTES = 65_536
#: Read of one program at a time, so that the others have their turn.
_PIECES = 4
#: What somebody else has got the other end of goes on for ever; a pipe has no more in it than this.
_DRAIN_PIECES_MAX = 64


def run_id(uid: str, epoch: int, container: str, number: object) -> str:
    return f"{uid}/{epoch}/{container}/{number}"


def send_signal(process: Process, number: int) -> None:
    """To this process, and never to another that has got its number."""
    try:
        file = _descriptor_of(process.pid)
        try:
            if start_of(process.pid) != process.start:
                return
            if file >= 0:
                signal.pidfd_send_signal(file, number)
            else:
                os.kill(process.pid, number)
        finally:
            if file >= 0:
                os.close(file)
    except (ProcessLookupError, PermissionError):
        pass  # it has ended; or it is another user's by its own doing, and the kernel does not let us


def _descriptor_of(pid: int) -> int:
    """Of a process, whoever gets its number after it; -1 where there are none of these."""
    if not hasattr(os, "pidfd_open"):
        return -1
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        raise
    except OSError:  # an older kernel, or one that guards a container and knows no such call
        return -1


class Run:
    """:param client: of a command, whoever asked for it; it ends with its container, and with them."""

    def __init__(self, uid: str, epoch: int, container: str, number: object, client: Any = None) -> None:
        self.id = run_id(uid, epoch, container, number)
        self.uid, self.epoch, self.container, self.client = uid, epoch, container, client
        self.argv: list[str] = []
        self.env: dict[str, str] = {}
        self.cwd = "/"
        self.pid = 0
        #: With the pid, which process it is.
        self.start: int | None = None
        self.state = STARTING
        #: Whether its first process has ended, and the others are to go with it.
        self.ending = False
        self.exit_code: int | None = None
        self.signal = 0
        self.out_of_memory = self.fenced = self.forced = False
        #: Why it did not start.
        self.error = ""
        self.group: Cgroup | None = None
        self.log: LogFile | None = None
        #: Where its output comes, and where it says why it does not start.
        self.output = self.told = -1
        self.said = b""
        #: Whether it has closed its output.
        self.silent = False

    @property
    def copy(self) -> tuple[str, int]:
        return self.uid, self.epoch

    def document(self) -> dict[str, Any]:
        """What is told of it."""
        return {
            "run": self.id,
            "uid": self.uid,
            "epoch": self.epoch,
            "container": self.container,
            "command": self.client is not None,
            "pid": self.pid,
            "start": self.start,
            "state": self.state,
            "exitCode": self.exit_code,
            "signal": self.signal,
            "outOfMemory": self.out_of_memory,
            "fenced": self.fenced,
            "error": self.error,
        }

    def reaped(self, status: int) -> None:
        """Its first process has ended."""
        self.ending = True
        if os.WIFSIGNALED(status):
            self.signal = os.WTERMSIG(status)
            self.exit_code = 128 + self.signal
        else:
            self.exit_code = os.WEXITSTATUS(status)
        if self.group is not None and self.exit_code:
            self.out_of_memory = self.group.was_short_of_memory()

    def take_output(self) -> bool:
        """Put what it wrote into its log; ``False`` once there is no more to come."""
        for _ in range(_PIECES):
            try:
                data = os.read(self.output, _PIECE_BYTES)
            except BlockingIOError:
                return True
            except OSError:
                return False
            if not data:
                return False
            if self.log is not None:
                self.log.write(data)
        return True

    def drain(self) -> None:
        """Take what is left in the pipe once everything of it has ended, and close its files."""
        for _ in range(_DRAIN_PIECES_MAX):
            try:
                data = os.read(self.output, _PIECE_BYTES) if self.output >= 0 else b""
            except OSError:
                break
            if not data:
                break
            if self.log is not None:
                self.log.write(data)
        for file in (self.output, self.told):
            if file >= 0:
                os.close(file)
        self.output = self.told = -1
        if self.log is not None:
            self.log.close()
            self.log = None
