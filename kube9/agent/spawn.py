"""Starts a program in a session of its own, from a process that has one thread."""

from __future__ import annotations

import ctypes
import fcntl
import gc
import os
import resource
import signal
import sys
import termios
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

from kube9.agent.cgroups import Cgroup

__all__ = ["Spawn", "adopt_orphans", "spawn", "trim_memory"]

_DIE_WITH_PARENT, _ADOPT_ORPHANS = 1, 36
#: Where memory is short, what pods run is to go before what looks after them.
_OOM_SCORE = b"300"
_ERROR_BYTES_MAX = 1_024


class Spawn(NamedTuple):
    argv: Sequence[str]
    env: Mapping[str, str]
    cwd: str
    #: What it has as its input, output and error output; nothing for what it would get anyway.
    files: tuple[int, ...] = ()
    #: Whether they are a terminal that is to be its own.
    terminal: bool = False
    #: How far it is to stand back, from 0 to 19.
    nice: int = 0
    #: The most that each of its processes may address; 0 for as much as there is.
    memory_bytes: int = 0
    group: Cgroup | None = None


def adopt_orphans() -> bool:
    """Have this process be the parent of all below it that lose theirs; ``False`` where the kernel does not do that."""
    return _prctl(_ADOPT_ORPHANS, 1)


def trim_memory() -> None:
    """Give back what was only needed to begin."""
    gc.collect()
    with suppress(AttributeError):  # not every C library can
        _LIBC.malloc_trim(0)


def spawn(what: Spawn) -> tuple[int, int]:
    """Start it. Returns its pid, and a pipe that ends when it runs; before, it may say why it does not.

    :raises OSError: this machine has no room for another process.
    :raises ValueError: there can be no such program, arguments or variables.
    """
    argv = [_bytes(word, "an argument") for word in what.argv]
    env = {
        _bytes(name, "a variable's name"): _bytes(value, f"variable {name!r:.70}") for name, value in what.env.items()
    }
    if any(not name or b"=" in name for name in env):
        raise ValueError("a variable has no name, or one with '=' in it")
    if not argv or not argv[0]:
        raise ValueError("the command is empty")
    told, telling = os.pipe()
    parent = os.getpid()
    try:
        pid = os.fork()
    except OSError:
        os.close(told)
        os.close(telling)
        raise
    if pid:
        os.close(telling)
        os.set_blocking(told, False)
        return pid, told
    try:
        _become(what, argv, env, parent)
    except BaseException as exc:
        text = f"{exc.strerror}: {_named(exc, what)}" if isinstance(exc, OSError) else str(exc)
        with suppress(OSError):
            os.write(telling, text.encode("utf-8", "replace")[:_ERROR_BYTES_MAX])
    finally:
        os._exit(127)


def _named(exc: OSError, what: Spawn) -> str:
    """What was not found or refused; of a program that was looked for in many places, its name."""
    name = os.fsdecode(exc.filename) if isinstance(exc.filename, (str, bytes)) else what.argv[0]
    return what.argv[0] if os.path.basename(name) == what.argv[0] else name


def _become(what: Spawn, argv: list[bytes], env: dict[bytes, bytes], parent: int) -> None:
    os.setsid()
    _prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(127)  # it has died before this could be heard of
    _reset_signals()
    for number, file in enumerate(_apart(what.files)):
        os.dup2(file, number)
    if what.terminal:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    if what.group is not None:
        what.group.enter()
    _limit(what)
    os.umask(0o022)
    os.chdir(what.cwd)
    if b"/" in argv[0]:
        os.execve(argv[0], argv, env)  # noqa: S606  (no shell is the point)
    os.execvpe(argv[0], argv, env)  # noqa: S606


def _apart(files: Sequence[int]) -> list[int]:
    """The same, where none is in the way of another."""
    return [fcntl.fcntl(file, fcntl.F_DUPFD_CLOEXEC, 3) for file in files]


def _reset_signals() -> None:
    signal.set_wakeup_fd(-1)
    for number in range(1, signal.NSIG):
        # Most are as they are to be, and to ask is quicker than to set.
        if signal.getsignal(number) != signal.SIG_DFL:
            with suppress(OSError, ValueError):  # the C library's own
                signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def _limit(what: Spawn) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, hard))
    if what.nice:
        os.setpriority(os.PRIO_PROCESS, 0, what.nice)
    with suppress(OSError), open("/proc/self/oom_score_adj", "wb", buffering=0) as file:
        file.write(_OOM_SCORE)
    if what.memory_bytes:
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        size = what.memory_bytes if hard == resource.RLIM_INFINITY else min(what.memory_bytes, hard)
        resource.setrlimit(resource.RLIMIT_AS, (size, size))


def _bytes(text: str, what: str) -> bytes:
    data = text.encode("utf-8", "surrogateescape")
    if b"\0" in data:
        raise ValueError(f"{what} has a zero byte in it")
    return data


def _prctl(option: int, value: int) -> bool:
    if not sys.platform.startswith("linux"):
        return False
    return bool(_LIBC.prctl(option, value, 0, 0, 0) == 0)


#: Loaded at once, for the machine's Python may be another by the time that it is needed.
_LIBC = ctypes.CDLL(None, use_errno=True)
