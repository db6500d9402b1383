"""Looks into the database while no server runs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from kube9.app import App
from kube9.core.errors import StoreLocked, StoreUnavailable
from kube9.store import Loaded, Store, open_store
from reliability.server import NotInTime, pause
from reliability.snapshot import Snapshot

__all__ = ["check", "opened", "snapshot"]

#: A database may take a while to see that a killed server is gone.
_PATIENCE_S = 60.0


@contextmanager
def opened(url: str) -> Iterator[Store]:
    """The store, as the next server would open it."""
    store = _insist(lambda: open_store(url))
    try:
        yield store
    finally:
        store.close()


def snapshot(loaded: Loaded) -> Snapshot:
    return Snapshot(
        source="the database", nodes=loaded.nodes, pods=loaded.pods, deployments=loaded.deployments, whole=True
    )


def check(loaded: Loaded) -> None:
    """Let a cluster go on from what is there, and check all its invariants.

    :raises InvariantViolation:
    """
    cluster = App.load(env={"KUBE9_PLUGINS": ""}, strict=True).make_cluster()
    cluster.restore(loaded.nodes, loaded.pods, loaded.deployments, at_ms=loaded.now_ms)
    cluster.check()


def _insist(do: Callable[[], Store]) -> Store:
    deadline_s = time.monotonic() + _PATIENCE_S
    while True:
        try:
            return do()
        except (StoreLocked, StoreUnavailable) as exc:
            if time.monotonic() > deadline_s:
                raise NotInTime(f"the database could not be opened within {_PATIENCE_S:g} s: {exc}") from exc
        pause(0.05)
