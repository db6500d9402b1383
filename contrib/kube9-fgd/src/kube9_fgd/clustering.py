"""Put pods that use GPUs alike on the same nodes."""

from __future__ import annotations

import numpy as np

import kube9
from kube9.core.ports import FloatArray
from kube9_fgd.shares import GPU, gpus_of

__all__ = ["Clustering"]


class Clustering:
    """A pod is of the class of those that share a device, or of those with one whole device, two, and so on.

    A node with its class alone is best, then one where there are others too, then one without any pod on its GPUs; of
    those, the fuller.
    """

    local = True

    def score(self, pod: kube9.PodSpec, nodes: kube9.NodeTable) -> FloatArray:
        request = gpus_of(pod)
        if request is None or GPU not in nodes.capacity:
            return np.zeros(len(nodes))
        most = nodes.largest[GPU]
        fullness = 25 * (most - nodes.free[GPU]) // most
        there = nodes.device_pods[GPU] > 0
        # What is whole on one node may be a share on another, whose devices have more to give.
        own = np.where(request.milli < nodes.device_milli[GPU], 0, min(request.count, there.shape[1] - 1))
        own_there = there[np.arange(len(nodes)), own]
        classes = there.sum(axis=1)
        kinship = np.select([own_there & (classes == 1), own_there, classes == 0], [75.0, 50.0, 25.0], 0.0)
        scores: FloatArray = fullness + kinship
        return scores
