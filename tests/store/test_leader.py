from __future__ import annotations

import pytest

from kube9.core import outcome as o
from kube9.core.errors import StoreError


def test_each_server_gets_the_next_epoch(opened, address, meddle):
    for epoch in (1, 2, 3):
        opened(address).close()
        assert meddle("SELECT epoch FROM leader") == [(epoch,)]


def test_no_commit_goes_through_after_another_server_took_over(store, make, meddle):
    """Whatever became of the lock."""
    store.commit([o.PodStored(make.pod(1))], [make.event(1)])
    meddle("UPDATE leader SET epoch = epoch + 1")
    for _ in range(2):
        with pytest.raises(StoreError, match="another server has taken over .*; this one cannot go on"):
            store.commit([o.PodStored(make.pod(2))], [make.event(2)])
    assert meddle("SELECT uid FROM pods") == [("pod-1",)]
    assert [event.id for event in store.events()] == [1]


def test_a_row_that_is_gone_is_told(opened, address, meddle):
    opened(address).close()
    meddle("DELETE FROM leader")
    with pytest.raises(StoreError, match="has lost the row of its table 'leader'; restore a backup"):
        opened(address)


def test_time_and_event_ids_never_go_back(store, opened, address, make):
    store.commit([], [make.event(10, at_ms=100)])
    store.commit([], [make.event(10, at_ms=50)])
    store.close()
    loaded = opened(address).load()
    assert (loaded.next_event_id, loaded.now_ms) == (11, 100)


def test_how_long_a_lease_nodes_may_have_is_known_to_the_next_server(store, opened, address, make):
    assert store.load().lease_ms == 0
    store.note_lease(30_000)
    store.commit([o.PodStored(make.pod(1))], [make.event(1)])
    store.commit([])
    store.close()
    assert opened(address).load().lease_ms == 30_000


def test_a_server_that_was_taken_over_notes_no_lease(store, meddle):
    store.note_lease(30_000)
    meddle("UPDATE leader SET epoch = epoch + 1")
    with pytest.raises(StoreError, match="another server has taken over"):
        store.note_lease(5_000)
    assert meddle("SELECT lease_ms FROM leader") == [(30_000,)]
