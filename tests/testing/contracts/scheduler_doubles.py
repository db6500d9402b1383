"""Schedulers: one that keeps to its port, and others that break it in one way each."""

from __future__ import annotations

import zlib

import numpy as np


class Sound:
    """The least cpu left."""

    local = True

    def score(self, pod, nodes):
        return -(nodes.free["cpu"] / nodes.largest["cpu"])


class Global(Sound):
    """Says nothing about being local, and so may look at all nodes at once."""

    local = False

    def score(self, pod, nodes):
        return super().score(pod, nodes) - nodes.free["cpu"].mean()


class WholeNumbers(Sound):
    def score(self, pod, nodes):
        return -nodes.free["cpu"]


class InfiniteWhereNothingFits(Sound):
    """The pod takes one of the node's pods, so that this is finite wherever it fits."""

    def score(self, pod, nodes):
        with np.errstate(divide="ignore"):
            return 1.0 / nodes.free["pods"]


class NeedsMemory(Sound):
    cannot = ("partial-requests",)

    def score(self, pod, nodes):
        return -(nodes.free["memory"] - pod.requests["memory"]) / nodes.capacity["memory"]


class Column(Global):
    def score(self, pod, nodes):
        return super().score(pod, nodes)[:, np.newaxis]


class Objects(Global):
    def score(self, pod, nodes):
        return super().score(pod, nodes).astype(object)


class TruthValues(Global):
    def score(self, pod, nodes):
        return super().score(pod, nodes) > 0


class DividesByZero(Global):
    def score(self, pod, nodes):
        with np.errstate(divide="ignore", invalid="ignore"):
            return nodes.free["cpu"] / nodes.capacity["cpu"]


class GivesUp(Global):
    def score(self, pod, nodes):
        if len(nodes) > 1000:
            raise ValueError("too many nodes")
        return super().score(pod, nodes)


class Dice(Global):
    def __init__(self):
        self.rng = np.random.default_rng(7)

    def score(self, pod, nodes):
        return self.rng.random(len(nodes))


class Counts(Global):
    calls = 0

    def score(self, pod, nodes):
        self.calls += 1
        return super().score(pod, nodes) + self.calls


class WritesToLargest(Global):
    def score(self, pod, nodes):
        nodes.largest["cpu"] += 1
        return super().score(pod, nodes)


class Hoards(Global):
    def __init__(self):
        self.seen = []

    def score(self, pod, nodes):
        self.seen.append(pod.name)
        return super().score(pod, nodes)


class KeepsTable(Global):
    def score(self, pod, nodes):
        self.last = nodes
        return super().score(pod, nodes)


class KeepsColumn(Global):
    def score(self, pod, nodes):
        self.last = nodes.free["cpu"][1:]
        return super().score(pod, nodes)


class RanksThoughLocal(Sound):
    def score(self, pod, nodes):
        return nodes.free["cpu"].argsort().argsort()


class NumbersRowsThoughLocal(Sound):
    def score(self, pod, nodes):
        return -np.arange(len(nodes))


class NamesThoughLocal(Sound):
    def score(self, pod, nodes):
        return super().score(pod, nodes) * (1 + zlib.crc32(pod.name.encode()) % 7)


class MisspeltCapability(Sound):
    cannot = ("partial-request",)


class ChoosesDevices(Sound):
    """Those with the most left, and leaves some pods to the chooser."""

    def choose_devices(self, pod, request, node):
        left = node.devices[request.kind][0]
        return None if request.count == 1 else np.argsort(-left, kind="stable")[: request.count]


class ChoosesFullDevices(Sound):
    def choose_devices(self, pod, request, node):
        return list(range(request.count))


class ChoosesTooManyDevices(Sound):
    def choose_devices(self, pod, request, node):
        return np.flatnonzero(node.devices[request.kind][0] >= request.milli)


class ChoosesDevicesByDice(Sound):
    def __init__(self):
        self.rng = np.random.default_rng(7)

    def choose_devices(self, pod, request, node):
        fitting = np.flatnonzero(node.devices[request.kind][0] >= request.milli)
        return self.rng.permutation(fitting)[: request.count]
