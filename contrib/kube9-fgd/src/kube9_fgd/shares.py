"""What a pod asks of GPUs, and which of a node's devices it would take."""

from __future__ import annotations

import numpy as np

import kube9
from kube9.core.ports import BoolArray, IntArray

__all__ = ["GPU", "gpus_of", "taken", "used_devices"]

GPU = "gpu"

#: More than any device has left.
_MUCH = np.iinfo(np.int64).max


def gpus_of(pod: kube9.PodSpec) -> kube9.DeviceRequest | None:
    """What ``pod`` asks of GPUs; ``None`` for a pod that does without."""
    return next((request for request in pod.devices if request.kind == GPU), None)


def used_devices(request: kube9.DeviceRequest, left: IntArray) -> BoolArray:
    """Which devices of each node ``request`` takes, those with the least left first. Shapes as of ``left``.

    On a node where too few fit it is all that do.
    """
    fitting = left >= request.milli
    order = np.argsort(np.where(fitting, left, _MUCH), axis=1, kind="stable")
    used = np.zeros_like(fitting)
    np.put_along_axis(used, order[:, : request.count], True, axis=1)
    return used & fitting


def taken(request: kube9.DeviceRequest | None) -> int:
    """The sum over the devices of what is asked for, in milli."""
    return 0 if request is None else request.count * request.milli
