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
