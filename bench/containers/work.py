"""What every contender runs: one container that sleeps, with the same image and limits."""

from __future__ import annotations

from attrs import frozen

__all__ = ["COMMAND", "LIMITS", "Limits"]

COMMAND = ("sleep", "3600")


@frozen(kw_only=True)
class Limits:
    """What a container may take at the most, and what a pod asks for."""

    cpu_milli: int = 100
    memory_bytes: int = 64 * 1024**2

    @property
    def nano_cpus(self) -> int:
        return self.cpu_milli * 1_000_000


LIMITS = Limits()
