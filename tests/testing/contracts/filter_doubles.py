"""Filters: one that keeps to its port, and others that break it in one way each."""

from __future__ import annotations

import zlib

import numpy as np


class Sound:
    """Enough cpu."""

    reason = "insufficient cpu"
    local = True

    def fits(self, pod, nodes):
        return nodes.free["cpu"] >= pod.requests.get("cpu", 0)


class Explains(Sound):
    def rejections(self, pod, nodes):
        short = ~self.fits(pod, nodes)
        none = nodes.capacity["cpu"] == 0
        yield "no cpu at all", short & none
        yield "insufficient cpu", short


class NoObjection(Sound):
    def fits(self, pod, nodes):
        return None if pod.requests.get("cpu", 0) == 0 else super().fits(pod, nodes)


class HandsOutAColumn(Sound):
    def fits(self, pod, nodes):
        return nodes.schedulable


class Global(Sound):
    """Says nothing about being local, and so may look at all nodes at once."""

    local = False

    def fits(self, pod, nodes):
        return nodes.free["cpu"] >= nodes.free["cpu"].mean()


class NoReason(Sound):
    reason = " "


class ReasonIsNoText(Sound):
    reason = 7


class Column(Sound):
    def fits(self, pod, nodes):
        return super().fits(pod, nodes)[:, np.newaxis]


class Numbers(Sound):
    def fits(self, pod, nodes):
        return super().fits(pod, nodes).astype(np.int64)


class List(Sound):
    def fits(self, pod, nodes):
        return super().fits(pod, nodes).tolist()


class GivesUp(Sound):
    def fits(self, pod, nodes):
        if len(nodes) > 1000:
            raise ValueError("too many nodes")
        return super().fits(pod, nodes)


class Alternates(Sound):
    local = False
    calls = 0

    def fits(self, pod, nodes):
        self.calls += 1
        return super().fits(pod, nodes) ^ (self.calls % 4 == 0)


class WritesToLargest(Sound):
    def fits(self, pod, nodes):
        nodes.largest["memory"] += 1
        return super().fits(pod, nodes)


class Hoards(Sound):
    def __init__(self):
        self.seen = []

    def fits(self, pod, nodes):
        self.seen.append(pod.name)
        return super().fits(pod, nodes)


class KeepsTable(Sound):
    def fits(self, pod, nodes):
        self.last = nodes
        return super().fits(pod, nodes)


class EmptyRejection(Explains):
    def rejections(self, pod, nodes):
        return [("", refused) for _, refused in super().rejections(pod, nodes)]


class RejectionByNumber(Explains):
    def rejections(self, pod, nodes):
        return [(reason, refused.astype(np.int64)) for reason, refused in super().rejections(pod, nodes)]


class RejectionColumn(Explains):
    def rejections(self, pod, nodes):
        return [(reason, refused[:, np.newaxis]) for reason, refused in super().rejections(pod, nodes)]


class RejectsInSilence(Explains):
    def rejections(self, pod, nodes):
        return list(super().rejections(pod, nodes))[:1]


class RejectsWhatFits(Explains):
    def rejections(self, pod, nodes):
        yield from super().rejections(pod, nodes)
        yield "a bad day", np.ones(len(nodes), dtype=np.bool_)


class ComparesThoughLocal(Sound):
    def fits(self, pod, nodes):
        return nodes.free["cpu"] >= nodes.free["cpu"].mean()


class GoesByName(Sound):
    def fits(self, pod, nodes):
        return super().fits(pod, nodes) ^ bool(zlib.crc32(pod.name.encode()) % 3)


class SociableThoughMonotone(Sound):
    monotone = True

    def fits(self, pod, nodes):
        return nodes.free["cpu"] < nodes.capacity["cpu"]


class MonotoneThoughNotLocal(Sound):
    local = False
    monotone = True
