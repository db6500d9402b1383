from __future__ import annotations

import pytest
from attrs import evolve

from kube9.core import outcome as o
from kube9.store.batch import WrittenSpecs


@pytest.fixture
def written():
    return WrittenSpecs()


def sizes(batch):
    """How many rows are written whole, by their state alone, and deleted, for each table with any."""
    return {
        table.kind.table.name: (len(table.upserts), len(table.updates), len(table.deletes))
        for table in batch.tables
        if table.upserts or table.updates or table.deletes
    }


def test_a_spec_is_written_when_its_row_is_new_or_it_is_another(written, make):
    pod = make.pod()
    first = written.batch([o.PodStored(pod)])
    assert sizes(first) == {"pods": (1, 0, 0)}
    assert sizes(written.batch([o.PodStored(pod)])) == {"pods": (1, 0, 0)}, "it was not written yet"
    written.settle(first)
    assert sizes(written.batch([o.PodStored(evolve(pod, epoch=1))])) == {"pods": (0, 1, 0)}
    assert sizes(written.batch([o.PodStored(make.pod())])) == {"pods": (1, 0, 0)}, "equal is not the same"


def test_what_was_loaded_counts_as_written(written, make):
    node, deployment = make.node(), make.deployment()
    written.remember([node, deployment])
    batch = written.batch([o.NodeStored(node), o.DeploymentStored(deployment)])
    assert sizes(batch) == {"nodes": (0, 1, 0), "deployments": (0, 1, 0)}


def test_what_was_removed_is_written_whole_when_it_comes_again(written, make):
    pod = make.pod()
    for change, expected in ((o.PodStored(pod), (1, 0, 0)), (o.PodRemoved("pod-1"), (0, 0, 1))) * 2:
        batch = written.batch([change])
        assert sizes(batch) == {"pods": expected}
        written.settle(batch)


def test_after_a_doubt_everything_is_written_whole(written, make):
    pod = make.pod()
    written.remember([pod])
    written.forget()
    assert sizes(written.batch([o.PodStored(pod)])) == {"pods": (1, 0, 0)}


def test_one_row_comes_of_several_changes(written, make):
    pod, node = make.pod(), make.node()
    batch = written.batch(
        [
            o.PodStored(pod),
            o.NodeStored(node),
            o.PodStored(evolve(pod, epoch=1)),
            o.NodeRemoved("node-1"),
            o.DeploymentRemoved("deployment-1"),
        ]
    )
    assert sizes(batch) == {"pods": (1, 0, 0), "nodes": (0, 0, 1), "deployments": (0, 0, 1)}
