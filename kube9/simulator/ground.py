"""Where a trace runs: the world of chaos, with the trace's nodes and the durations of its pods."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from kube9.core import events as e
from kube9.core import stimuli as s
from kube9.core.nodes import Node, NodeSpec
from kube9.core.pods import Pod
from kube9.simulator.chaos.calmworld import CalmWorld

__all__ = ["Ground"]


class Ground(CalmWorld):
    """Its pods run as long as the trace says, and its machines may break so that nobody can bring them up.

    :param run_for_ms: how long the pod of a uid runs; ``None`` for ever.
    :param heard: told every event.
    """

    def __init__(
        self, seed: int, *, run_for_ms: Callable[[str], int | None], heard: Callable[[e.Event], None], **parts: Any
    ) -> None:
        self._run_for_ms, self._heard = run_for_ms, heard
        self._calm_from_ms = 0
        #: Machines that are broken and come back.
        self.returning: set[str] = set()
        super().__init__(seed, **parts)

    def add(self, spec: NodeSpec) -> None:
        """There is one more node, which has yet to boot and to join."""
        self._put_up(spec)

    def storm(self, until_ms: int) -> None:
        """Let faults come, and count, from now on; none begins at ``until_ms`` or later."""
        self._calm_from_ms = until_ms
        self.count_from_now()
        self._begin_weather()

    def break_down(self, uid: str, down_for_ms: int | None) -> None:
        """Take a machine down for so long, or for good, whoever tries to restart it."""
        box = self.boxes[uid]
        box.die()
        box.broken = True
        if down_for_ms is not None:
            self.returning.add(uid)
            self.clock.call_at(self.clock.now_ms() + down_for_ms, partial(self._come_back, uid))

    def _come_back(self, uid: str) -> None:
        self.returning.discard(uid)
        box = self.boxes[uid]
        box.broken = False
        box.boot()

    def restart(self, node: Node) -> None:
        if not self.boxes[node.uid].broken:
            super().restart(node)
        elif node.uid not in self.returning:
            self._tell_later(s.RestartNodeFailed, uid=node.uid, reason="it does not come up")

    def _may_strike(self) -> bool:
        return self.clock.now_ms() < self._calm_from_ms

    def _run_ms(self, pod: Pod) -> int:
        run_ms = self._run_for_ms(pod.uid)
        return 0 if run_ms is None else max(1, run_ms)

    def _hear(self, event: e.Event) -> None:
        super()._hear(event)
        self._heard(event)
