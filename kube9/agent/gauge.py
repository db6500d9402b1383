"""What the copies on a node take of it, by the engine's own count."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Tuple  # noqa: UP035  (Python 3.8)

from kube9.agent.alarms import now_ms
from kube9.agent.brain import PodUse
from kube9.agent.engine import Engine
from kube9.agent.sweep import copy_of

__all__ = ["Gauge", "memory_bytes"]


class Gauge:
    """Cpu is what was taken from one measuring to the next, none before the second one."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        #: Of each container: when it was measured, and how much cpu it had taken in all.
        self._last: dict[str, tuple[int, int]] = {}
        self._use: tuple[PodUse, ...] = ()

    @property
    def use(self) -> Tuple[PodUse, ...]:  # noqa: UP006
        """What was measured last."""
        return self._use

    def measure(self, containers: Iterable[Mapping[str, Any]]) -> None:
        """Measure those that run, of what the engine lists.

        :raises EngineAway:
        """
        running = [(each["Id"], copy_of(each)) for each in containers if each.get("State") == "running"]
        # The engine looks once a second at those that are asked for: one by one, each would take a second.
        paths = [f"/containers/{name}/stats" for name, _ in running]
        answers = self._engine.ask_each(paths, query={"stream": False, "one-shot": True})
        at_ms = now_ms()
        found: dict[tuple[str, int], tuple[int, int]] = {}
        last: dict[str, tuple[int, int]] = {}
        for (name, copy), stats in zip(running, answers):  # noqa: B905  (Python 3.8)
            if copy is None or stats is None:
                continue  # it has ended meanwhile
            taken_ns = stats["cpu_stats"]["cpu_usage"].get("total_usage", 0)
            last[name] = at_ms, taken_ns
            before = found.get(copy, (0, 0))
            milli, size = self._cpu_milli(name, at_ms, taken_ns), memory_bytes(stats.get("memory_stats") or {})
            found[copy] = before[0] + milli, before[1] + size
        self._last = last
        self._use = tuple(PodUse(uid, epoch, *taken) for (uid, epoch), taken in found.items())

    def _cpu_milli(self, container: str, at_ms: int, taken_ns: int) -> int:
        before_ms, before_ns = self._last.get(container, (at_ms, taken_ns))
        passed_ms = at_ms - before_ms
        # Nanoseconds in a millisecond are thousandths of a thousandth of a core.
        return max(0, taken_ns - before_ns) // (passed_ms * 1000) if passed_ms > 0 else 0


def memory_bytes(stats: Mapping[str, Any]) -> int:
    """What it takes without what the kernel would give back at once, as ``docker stats`` counts it."""
    inside = stats.get("stats") or {}
    spare = inside.get("total_inactive_file", inside.get("inactive_file", 0))
    return max(0, int(stats.get("usage", 0)) - int(spare))
