"""The demonstration: whatever the policy and the seed, one sees a node die and its pods move."""

from __future__ import annotations

import pytest

from kube9.app import App
from kube9.core import events
from kube9.core.errors import PluginError
from kube9.simulator.demo import ENDS_MS, Demo, NodeDied


def played(app, scheduler="best-fit", seed=0):
    demo = Demo(app, scheduler=scheduler, queue="priority", devices="least-left", seed=seed)
    told = []
    while demo.next_at_ms is not None:
        told += demo.step()
    return demo, told


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("scheduler", ["best-fit", "first-fit", "worst-fit", "random"])
def test_nodes_join_pods_land_a_node_dies_and_its_pods_move(app, scheduler, seed):
    demo, told = played(app, scheduler, seed)
    kinds = [type(event) for event in told]
    assert kinds.count(events.NodeReady) == 6, "five join, and one joins again"
    assert kinds.count(NodeDied) == kinds.count(events.NodeFailed) == 1
    assert demo.died is not None
    assert demo.orphans >= 3
    moved = [event for event in told if isinstance(event, events.PodBound) and event.pod.epoch > 1]
    evicted = [event for event in told if isinstance(event, events.PodEvicted)]
    assert len(moved) == len(evicted) == demo.recorder.moves > 0
    assert demo.recorder.placed == demo.pods
    assert demo.cluster.waiting == 0, "everybody has found a place at the end"
    assert [event.at_ms for event in told] == sorted(event.at_ms for event in told)
    assert told[-1].at_ms <= ENDS_MS


def test_the_same_seed_is_the_same_story_and_another_one_is_not(app):
    stories = [[(event.at_ms, type(event)) for event in played(app, seed=seed)[1]] for seed in (1, 1, 2)]
    assert stories[0] == stories[1] != stories[2]


def test_pods_are_where_the_cluster_says(app):
    demo, _ = played(app)
    there = [pod.name for node in demo.cluster.nodes.values() for pod in demo.pods_on(node)]
    assert len(there) == sum(demo.recorder.pods_on.values()) == demo.pods - demo.recorder.finished
    assert len(there) == len(set(there))


def test_a_policy_that_fails_is_named(tmp_path):
    path = tmp_path / "sulky.py"
    path.write_text("import kube9\n@kube9.scheduler('sulky')\ndef sulky(pod, nodes):\n    raise ValueError('no')\n")
    app = App.load((str(path),), env={"KUBE9_PLUGINS": ""})
    with pytest.raises(PluginError, match="pod .*: scheduler 'sulky' of .*sulky.* failed: ValueError: no"):
        played(app, "sulky")
