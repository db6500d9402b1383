"""Ends what a warden that died could not end any more: processes are known by what they were started with."""

from __future__ import annotations

import os
import signal
import time

from kube9.agent.proctable import environment_of, processes
from kube9.agent.wardenrun import MARK, send_signal

__all__ = ["kill_leftovers"]

_AGAIN_S = 0.02


def kill_leftovers(node_uid: str, copy: tuple[str, int] | None = None, within_s: float = 10.0) -> None:
    """End all of a node's pods, or of one copy; returns when none of it runs.

    :raises OSError: something does not end.
    """
    wanted = f"{node_uid}/" if copy is None else f"{node_uid}/{copy[0]}/{copy[1]}/"
    end_s = time.monotonic() + within_s
    while True:
        found = [
            process
            for process in processes().values()
            if process.pid != os.getpid()
            and not process.dead
            and environment_of(process.pid).get(MARK, "").startswith(wanted)
        ]
        if not found:
            return
        for process in found:
            send_signal(process, signal.SIGKILL)
        if time.monotonic() > end_s:
            raise OSError(f"process {found[0].pid} of a pod cannot be killed")
        time.sleep(_AGAIN_S)  # noqa: TID251  (nobody tells of the end of what is not ours)
