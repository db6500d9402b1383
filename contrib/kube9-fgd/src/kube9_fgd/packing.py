"""Fill devices in use before idle ones, and nodes in use before idle ones."""

from __future__ import annotations

import numpy as np

import kube9
from kube9.core.ports import FloatArray, IntArray
from kube9_fgd.shares import GPU, gpus_of, used_devices

__all__ = ["Packing"]


class Packing:
    """Three bands: devices in use from 50 up, idle devices of a node in use from 33 to 50, and idle nodes."""

    local = True

    def score(self, pod: kube9.PodSpec, nodes: kube9.NodeTable) -> FloatArray:
        request = gpus_of(pod)
        if request is None:
            return np.zeros(len(nodes))
        left, whole, count = nodes.devices[GPU], nodes.device_milli[GPU], nodes.device_count[GPU]
        idle = (left == whole[:, np.newaxis]) & (left > 0)
        idle_count = idle.sum(axis=1)
        used = used_devices(request, left)
        idle_used = (used & idle).sum(axis=1)
        percent_left = np.where(used, left * 100 // np.maximum(whole, 1)[:, np.newaxis], 0).sum(axis=1)
        scores: IntArray = np.select(
            [idle_count == count, idle_used > 0],
            [np.maximum(33 - idle_count, idle_count), np.maximum(50 - idle_used, 33)],
            np.maximum(100 - percent_left // 10, 50),
        )
        return scores.astype(np.float64)
