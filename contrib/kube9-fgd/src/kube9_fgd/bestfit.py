"""The paper's best-fit: the node on which the least would be left of cpu and GPUs."""

from __future__ import annotations

import numpy as np

import kube9
from kube9.core.ports import FloatArray
from kube9_fgd.shares import GPU, gpus_of, taken

__all__ = ["BestFit"]


class BestFit:
    """Whole numbers from 0 to 100, and so with many ties. Memory does not count.

    The original stretches the scores of the nodes that fit to 0..100, again in whole numbers. That changes no order,
    since of at most 101 different numbers no two fall together. Left out, a score depends on its node alone.
    """

    local = True

    def score(self, pod: kube9.PodSpec, nodes: kube9.NodeTable) -> FloatArray:
        cpu = (nodes.free["cpu"] - pod.requests.get("cpu", 0)) / nodes.largest["cpu"]
        gpu = (nodes.free[GPU] - taken(gpus_of(pod))) / nodes.largest.get(GPU, 1)
        return np.trunc(100 * (1 - (0.5 * cpu + 0.5 * gpu)))
