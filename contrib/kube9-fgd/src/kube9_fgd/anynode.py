"""Any node that fits, and any device: what every other policy is to be better than."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from attrs import field, frozen

import kube9
from kube9.core.ports import FloatArray
from kube9_fgd.shares import GPU

__all__ = ["AnyNode"]


@frozen
class AnyNode:
    """Every node with the same chance, and every device with enough left, by the seed and the pod's name."""

    seed: int = field(default=0, converter=int)

    def score(self, pod: kube9.PodSpec, nodes: kube9.NodeTable) -> FloatArray:
        return self._chance(pod, "node").random(len(nodes))

    def choose_devices(
        self, pod: kube9.PodSpec, request: kube9.DeviceRequest, node: kube9.NodeTable
    ) -> Sequence[int] | None:
        """Any that fit; kinds other than GPUs are left to the cluster's chooser."""
        if request.kind != GPU:
            return None
        fitting = np.flatnonzero(node.devices[GPU][0] >= request.milli)
        chosen: list[int] = self._chance(pod, "device").choice(fitting, request.count, replace=False).tolist()
        return chosen

    def _chance(self, pod: kube9.PodSpec, what: str) -> np.random.Generator:
        # A hash rather than a running generator: the same pod gets the same answer whenever it is asked about.
        text = f"{self.seed}/{what}/{pod.namespace}/{pod.name}"
        digest = hashlib.blake2b(text.encode(), digest_size=16).digest()
        return np.random.Generator(np.random.PCG64(int.from_bytes(digest, "little")))
