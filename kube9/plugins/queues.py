"""The built-in orders for waiting pods."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kube9.core.hookspecs import hookimpl

if TYPE_CHECKING:
    from kube9.core.hookspecs import RegisterQueueDiscipline
    from kube9.core.pods import PodSpec


class Priority:
    """Highest priority first, then arrival; a pod that fits nowhere holds nobody back."""

    blocks = False

    def key(self, pod: PodSpec, _arrived_ms: int) -> tuple[float, ...]:
        return (-pod.priority,)


class FirstComeFirstServed:
    """Arrival order, and nobody overtakes: a pod that fits nowhere holds back all behind it."""

    blocks = True

    def key(self, _pod: PodSpec, arrived_ms: int) -> tuple[float, ...]:
        return (arrived_ms,)


@hookimpl
def kube9_register_queue_disciplines(register: RegisterQueueDiscipline) -> None:
    register("priority", Priority)
    register("fcfs", FirstComeFirstServed)
