"""What the agent asks of whatever runs pods on its machine."""

from __future__ import annotations

from typing import Protocol, Tuple  # noqa: UP035  (Python 3.8)

from kube9.agent.brain import PodUse, StartOrder

__all__ = ["News", "Runtime"]


class News(Protocol):
    """Is told what happens to copies of pods, from any thread, by uid and epoch."""

    def has(self, uid: str, epoch: int) -> bool:
        """Whether this copy may run here now: asked right before anything of it is started, be it again."""

    def started(self, uid: str, epoch: int) -> None:
        """All its containers run, or ran at some time."""

    def is_so(self, uid: str, epoch: int, ready: bool, restarts: int, reason: str) -> None:
        """How a copy that starts or runs is; told when it has changed."""

    def exited(self, uid: str, epoch: int, exit_code: int, reason: str) -> None:
        """It ended by itself, and nothing of it will be started again; what it wrote is kept until it is stopped."""

    def not_started(self, uid: str, epoch: int, error: str) -> None:
        """It could not be started, and nothing of it is left."""

    def stopped(self, uid: str, epoch: int) -> None:
        """It was stopped as told, and nothing of it is left."""


class Runtime(Protocol):
    """Runs copies of pods. No call waits for what it begins, but where it says so; any thread may call."""

    def start(self, order: StartOrder) -> None:
        """Start a copy, and look after it until it is stopped or has ended."""

    def stop(self, uid: str, epoch: int, grace_ms: int) -> None:
        """Stop a copy, by force after the grace, and remove what is left of it; ``stopped`` is told in any case."""

    def kill(self, uid: str, epoch: int) -> None:
        """End a copy now, by force, and tell nobody; returns when nothing of it runs."""

    def clean(self) -> None:
        """Remove all that earlier starts of this node left; returns when it is done.

        :raises OSError: that cannot be done just now.
        """

    def use(self) -> Tuple[PodUse, ...]:  # noqa: UP006
        """What was measured last of the copies that run; the measuring goes on in the background."""

    def close(self) -> None:
        """Stop looking after anything; what runs is left as it is."""
