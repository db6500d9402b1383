"""The floor of whatever is stored: the same rows, committed by the store and nothing else."""

from __future__ import annotations

from time import perf_counter

from attrs import evolve, frozen

from kube9.core.outcome import NodeStored, PodStored
from kube9.core.pods import Pod, PodPhase
from kube9.store import Loaded, Store, StoredEvent, open_store

__all__ = ["Bare"]


@frozen(kw_only=True)
class Bare:
    """Pods with the event that tells of each one's binding, as they were when the server acknowledged them."""

    loaded: Loaded
    pods: tuple[Pod, ...]
    events: tuple[StoredEvent, ...]

    @classmethod
    def of(cls, url: str) -> Bare:
        """What a server has left in a database."""
        store = open_store(url)
        try:
            loaded = store.load()
            pods = tuple(evolve(pod, phase=PodPhase.STARTING, started_at_ms=None) for pod in loaded.pods)
            bound = {event.object_uid: event for event in _events(store) if event.type == "PodBound"}
        finally:
            store.close()
        return cls(
            loaded=loaded,
            pods=pods,
            events=tuple(bound[pod.uid]._replace(id=number) for number, pod in enumerate(pods, start=1)),
        )

    def together_s(self, url: str) -> float:
        """Seconds to insert all pods and events in one commit, in a new database."""
        store = self._opened(url)
        changes = [PodStored(pod) for pod in self.pods]
        start = perf_counter()
        store.commit(changes, self.events)
        seconds = perf_counter() - start
        store.close()
        return seconds

    def one_by_one_s(self, url: str, number: int) -> float:
        """Seconds to insert so many pods, each with its event in a commit of its own, in a new database."""
        store = self._opened(url)
        pairs = list(zip(self.pods[:number], self.events[:number], strict=True))
        start = perf_counter()
        for pod, event in pairs:
            store.commit((PodStored(pod),), (event,))
        seconds = perf_counter() - start
        store.close()
        return seconds

    def _opened(self, url: str) -> Store:
        store = open_store(url)
        store.load()
        store.commit([NodeStored(node) for node in self.loaded.nodes], ())
        return store


def _events(store: Store) -> list[StoredEvent]:
    events: list[StoredEvent] = []
    while part := store.events(after=events[-1].id if events else 0, limit=10_000):
        events += part
    return events
