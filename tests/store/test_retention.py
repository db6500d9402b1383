from __future__ import annotations

import pytest

from kube9.store.retention import SWEEP_MAX


@pytest.mark.parametrize("kept, most", [(1, 1), (20, 21), (1000, 1099)])
def test_the_latest_events_stay_and_few_more(opened, address, make, kept, most):
    store = opened(address, events_kept=kept)
    for first in range(1, 3001, 10):
        store.commit([], [make.event(first + each) for each in range(10)])
        ids = [event.id for event in store.events(limit=5000)]
        assert ids[-kept:] == list(range(max(1, first + 10 - kept), first + 10))
        assert len(ids) <= most


def test_ids_go_on_although_no_event_is_left(opened, address, make):
    store = opened(address, events_kept=0)
    store.commit([], [make.event(7)])
    assert store.events() == ()
    store.close()
    assert opened(address).load().next_event_id == 8


def test_a_lower_limit_comes_about_step_by_step(opened, address, make):
    store = opened(address)
    store.commit([], [make.event(number) for number in range(1, 2 * SWEEP_MAX + 1)])
    store.close()
    store = opened(address, events_kept=10)
    left = []
    for _ in range(3):
        store.commit([])
        left.append(len(store.events(limit=10**6)))
    assert left == [SWEEP_MAX, 10, 10]


def test_a_commit_that_fails_deletes_nothing(opened, address, make):
    from kube9.core import outcome as o
    from kube9.core.errors import StoreError

    store = opened(address, events_kept=1)
    store.commit([], [make.event(1)])
    with pytest.raises(StoreError):
        store.commit([o.PodStored(make.pod(ordinal=None))], [make.event(2)])
    assert [event.id for event in store.events()] == [1]
    store.commit([], [make.event(2)])
    assert [event.id for event in store.events()] == [2]
