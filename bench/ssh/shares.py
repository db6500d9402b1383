"""Shares of this computer's processor, each for one of the machines that it pretends to be."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from attrs import frozen

__all__ = ["Share", "share"]

_MOUNTS = Path("/sys/fs/cgroup/cpu"), Path("/sys/fs/cgroup/cpuacct")
_PERIOD_US = 20_000


@frozen
class Share:
    """What counts the time of processors for some processes, and may limit it."""

    _folders: tuple[Path, ...]

    def take(self, pid: int) -> None:
        """Have a process, and all that it starts from now on, be part of it."""
        for folder in self._folders:
            (folder / "cgroup.procs").write_text(str(pid), encoding="ascii")

    @property
    def cpu_s(self) -> float:
        """How long processors have worked for it so far."""
        return int((self._folders[-1] / "cpuacct.usage").read_text(encoding="ascii")) / 1e9


@contextmanager
def share(of_a_core: float | None = None) -> Iterator[Share | None]:
    """``None`` where the system gives none.

    :param of_a_core: the most that it gets; ``None`` for as much as there is.
    """
    folders = tuple(mount / f"kube9-bench-{secrets.token_hex(4)}" for mount in _MOUNTS)
    try:
        try:
            for folder in folders:
                folder.mkdir()
            if of_a_core is not None:
                (folders[0] / "cpu.cfs_period_us").write_text(str(_PERIOD_US), encoding="ascii")
                quota_us = max(1_000, round(of_a_core * _PERIOD_US))
                (folders[0] / "cpu.cfs_quota_us").write_text(str(quota_us), encoding="ascii")
        except OSError:
            yield None
        else:
            yield Share(folders)
    finally:
        for folder in folders:
            _remove(folder)


def _remove(folder: Path) -> None:
    with contextlib.suppress(OSError):
        # Whoever is still in it goes where it was.
        for pid in (folder / "cgroup.procs").read_text(encoding="ascii").split():
            with contextlib.suppress(OSError):
                (folder.parent / "cgroup.procs").write_text(pid, encoding="ascii")
        folder.rmdir()
