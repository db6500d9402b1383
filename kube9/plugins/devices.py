"""The built-in ways to choose a node's devices for a pod."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kube9.core.hookspecs import hookimpl

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kube9.core.hookspecs import RegisterDeviceChooser
    from kube9.core.pods import DeviceRequest
    from kube9.core.ports import IntArray


class LeastLeft:
    """The devices with the least left that still fit, so that whole devices stay whole; then the lowest index."""

    def choose(self, request: DeviceRequest, free_milli: IntArray) -> Sequence[int]:
        fitting = np.flatnonzero(free_milli >= request.milli)
        order = np.argsort(free_milli[fitting], kind="stable")
        return tuple(fitting[order][: request.count].tolist())


class MostLeft:
    """The devices with the most left, so that load spreads; then the lowest index."""

    def choose(self, request: DeviceRequest, free_milli: IntArray) -> Sequence[int]:
        order = np.argsort(-free_milli, kind="stable")
        return tuple(order[: request.count].tolist())


@hookimpl
def kube9_register_device_choosers(register: RegisterDeviceChooser) -> None:
    register("least-left", LeastLeft)
    register("most-left", MostLeft)
