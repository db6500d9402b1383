"""What an agent and its warden weigh on their machine while nothing happens."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from bench.server.process import Running

__all__ = ["AGENT", "WARDEN", "cpu_s", "memory_bytes", "processes"]

AGENT, WARDEN = "the agent", "its warden"


def processes(place: Any, machine: Any) -> dict[str, int]:
    """Their pids."""
    lines = {pid: line for pid, line in place.left().items() if str(machine.root) in line}
    return {WARDEN if "wardenprogram" in line else AGENT: pid for pid, line in lines.items() if "agent.pyz" in line}


def memory_bytes(pid: int) -> int:
    """What it holds in memory, what it shares with others included."""
    return _running(pid).memory_bytes


def cpu_s(pids: Iterable[int], rest_s: float) -> dict[int, float]:
    """How long processors work for each while so much time passes."""
    before = {pid: _running(pid).cpu_s for pid in pids}
    threading.Event().wait(rest_s)
    return {pid: _running(pid).cpu_s - earlier for pid, earlier in before.items()}


def _running(pid: int) -> Running:
    if not Path(f"/proc/{pid}").exists():
        raise RuntimeError(f"process {pid} has ended")
    return Running(port=0, token="", pid=pid)
