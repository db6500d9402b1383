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
    #: Nodes that beat, with so many pods all together, while others are launched.
    beating_nodes: int
    beating_pods: int
    pods_per_second: int
    warm_up_seconds: float
    beating_seconds: float
    #: Of the cluster whose nodes are killed, and how many of them one after the other.
    failing_nodes: int
    failing_pods: int
    failures: int
    #: Options of that server; the settings are those by default where there are none.
    failing_options: tuple[str, ...] = ()


THOROUGH = Effort(
    clients={1: 500, 16: 4_000, 64: 8_000},
    rounds=3,
    nodes=1_000,
    batch_pods=10_000,
    heartbeats=20_000,
    lists=10,
    many_nodes=10_000,
    many_pods=100_000,
    beating_nodes=1_000,
    beating_pods=10_000,
    pods_per_second=100,
    warm_up_seconds=5,
    beating_seconds=30,
    failing_nodes=20,
    failing_pods=200,
    failures=7,
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
    beating_nodes=10,
    beating_pods=20,
    pods_per_second=10,
    warm_up_seconds=0.5,
    beating_seconds=1,
    failing_nodes=4,
    failing_pods=8,
    failures=1,
    failing_options=("--health", "heartbeat:interval_ms=100,suspect_ms=300,fail_ms=1000", "--lease", "0.9s"),
)
