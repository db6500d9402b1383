"""Limits of processes by control groups, version 2, in a part of their tree that this user may change."""

from __future__ import annotations

import errno
import os
from contextlib import suppress

__all__ = ["MOUNT", "Cgroup", "delegated", "own_cgroup", "take_over"]

MOUNT = "/sys/fs/cgroup"
_WANTED = ("cpu", "memory")
#: Of the window in which a group may use so much of a processor.
_PERIOD_US = 100_000
#: Where what was in the group before goes: none but the leaves of the tree may have both processes and limits.
_OWN = "kube9"


def own_cgroup(proc_self: str = "/proc/self/cgroup", mount: str = MOUNT) -> str | None:
    """The folder of the group that this process is in; ``None`` where there are none of version 2."""
    try:
        with open(proc_self, encoding="utf-8") as file:
            path = next((line[3:].strip() for line in file if line.startswith("0::")), None)
    except OSError:
        return None
    if path is None or not os.path.exists(f"{mount}/cgroup.controllers"):
        return None
    return os.path.normpath(f"{mount}/{path}")


def delegated(folder: str | None) -> bool:
    """Whether this user may limit cpu and memory below a group."""
    if folder is None or not all(os.access(f"{folder}/{name}", os.W_OK) for name in ("", "cgroup.procs")):
        return False
    return set(_WANTED) <= set(_words(folder, "cgroup.controllers"))


def take_over(folder: str) -> Cgroup | None:
    """Make groups with limits possible below a group; ``None`` where that does not work."""
    if not delegated(folder):
        return None
    try:
        if not set(_WANTED) <= set(_words(folder, "cgroup.subtree_control")):
            os.makedirs(f"{folder}/{_OWN}", exist_ok=True)
            for pid in _words(folder, "cgroup.procs"):
                with suppress(ProcessLookupError):
                    _write(f"{folder}/{_OWN}", "cgroup.procs", pid)
            _write(folder, "cgroup.subtree_control", " ".join(f"+{name}" for name in _WANTED))
        return Cgroup(folder)
    except OSError:
        return None


class Cgroup:
    """:param folder: of the group."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def make(self, name: str, cpu_milli: int, memory_bytes: int) -> Cgroup:
        """A group below this one; a limit of 0 is none.

        :raises OSError:
        """
        group = Cgroup(f"{self.folder}/{name}")
        os.makedirs(group.folder, exist_ok=True)
        if cpu_milli:
            _write(group.folder, "cpu.max", f"{cpu_milli * _PERIOD_US // 1_000} {_PERIOD_US}")
        if memory_bytes:
            _write(group.folder, "memory.max", str(memory_bytes))
            # With swap on top of it, too much would only be slow; and what is short of memory ends as a whole.
            for file, text in (("memory.swap.max", "0"), ("memory.oom.group", "1")):
                with suppress(OSError):
                    _write(group.folder, file, text)
        return group

    def enter(self) -> None:
        """Have this process be in it.

        :raises OSError:
        """
        _write(self.folder, "cgroup.procs", "0")

    def pids(self) -> list[int]:
        return [int(word) for word in _words(self.folder, "cgroup.procs")]

    def kill(self) -> bool:
        """End all that is in it at once; ``False`` where this kernel cannot."""
        try:
            _write(self.folder, "cgroup.kill", "1", must_exist=True)
        except OSError:
            return False
        return True

    def was_short_of_memory(self) -> bool:
        """Whether anything in it was ended for that."""
        return any(self._number("memory.events", key) > 0 for key in ("oom_kill", "oom_group_kill"))

    def use(self) -> tuple[int, int]:
        """The time of a processor that it took in all, in milliseconds, and its memory in bytes."""
        return self._number("cpu.stat", "usage_usec") // 1_000, int((_words(self.folder, "memory.current") or ["0"])[0])

    def remove(self) -> bool:
        """``False`` while anything is in it."""
        try:
            os.rmdir(self.folder)
        except OSError as exc:
            return exc.errno == errno.ENOENT
        return True

    def _number(self, file: str, key: str) -> int:
        words = _words(self.folder, file)
        return int(words[words.index(key) + 1]) if key in words else 0


def _words(folder: str, name: str) -> list[str]:
    try:
        with open(f"{folder}/{name}", encoding="ascii") as file:
            return file.read().split()
    except OSError:
        return []


def _write(folder: str, name: str, text: str, *, must_exist: bool = False) -> None:
    # In one call, as the kernel wants it.
    file = os.open(f"{folder}/{name}", os.O_WRONLY | os.O_TRUNC | (0 if must_exist else os.O_CREAT), 0o600)
    try:
        os.write(file, text.encode("ascii"))
    finally:
        os.close(file)
