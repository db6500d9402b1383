from __future__ import annotations

import pytest

from kube9.core import outcome as o
from kube9.core.errors import StoreError


@pytest.mark.parametrize(
    "damage",
    [
        "spec = '{\"metadata\"'",
        "spec = '[]'",
        'spec = \'{"metadata": {}, "spec": {"secretive": "hunter2"}}\'',
        "phase = 'Dancing'",
        "devices = 'gpu'",
    ],
)
def test_a_row_that_makes_no_sense_is_named_without_what_it_says(store, make, meddle, damage):
    store.commit([o.PodStored(make.pod(1)), o.PodStored(make.pod(2))])
    meddle(f"UPDATE pods SET {damage.replace(':', chr(92) + ':')} WHERE uid = 'pod-2'")
    with pytest.raises(
        StoreError, match="the row 'pod-2' of the table 'pods' cannot be read .*restore a backup"
    ) as told:
        store.load()
    assert "hunter2" not in str(told.value)


def test_time_goes_on_from_the_latest_that_is_known(store, make):
    store.commit([o.NodeStored(make.node(created_at_ms=70)), o.PodStored(make.pod(created_at_ms=90))])
    assert store.load().now_ms == 90
