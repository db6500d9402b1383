"""A policy for GPU clusters: fill the nodes in use, and keep idle ones whole for whoever needs a whole node."""

from __future__ import annotations

import numpy as np

import kube9
from kube9.core.ports import FloatArray


@kube9.scheduler("gpu-packing", local=True)
def gpu_packing(_pod: kube9.PodSpec, nodes: kube9.NodeTable) -> FloatArray:
    """Prefer the least GPU left; an idle GPU node, however small, comes after every one in use.

    A node without GPUs has the least of all left, so pods that ask for no GPU stay off the GPU nodes while they can.
    """
    if "gpu" not in nodes.capacity:
        return np.zeros(len(nodes))
    free, capacity = nodes.free["gpu"], nodes.capacity["gpu"]
    idle = (capacity > 0) & (free == capacity)
    return -np.where(idle, free + nodes.largest["gpu"], free).astype(np.float64)
