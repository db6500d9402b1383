"""A process that ends what runs here when the lease is over, and the agent that should see to that stands still."""

from __future__ import annotations

import contextlib
import logging
import os
import select
import signal
from pathlib import Path
from typing import Callable  # noqa: UP035  (Python 3.8)

from kube9.agent.board import Board
from kube9.agent.clock import now_ms

__all__ = ["GRACE_MS", "Guard"]

#: What the agent gets to end everything by itself.
GRACE_MS = 1_000
#: How often the guard looks, and how long it waits before it sweeps again.
_LOOK_S, _AGAIN_S = 0.2, 1.0

_log = logging.getLogger("kube9.agent.guard")


class Guard:
    """The agent's handle of it. It ends with the agent, however that ends.

    :param sweep: ends all that the node runs, from a process in which nothing else goes on; raises where that cannot be
        done just now.
    """

    def __init__(self, board: Board, sweep: Callable[[], None]) -> None:
        self._board, self._sweep = board, sweep
        self.pid = 0
        #: Its other end is open as long as the agent lives, and nobody else has it.
        self._alive: int | None = None

    def start(self) -> None:
        """Fork it; best before there is any other thread."""
        self._board.sweeping = False
        watched, alive = os.pipe()
        pid = os.fork()
        if pid:
            os.close(watched)
            self.pid, self._alive = pid, alive
            return
        code = 1
        try:
            _keep_only(watched)
            _watch(watched, self._board, self._sweep)
            code = 0
        except BaseException:
            _log.exception("the guard has failed")
        finally:
            os._exit(code)

    def look_after(self) -> None:
        """Start it again if it has died."""
        if not self.pid:
            return
        try:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
        except ChildProcessError:
            pid, status = self.pid, -1  # somebody else was told of its end
        if pid:
            _log.warning("the guard has died (status %d); another is started", status)
            self._forget()
            self.start()

    def stop(self) -> None:
        """Let it end, and wait for that."""
        if self.pid:
            pid = self.pid
            # It may be in the midst of a sweep that nobody needs any more.
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            self._forget()

    def _forget(self) -> None:
        if self._alive is not None:
            os.close(self._alive)
        self.pid, self._alive = 0, None


def _keep_only(watched: int) -> None:
    """Of what the agent had open; connections of the agent's are none of the guard's business."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the agent decides when to leave
    signal.set_wakeup_fd(-1)
    for file in _open_files():
        if file > 2 and file != watched:
            with contextlib.suppress(OSError):
                os.close(file)


def _open_files() -> list[int]:
    """There may be a billion that could be open, so those that are not are better left alone."""
    try:
        return [int(path.name) for path in Path("/proc/self/fd").iterdir()]
    except OSError:
        return list(range(1_024))


def _watch(watched: int, board: Board, sweep: Callable[[], None]) -> None:
    while not select.select([watched], [], [], _LOOK_S)[0]:
        until_ms = board.lease_until_ms
        if not until_ms or now_ms() < until_ms + GRACE_MS:
            continue
        board.sweeping = True
        try:
            # Whoever renews the lease looks only then whether anything is swept.
            if board.lease_until_ms == until_ms:
                _sweep(until_ms, sweep)
        finally:
            board.sweeping = False
        if select.select([watched], [], [], _AGAIN_S)[0]:
            return


def _sweep(until_ms: int, sweep: Callable[[], None]) -> None:
    over_ms = now_ms() - until_ms
    try:
        sweep()
    except Exception as exc:  # it must not end the guard, whatever it is
        _log.warning("the agent stands still, but killing all pods failed, and is tried again: %s", exc)
        return
    # Not before: whatever keeps the agent may be that nobody takes its words.
    _log.warning("the lease was over for %d ms and the agent stands still: all pods are killed", over_ms)
