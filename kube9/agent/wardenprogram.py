"""The warden as a program: away from whoever starts it, and once for each node's folder."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import signal
import time
from typing import Any, NoReturn

from kube9.agent.cgroups import own_cgroup, take_over
from kube9.agent.logfile import LogFile
from kube9.agent.openfiles import close_above
from kube9.agent.proctable import machine_boot, start_of
from kube9.agent.spawn import adopt_orphans, trim_memory
from kube9.agent.warden import Warden
from kube9.agent.wardendesk import Desk
from kube9.agent.wardenplace import LOG, RUN, SOCKET, SPEAKS, status_file

__all__ = ["main"]

_LOG_BYTES_MAX, _LOG_FILES_MAX = 2**20, 2
_LEAVE_S = 10.0


def main(arguments: list[str]) -> NoReturn:
    """``FOLDER NODE-UID``."""
    folder, node_uid = arguments
    if os.fork():
        os._exit(0)
    os.setsid()
    os.chdir("/")
    close_above(2)  # what whoever started it had open is no business of pods
    log = LogFile(f"{folder}/{LOG}", _LOG_BYTES_MAX, _LOG_FILES_MAX)

    def say(text: str) -> None:
        log.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {text}\n".encode("utf-8", "replace"))

    try:
        _run(folder, node_uid, say)
    except BaseException as exc:
        import traceback

        say("".join(traceback.format_exception(type(exc), exc, exc.__traceback__)))
        os._exit(1)
    os._exit(0)


def _run(folder: str, node_uid: str, say: Any) -> None:
    lock = os.open(f"{folder}/{RUN}/warden.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as exc:
        if exc.errno in (errno.EAGAIN, errno.EACCES):
            return  # there is one
        raise
    adopts = adopt_orphans()
    own = own_cgroup()
    tree = None if own is None else take_over(own)
    about = {
        "speaks": SPEAKS,
        "node": node_uid,
        "pid": os.getpid(),
        "start": start_of(os.getpid()),
        "machineBoot": machine_boot(),
        "adopts": adopts,
        "cpuLimit": "nice" if tree is None else "cgroup",
        "memoryLimit": "rlimit" if tree is None else "cgroup",
    }
    desk = Desk(f"{folder}/{SOCKET}", about)
    warden = Warden(node_uid, say, desk.changed, tree)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: desk.leave())
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    _write(status_file(folder), about)
    say(
        f"pid={about['pid']} node={node_uid} cpu limits by {about['cpuLimit']}, memory limits by {about['memoryLimit']}"
    )
    trim_memory()
    desk.serve(warden)
    say("left")


def _write(path: str, document: dict[str, Any]) -> None:
    with open(f"{path}.new", "w", encoding="ascii") as file:
        json.dump(document, file)
    os.replace(f"{path}.new", path)
