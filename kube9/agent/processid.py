"""Which process the agent of a folder is: by its number and when it started, of which together there is only one."""

from __future__ import annotations

import fcntl
import os
import signal
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from kube9.agent.podfolder import read_document, write_document
from kube9.agent.proctable import machine_boot, start_of

__all__ = ["AGENT", "agent_of", "claim", "end_agent", "is_alive"]

#: Below the folder of the node.
AGENT = "run/agent.json"
_LOCK = "run/agent.lock"
_LOOK_S = 0.02
_END_S = 10.0


def claim(folder: str) -> int | None:
    """Be the agent of this folder until the process ends; ``None`` where there is one.

    The number is that of an open file, to be kept open.
    """
    os.makedirs(f"{folder}/run", mode=0o700, exist_ok=True)
    lock = os.open(f"{folder}/{_LOCK}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    pid = os.getpid()
    write_document(f"{folder}/{AGENT}", {"pid": pid, "start": start_of(pid), "machineBoot": machine_boot()})
    return lock


def is_alive(about: Mapping[str, Any]) -> bool:
    """Whether a process runs still that said so of itself."""
    return bool(about["machineBoot"] == machine_boot() and start_of(about["pid"]) == about["start"])


def agent_of(folder: str) -> Mapping[str, Any] | None:
    """What the agent of a folder says of itself, if it runs."""
    told = read_document(f"{folder}/{AGENT}")
    return dict(told) if told is not None and is_alive(told) else None


def end_agent(folder: str, number: int = signal.SIGKILL, within_s: float = _END_S) -> bool:
    """Send it a signal, and wait for its end; ``False`` if it takes longer.

    By force it ends even where it was stopped.
    """
    told = agent_of(folder)
    if told is None:
        return True
    with suppress(ProcessLookupError):
        os.kill(told["pid"], number)
    end_s = time.monotonic() + within_s
    while agent_of(folder) is not None:
        if time.monotonic() > end_s:
            return False
        time.sleep(_LOOK_S)  # noqa: TID251  (nobody tells of the end of what is not ours)
    return True
