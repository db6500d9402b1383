"""The dot product of what a pod asks for and what a node has left: the smaller, the better."""

from __future__ import annotations

import numpy as np

import kube9
from kube9.core.ports import FloatArray
from kube9_fgd.shares import GPU, gpus_of, taken

__all__ = ["DotProduct"]


class DotProduct:
    """Whole numbers from 0 to 100; cpu and GPUs count, as shares of the largest node's."""

    local = True

    def score(self, pod: kube9.PodSpec, nodes: kube9.NodeTable) -> FloatArray:
        most_cpu, most_gpu = nodes.largest["cpu"], nodes.largest.get(GPU, 1)
        cpu = nodes.free["cpu"] / most_cpu * (pod.requests.get("cpu", 0) / most_cpu)
        gpu = nodes.free[GPU] / most_gpu * (taken(gpus_of(pod)) / most_gpu)
        return np.trunc(100 * (1 - (cpu + gpu) / 2))
