"""How much to measure."""

from __future__ import annotations

from attrs import frozen

__all__ = ["QUICK", "THOROUGH", "Effort"]


@frozen(kw_only=True)
class Effort:
    #: Sizes of cluster.
    nodes: tuple[int, ...]
    #: Steps to compare first; with 40 shapes, enough for each to have come twice, so that its scores are kept.
    compared: int
    #: Chunks of each contender.
    rounds: int
    #: How many steps there are in a chunk: enough to forget what the one before has done to the caches.
    chunk_steps: int
    #: Pods to simulate.
    simulated_pods: int
    #: How often each program is started.
    start_up_runs: int

    def loop_steps(self, nodes: int) -> int:
        """As ``chunk_steps``, for the loop: it looks at two million nodes a chunk and no more."""
        return max(1, min(self.chunk_steps, 2_000_000 // nodes))


THOROUGH = Effort(
    nodes=(100, 1_000, 10_000, 100_000),
    compared=400,
    rounds=21,
    chunk_steps=1_000,
    simulated_pods=20_000,
    start_up_runs=21,
)
#: To see that it works; its numbers mean nothing.
QUICK = Effort(nodes=(100, 250), compared=60, rounds=3, chunk_steps=20, simulated_pods=300, start_up_runs=1)
