"""A cluster's life by the seed: everything that can happen to it happens, in an order that only the seed decides."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Sequence
from typing import TypeVar

from kube9.core import stimuli as s
from kube9.core.cluster import Cluster
from kube9.core.nodes import DeviceGroup, NodeSpec, Taint
from kube9.core.outcome import CreateNode, DestroyNode, Instruction, RestartNode, StartPod
from kube9.core.pods import DeviceRequest, PodSpec, Toleration

__all__ = ["random_run"]

T = TypeVar("T")


def random_run(cluster: Cluster, seed: int, steps: int = 500, check_every: int = 1) -> str:
    """Put a new ``cluster`` through ``steps`` random stimuli; returns a digest of all it answered.

    The same seed gives the same digest in every process, unless something in the cluster or its policies depends
    on what it must not depend on, such as the order of a set.

    :param check_every: after how many steps :meth:`Cluster.check` is called each time.
    :raises InvariantViolation: the cluster contradicts itself.
    """
    world = _World(cluster, random.Random(seed))
    for step in range(1, steps + 1):
        world.step()
        if step % check_every == 0:
            cluster.check()
    return world.digest.hexdigest()


class _World:
    """Nodes, users and time, as a cluster meets them."""

    def __init__(self, cluster: Cluster, rng: random.Random) -> None:
        self.cluster, self.rng = cluster, rng
        self.at_ms = self.made = 0
        self.to_do: list[Instruction] = []
        self.digest = hashlib.sha256()
        # What may happen next, and how often it does for each time that something else does.
        self.turns: list[tuple[Callable[[], s.Stimulus | None], int]] = [
            (self.answer, 30),
            (self.launch_pod, 20),
            (self.exit_pod, 10),
            (self.pass_time, 6),
            (self.add_node, 4),
            (self.judge_node, 4),
            (self.repeat_report, 3),
            (self.delete_pod, 3),
            (self.cordon_node, 2),
            (self.delete_node, 1),
        ]

    def step(self) -> None:
        stimulus = None
        while stimulus is None:
            turns, weights = zip(*self.turns, strict=True)
            stimulus = self.rng.choices(turns, weights)[0]()
        outcome = self.cluster.handle(stimulus)
        self.to_do += outcome.instructions
        self.digest.update(repr((stimulus, outcome)).encode())

    def later(self) -> int:
        self.at_ms += self.rng.choice((0, 0, 1, 20, 300))
        return self.at_ms

    def one_of(self, things: Sequence[T]) -> T | None:
        return self.rng.choice(things) if things else None

    def answer(self) -> s.Stimulus | None:
        """A backend has done what it was told, or could not; now and then it will say so again."""
        if not self.to_do:
            return None
        number = self.rng.randrange(len(self.to_do))
        instruction = self.to_do[number] if self.rng.random() < 0.1 else self.to_do.pop(number)
        at_ms, well = self.later(), self.rng.random() < 0.8
        uid = instruction.node.uid
        if isinstance(instruction, CreateNode):
            return (
                s.NodeJoined(at_ms=at_ms, uid=uid) if well else s.CreateNodeFailed(at_ms=at_ms, uid=uid, reason="quota")
            )
        if isinstance(instruction, RestartNode):
            return (
                s.NodeJoined(at_ms=at_ms, uid=uid) if well else s.RestartNodeFailed(at_ms=at_ms, uid=uid, reason="off")
            )
        if isinstance(instruction, DestroyNode):
            return s.DestroyNodeDone(at_ms=at_ms, uid=uid)
        pod = instruction.pod
        if not isinstance(instruction, StartPod):
            return s.StopPodDone(at_ms=at_ms, uid=pod.uid, epoch=pod.epoch)
        if well:
            return s.PodStarted(at_ms=at_ms, uid=pod.uid, epoch=pod.epoch)
        return s.StartPodFailed(at_ms=at_ms, uid=pod.uid, epoch=pod.epoch, reason="no image")

    def launch_pod(self) -> s.Stimulus:
        rng = self.rng
        self.made += 1
        requests = {"cpu": rng.choice((100, 500, 1000, 4000)), "memory": rng.randrange(2**30)}
        devices = (DeviceRequest(kind="gpu", count=rng.randint(1, 2), milli=rng.choice((300, 1000))),)
        spec = PodSpec(
            name=f"p{self.made}",
            requests=dict(rng.sample(sorted(requests.items()), rng.randint(1, 2))),
            devices=devices if rng.random() < 0.2 else (),
            node_selector={"zone": rng.choice("ab")} if rng.random() < 0.2 else {},
            tolerations=(Toleration(key="gpu", exists=True),) if rng.random() < 0.5 else (),
            priority=rng.choice((0, 0, 5)),
        )
        return s.LaunchPod(at_ms=self.later(), uid=f"pod-{self.made}", spec=spec)

    def add_node(self) -> s.Stimulus:
        rng = self.rng
        self.made += 1
        spec = NodeSpec(
            name=f"n{self.made}",
            capacity={"cpu": rng.choice((2000, 8000)), "memory": 2**32, **({"pods": 3} if rng.random() < 0.2 else {})},
            devices=(DeviceGroup(kind="gpu", count=rng.randint(1, 4)),) if rng.random() < 0.4 else (),
            labels={"zone": rng.choice("ab")},
            taints=(Taint("gpu"),) if rng.random() < 0.2 else (),
        )
        return s.AddNode(at_ms=self.later(), uid=f"node-{self.made}", spec=spec)

    def exit_pod(self) -> s.Stimulus | None:
        pod = self.one_of([pod for pod in self.cluster.pods.values() if pod.node_uid and not pod.phase.finished])
        if pod is None:
            return None
        return s.PodExited(at_ms=self.later(), uid=pod.uid, epoch=pod.epoch, exit_code=self.rng.choice((0, 0, 1)))

    def repeat_report(self) -> s.Stimulus | None:
        """A report of an epoch that is over, or soon will be."""
        pod = self.one_of(list(self.cluster.pods.values()))
        if pod is None:
            return None
        kind = self.rng.choice((s.PodStarted, s.PodExited, s.StopPodDone))
        return kind(at_ms=self.later(), uid=pod.uid, epoch=max(0, pod.epoch - 1))

    def delete_pod(self) -> s.Stimulus | None:
        pod = self.one_of(list(self.cluster.pods.values()))
        return None if pod is None else s.DeletePod(at_ms=self.later(), uid=pod.uid)

    def judge_node(self) -> s.Stimulus | None:
        node = self.one_of(list(self.cluster.nodes.values()))
        if node is None:
            return None
        kinds = (
            s.SuspectNode,
            s.SuspectNode,
            s.TrustNode,
            s.TrustNode,
            s.FailNode,
            s.FailNode,
            s.GiveUpNode,
            s.NodeJoined,
        )
        return self.rng.choice(kinds)(at_ms=self.later(), uid=node.uid)

    def cordon_node(self) -> s.Stimulus | None:
        node = self.one_of(list(self.cluster.nodes.values()))
        return (
            None if node is None else s.CordonNode(at_ms=self.later(), uid=node.uid, cordoned=self.rng.random() < 0.4)
        )

    def delete_node(self) -> s.Stimulus | None:
        node = self.one_of(list(self.cluster.nodes.values()))
        return None if node is None else s.DeleteNode(at_ms=self.later(), uid=node.uid)

    def pass_time(self) -> s.Stimulus:
        due_ms = self.cluster.due_at_ms
        self.at_ms = max(self.at_ms, due_ms if due_ms is not None else self.at_ms + 100)
        return s.TimePassed(at_ms=self.at_ms)
