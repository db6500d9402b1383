"""Few rows and many go different ways to PostgreSQL, and must come to the same."""

from __future__ import annotations

import pytest
from attrs import evolve

from kube9.core import outcome as o
from kube9.core.errors import StoreError
from kube9.core.pods import Owner, PodPhase
from kube9.store.copying import COPY_ROWS_MIN

each_number = pytest.mark.parametrize("number", [COPY_ROWS_MIN - 1, COPY_ROWS_MIN, 5 * COPY_ROWS_MIN])

#: What means something to COPY, and to SQL.
ODD = ("", "\\N", "\\.", "a\tb", "line\nline\r\n", "\\\\", "'; DROP TABLE pods; --", "%s {} é 🚀", '"quoted"')


@pytest.fixture
def address(postgres_url):
    return postgres_url


@each_number
def test_rows_are_added_changed_and_removed(store, make, number):
    pods = [make.pod(each, reason=ODD[each % len(ODD)]) for each in range(number)]
    store.commit([o.PodStored(pod) for pod in pods])
    assert store.load().pods == tuple(pods)
    ended = [
        evolve(pod, phase=PodPhase.FAILED, exit_code=1, owner=Owner("d", 2), devices={"gpu": (1,)}) for pod in pods
    ]
    store.commit([o.PodStored(pod) for pod in ended])
    assert store.load().pods == tuple(ended)
    store.commit([o.PodRemoved(pod.uid) for pod in ended])
    assert store.load().pods == ()


@each_number
def test_rows_that_are_there_are_replaced(opened, address, make, number):
    pods = [make.pod(each) for each in range(number)]
    first = opened(address)
    first.commit([o.PodStored(pod) for pod in pods])
    first.close()
    bound = [evolve(pod, node_uid="n", epoch=1) for pod in pods]
    store = opened(address)
    store.commit([o.PodStored(pod) for pod in bound])
    assert store.load().pods == tuple(bound)


@each_number
def test_a_row_that_is_gone_is_missed(store, make, meddle, number):
    pods = [make.pod(each) for each in range(number)]
    store.commit([o.PodStored(pod) for pod in pods])
    meddle("DELETE FROM pods WHERE uid = 'pod-7'")
    with pytest.raises(StoreError, match=f"1 of {number} rows of the table 'pods' are gone"):
        store.commit([o.PodStored(evolve(pod, epoch=1)) for pod in pods])


@each_number
def test_events_that_are_there_stay_as_they_are(store, make, number):
    events = [make.event(each + 1) for each in range(number)]
    store.commit([], events[: number // 2])
    store.commit([], events)
    assert store.events() == tuple(events)
