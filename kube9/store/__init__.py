"""Keeps a cluster and its events in SQLite or PostgreSQL: what was committed is there after any crash."""

from __future__ import annotations

from kube9.store.loading import Loaded
from kube9.store.record import StoredEvent, event_record
from kube9.store.store import Store, open_store

__all__ = ["Loaded", "Store", "StoredEvent", "event_record", "open_store"]
