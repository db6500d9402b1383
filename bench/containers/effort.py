"""How much to measure."""

from __future__ import annotations

from attrs import frozen

__all__ = ["QUICK", "THOROUGH", "Effort"]


@frozen(kw_only=True)
class Effort:
    #: How often everything is done, by turns.
    rounds: int
    #: Started at once.
    pods: int
    #: Of docker-py; the best of them counts.
    threads: tuple[int, ...]
    nodes: int
    #: What each node has that is killed.
    pods_per_node: int
    #: Limits of cpu that slow a container's own start.
    tight_milli: tuple[int, ...]

    @property
    def together(self) -> str:
        """What the case is called in which all start at once."""
        return f"{self.pods} started at once"

    def tight(self, milli: int) -> str:
        """The same with little cpu."""
        return f"{self.together}, limited to {milli / 1_000:g} cpu"


THOROUGH = Effort(rounds=3, pods=50, threads=(4, 8, 16), nodes=3, pods_per_node=10, tight_milli=(10, 100))
#: To see that it works; its numbers mean nothing.
QUICK = Effort(rounds=1, pods=3, threads=(2,), nodes=3, pods_per_node=1, tight_milli=(10,))
