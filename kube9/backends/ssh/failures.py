"""How it can go wrong with a machine. None of these leaves the backend."""

from __future__ import annotations

from kube9.backends.patience import Away

__all__ = ["MachineAway", "MachineRefused"]


class MachineAway(Away):
    """It did not answer, or the connection broke; worth trying again."""


class MachineRefused(Exception):
    """It answered, and what it said will not change by itself."""
