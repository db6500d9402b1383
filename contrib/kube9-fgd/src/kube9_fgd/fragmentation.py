"""How much of the idle GPUs of a node the pods that usually come could not use."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from attrs import frozen

from kube9.core.ports import FloatArray, IntArray

__all__ = ["Fragmentation", "TypicalPod", "typical_pods"]

#: The share of a workload that its typical pods make up.
_TYPICAL = 0.95


@frozen
class TypicalPod:
    """What matters of a pod where GPUs are shared."""

    cpu_milli: int
    gpu_count: int
    #: Of each device.
    gpu_milli: int
    #: Empty for any.
    models: tuple[str, ...] = ()


def typical_pods(pods: Iterable[TypicalPod]) -> dict[TypicalPod, int]:
    """The most frequent of ``pods``, and how often each is there, until they make up 95 % of all."""
    counts = Counter(pods)
    enough, so_far = _TYPICAL * counts.total(), 0
    typical: dict[TypicalPod, int] = {}
    for pod, count in counts.most_common():
        typical[pod] = count
        so_far += count
        if so_far >= enough:
            break
    return typical


class Fragmentation:
    """Computes the fragmentation of nodes for a workload, for many nodes at once.

    Unlike in the paper the typical pods count as often as they are there, not by their share. So everything is a whole
    number, however it is summed up, and nodes that are equally good have equal scores to the last bit.

    :param typical: typical pods, and how often each of them comes.
    """

    def __init__(self, typical: dict[TypicalPod, int]) -> None:
        self._typical = {pod: count for pod, count in typical.items() if pod.gpu_count}
        #: How many pods there are, those without GPUs too.
        self.pods = sum(typical.values())
        needs = sorted({(pod.gpu_milli, pod.gpu_count) for pod in self._typical})
        self._needs = {need: number for number, need in enumerate(needs)}
        self._milli = np.array([milli for milli, _ in needs], dtype=np.int64)
        self._count = np.array([count for _, count in needs], dtype=np.int64)
        self._cpus = np.array(sorted({pod.cpu_milli for pod in self._typical}), dtype=np.int64)
        self._known: tuple[tuple[str, ...], FloatArray] = ((), self._pods_of(()))

    def pods_served(self, cpu: IntArray, model: IntArray, models: Sequence[str]) -> FloatArray:
        """How many of the pods of each need a node serves by its cpu and model. Shape (nodes, needs).

        :param model: indices into ``models``; -1 for a node without.
        """
        names = tuple(models)
        known, pods = self._known
        if known != names:
            pods = self._pods_of(names)
            self._known = names, pods
        return pods[model, np.searchsorted(self._cpus, cpu, side="right")]

    def of(self, left: IntArray, served: FloatArray) -> FloatArray:
        """Idle milli-GPU that a pod cannot use, summed over the typical pods. Shape (nodes,).

        :param left: what is left on each device. Shape (nodes, devices).
        :param served: as :meth:`pods_served` has it.
        """
        fits, usable = self._reach(left)
        return self._unusable(left.sum(axis=1), fits.sum(axis=1), usable.sum(axis=1), served)

    def of_each_choice(self, left: IntArray, milli: int, served: FloatArray) -> FloatArray:
        """The same after ``milli`` were taken from one device, for each device; anything where it has not enough.

        Shape (nodes, devices).
        """
        after = np.maximum(left - milli, 0)
        fits, usable = self._reach(left)
        fits_after, usable_after = self._reach(after)
        # Only one device changes, so the sums over the others need not be taken again.
        fitting = fits.sum(axis=1)[:, np.newaxis] - fits + fits_after
        reach = usable.sum(axis=1)[:, np.newaxis] - usable + usable_after
        idle = left.sum(axis=1)[:, np.newaxis] - left + after
        return self._unusable(idle, fitting, reach, served[:, np.newaxis])

    def _reach(self, left: IntArray) -> tuple[IntArray, IntArray]:
        """Whether each device has enough for each need, and what it has left if so. Shape (nodes, devices, needs)."""
        fits = (left[..., np.newaxis] >= self._milli).astype(np.int64)
        return fits, fits * left[..., np.newaxis]

    def _unusable(self, idle: IntArray, fitting: IntArray, usable: IntArray, served: FloatArray) -> FloatArray:
        """All that is idle, less what the pods that fit can use of it."""
        used = (served * usable * (fitting >= self._count)).sum(axis=-1)
        unusable: FloatArray = idle * float(self.pods) - used
        return unusable

    def _pods_of(self, models: Sequence[str]) -> FloatArray:
        """How many pods of each need are content with a model and so much cpu. Shape (models + 1, cpus + 1, needs).

        The last model is that of nodes without. The cpu is how many of ``_cpus`` are not more than the node has.
        """
        pods = np.zeros((len(models) + 1, len(self._cpus) + 1, len(self._needs)))
        for pod, count in self._typical.items():
            content = [not pod.models or model in pod.models for model in (*models, "")]
            enough = int(np.searchsorted(self._cpus, pod.cpu_milli, side="right"))
            pods[content, enough:, self._needs[pod.gpu_milli, pod.gpu_count]] += count
        return pods
