from __future__ import annotations

import numpy as np

from kube9.core import stimuli as s
from kube9.core.nodes import NodeSpec
from kube9.core.pods import PodSpec
from kube9.core.settings import Settings
from kube9.plugins.policies import WorstFit
from kube9.plugins.queues import FirstComeFirstServed
from kube9.testing import cluster_with


def filled(cluster, *pods):
    """The cluster with a big and a small node, and these pods launched; returns where each went."""
    for name, cpu in (("big", 4000), ("small", 2000)):
        cluster.handle(s.AddNode(at_ms=0, uid=name, spec=NodeSpec(name=name, capacity={"cpu": cpu})))
        cluster.handle(s.NodeJoined(at_ms=0, uid=name))
    for number, pod in enumerate(pods):
        cluster.handle(s.LaunchPod(at_ms=0, uid=f"p{number}", spec=PodSpec(name=f"p{number}", requests=pod)))
    return [pod.node_uid for pod in cluster.pods.values()]


class NotOnSmall:
    reason = "small"

    def fits(self, pod, nodes):
        return np.array([name != "small" for name in nodes.names])


def test_by_default_it_is_as_kube9_is():
    assert filled(cluster_with(), {"cpu": 1000}, {"cpu": 5000}, {"cpu": 1000}) == ["small", None, "small"]


def test_each_part_can_be_another():
    assert filled(cluster_with(WorstFit()), {"cpu": 1000}) == ["big"]
    assert filled(cluster_with(filters=[NotOnSmall()]), {"cpu": 1000}) == ["big"]
    blocked = filled(cluster_with(discipline=FirstComeFirstServed()), {"cpu": 5000}, {"cpu": 1000})
    assert blocked == [None, None]


def test_settings_are_taken():
    cluster = cluster_with(settings=Settings(start_attempts=1))
    filled(cluster, {"cpu": 1000})
    cluster.handle(s.StartPodFailed(at_ms=0, uid="p0", epoch=1, reason="no image"))
    assert cluster.pods["p0"].phase.value == "Failed"
