"""Fragmentation gradient descent: the node, and the device, where a pod adds the least to what nobody can use."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

import kube9
from kube9.core.ports import FloatArray, IntArray
from kube9_fgd.fragmentation import Fragmentation, typical_pods
from kube9_fgd.podlist import read_pods
from kube9_fgd.shares import GPU, gpus_of, used_devices

__all__ = ["FragmentationGradient"]

#: The sigmoid is 0 or 1 in whole numbers long before, and beyond some 700 its exponential overflows.
_STEEP = 500.0


class FragmentationGradient:
    """Whole numbers from 0 to 100: 50 where fragmentation stays, more where it shrinks, less where it grows.

    :param fragmentation: what it is measured by.
    """

    local = True

    def __init__(self, fragmentation: Fragmentation) -> None:
        self._fragmentation = fragmentation

    @classmethod
    def of_list(cls, workload: str = "") -> FragmentationGradient:
        """For the pods of a list, which is what ``fgd:workload=FILE`` makes.

        :raises ValueError: there is none, or it cannot be read.
        """
        if not workload:
            raise ValueError(
                "it must know the pods that usually come: fgd:workload=FILE, with a pod list of the openb trace"
            )
        return cls(Fragmentation(typical_pods(pod.needs for pod in read_pods(Path(workload)))))

    def score(self, pod: kube9.PodSpec, nodes: kube9.NodeTable) -> FloatArray:
        request = gpus_of(pod)
        left = nodes.devices[GPU]
        before, served_after = self._around(pod, nodes)
        if request is not None and request.count == 1 and left.shape[1]:
            scores: FloatArray = self._each_choice(request, left, before, served_after).max(axis=1)
            return scores
        if request is not None:
            left = left - request.milli * used_devices(request, left)
        return self._falls(before - self._fragmentation.of(left, served_after))

    def choose_devices(
        self, pod: kube9.PodSpec, request: kube9.DeviceRequest, node: kube9.NodeTable
    ) -> Sequence[int] | None:
        """The first of those that are best for one device; else those with the least left.

        Kinds other than GPUs are left to the cluster's chooser.
        """
        if request.kind != GPU:
            return None
        left = node.devices[GPU]
        if request.count > 1:
            return np.flatnonzero(used_devices(request, left)[0]).tolist()
        return [int(self._each_choice(request, left, *self._around(pod, node))[0].argmax())]

    def _around(self, pod: kube9.PodSpec, nodes: kube9.NodeTable) -> tuple[FloatArray, FloatArray]:
        """The fragmentation as it is, and the pods that will be served once ``pod`` has taken its cpu."""
        cpu, model, models = nodes.free["cpu"], nodes.device_model[GPU], nodes.models
        served = self._fragmentation.pods_served(cpu, model, models)
        after = self._fragmentation.pods_served(cpu - pod.requests.get("cpu", 0), model, models)
        return self._fragmentation.of(nodes.devices[GPU], served), after

    def _each_choice(
        self, request: kube9.DeviceRequest, left: IntArray, before: FloatArray, served_after: FloatArray
    ) -> FloatArray:
        """A score for each device. Shape (nodes, devices)."""
        after = self._fragmentation.of_each_choice(left, request.milli, served_after)
        return np.where(left >= request.milli, self._falls(before[:, np.newaxis] - after), -1.0)

    def _falls(self, fall: FloatArray) -> FloatArray:
        """The score of a fall in fragmentation, which is a sum over pods."""
        gpus = fall / (1000.0 * max(self._fragmentation.pods, 1))
        return np.trunc(100.0 / (1.0 + np.exp(-np.clip(gpus, -_STEEP, _STEEP))))
