"""The built-in schedulers."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np
from attrs import field, frozen

from kube9.core.hookspecs import hookimpl

if TYPE_CHECKING:
    from kube9.core.hookspecs import RegisterScheduler
    from kube9.core.pods import PodSpec
    from kube9.core.ports import FloatArray
    from kube9.core.table import NodeTable


def _left(pod: PodSpec, nodes: NodeTable, sign: float) -> FloatArray:
    """What is left of the resources the pod asks for, each as a share of the largest node's capacity, summed.

    Times ``sign``, which saves a pass over the nodes. What the pod itself takes is the same everywhere and is left
    out. With one resource the order is that of the whole numbers, so ties are exact.
    """
    total: FloatArray | None = None
    for resource in pod.requests:
        share: FloatArray = nodes.free[resource] * np.float64(sign / nodes.largest[resource])
        total = share if total is None else np.add(total, share, out=total)
    return np.zeros(len(nodes)) if total is None else total


class BestFit:
    """The node on which the least is left."""

    local = True

    def score(self, pod: PodSpec, nodes: NodeTable) -> FloatArray:
        return _left(pod, nodes, -1.0)


class WorstFit:
    """The node on which the most is left."""

    local = True

    def score(self, pod: PodSpec, nodes: NodeTable) -> FloatArray:
        return _left(pod, nodes, 1.0)


class FirstFit:
    """The node that joined first."""

    local = True

    def score(self, _pod: PodSpec, nodes: NodeTable) -> FloatArray:
        return np.zeros(len(nodes))


@frozen
class Random:
    """Any node, each with the same chance, by the seed and the pod's name."""

    seed: int = field(default=0, converter=int)

    def score(self, pod: PodSpec, nodes: NodeTable) -> FloatArray:
        # A hash rather than a running generator: the same pod gets the same scores whenever it is asked.
        digest = hashlib.blake2b(f"{self.seed}/{pod.namespace}/{pod.name}".encode(), digest_size=16).digest()
        return np.random.Generator(np.random.PCG64(int.from_bytes(digest, "little"))).random(len(nodes))


@hookimpl
def kube9_register_schedulers(register: RegisterScheduler) -> None:
    register("best-fit", BestFit)
    register("first-fit", FirstFit)
    register("random", Random)
    register("worst-fit", WorstFit)
