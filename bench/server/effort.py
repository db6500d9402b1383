"""How much to measure."""

from __future__ import annotations

from attrs import frozen

__all__ = ["QUICK", "THOROUGH", "Effort"]


@frozen(kw_only=True)
class Effort:
    #: Clients at a time, and how many requests they send together in one round.
    clients: dict[int, int]
    #: How often the server and its floor are measured by turns.
    rounds: int
    #: Of the cluster that takes the pods.
    nodes: int
    #: Of the batch, and of the list.
    batch_pods: int
    heartbeats: int
    lists: int
    #: What the memory is measured with.
    many_nodes: int
    many_pods: int


THOROUGH = Effort(
    clients={1: 500, 16: 4_000, 64: 8_000},
    rounds=3,
    nodes=1_000,
    batch_pods=10_000,
    heartbeats=20_000,
    lists=10,
    many_nodes=10_000,
    many_pods=100_000,
)
#: To see that it works; its numbers mean nothing.
QUICK = Effort(
    clients={1: 5, 4: 20},
    rounds=1,
    nodes=5,
    batch_pods=50,
    heartbeats=30,
    lists=2,
    many_nodes=10,
    many_pods=40,
)
