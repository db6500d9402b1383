from __future__ import annotations

import pytest

from kube9.core import events as e
from kube9.core.pods import PodSpec
from kube9.store import event_record


@pytest.fixture
def filled(store, make):
    """Nine events: three of each of two pods that share a name, and of a node."""
    ours = make.pod(1)
    theirs = make.pod(2, spec=PodSpec(name="p1", namespace="theirs"))
    node = make.node()
    events = []
    for _ in range(3):
        for pod in (ours, theirs):
            events.append(event_record(len(events) + 1, e.PodRunning(at_ms=1, pod=pod)))
        events.append(event_record(len(events) + 1, e.NodeReady(at_ms=1, node=node)))
    store.commit([], events)
    return store


@pytest.mark.parametrize(
    "asked, ids",
    [
        ({}, [1, 2, 3, 4, 5, 6, 7, 8, 9]),
        ({"after": 7}, [8, 9]),
        ({"before": 3}, [1, 2]),
        ({"after": 2, "before": 6, "limit": 2}, [3, 4]),
        ({"newest_first": True, "limit": 3}, [9, 8, 7]),
        ({"newest_first": True, "before": 4}, [3, 2, 1]),
        ({"object_kind": "Node"}, [3, 6, 9]),
        ({"name": "p1"}, [1, 2, 4, 5, 7, 8]),
        ({"name": "p1", "namespace": "theirs"}, [2, 5, 8]),
        ({"object_uid": "pod-1", "after": 1}, [4, 7]),
        ({"types": ["NodeReady"]}, [3, 6, 9]),
        ({"types": {"NodeReady", "PodRunning"}, "limit": 4}, [1, 2, 3, 4]),
        ({"types": ["PodBound"]}, []),
        ({"namespace": ""}, [3, 6, 9]),
        ({"name": "' OR 1=1 --"}, []),
        ({"limit": 0}, []),
    ],
    ids=str,
)
def test_events_are_found_by_all_that_is_asked(filled, asked, ids):
    assert [event.id for event in filled.events(**asked)] == ids
