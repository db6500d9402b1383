"""The users of a run: they ask for pods, deployments and nodes, change their minds, and know what they were told."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Protocol

from kube9.core import stimuli as s
from kube9.core.cluster import Cluster
from kube9.core.containers import RestartPolicy
from kube9.core.deployments import DeploymentSpec
from kube9.core.pods import PodSpec

__all__ = ["Desk", "Users"]

#: How long a drain may take: for ever, no time at all, or some.
_DEADLINES_MS = (None, 0, 20_000)


class Desk(Protocol):
    """Where users ask."""

    @property
    def cluster(self) -> Cluster: ...
    def ask(self, kind: type[s.Stimulus], **about: object) -> bool:
        """Ask for something; ``True`` if the answer was yes."""

    def add_node(self) -> None: ...


class Users:
    """:param pods: how many pods there are to be, roughly."""

    def __init__(self, desk: Desk, seed: int, pods: int) -> None:
        self._desk, self._pods = desk, pods
        self._rng = random.Random(f"users/{seed}")
        #: Pods and deployments that they were told are there, and have not deleted.
        self.pods: set[str] = set()
        self.deployments: set[str] = set()
        self._made = 0
        self._turns: Mapping[Callable[[], None], int] = {
            self.launch: 34,
            self._delete_pod: 30,
            self._apply: 6,
            self._scale: 4,
            self._delete_deployment: 3,
            self._drain: 10,
            self._uncordon: 10,
            self._delete_node: 2,
            self._forget_node: 1,
        }

    def turn(self) -> None:
        """Ask for something."""
        (act,) = self._rng.choices(list(self._turns), list(self._turns.values()))
        act()

    def launch(self) -> None:
        """Ask for a pod."""
        if len(self._desk.cluster.pods) < 2 * self._pods + 2:
            uid = self._new("pod")
            if self._desk.ask(s.LaunchPod, uid=uid, spec=self._spec(uid)):
                self.pods.add(uid)

    def rest(self) -> None:
        """Let every node take pods again, those that are drained too."""
        for uid in list(self._desk.cluster.nodes):
            self._desk.ask(s.CordonNode, uid=uid, cordoned=False)

    def is_lost(self) -> str:
        """What is not there any more though they were told it is; empty where nothing is."""
        cluster = self._desk.cluster
        for uid in self.pods - cluster.pods.keys():
            return f"pod {uid}, which was acknowledged, is gone"
        for uid in self.deployments - cluster.deployments.keys():
            return f"deployment {uid}, which was acknowledged, is gone"
        return ""

    def _new(self, kind: str) -> str:
        self._made += 1
        return f"{kind}-{self._made}"

    def _spec(self, name: str, *, batch: bool = True) -> PodSpec:
        rng = self._rng
        return PodSpec(
            name=name,
            requests={"cpu": rng.choice((200, 500, 2000))},
            priority=rng.choice((0, 0, 10)),
            restart_policy=RestartPolicy.NEVER if batch and rng.random() < 0.2 else RestartPolicy.ALWAYS,
        )

    def _delete_pod(self) -> None:
        pods = list(self._desk.cluster.pods)
        if pods and self._desk.ask(s.DeletePod, uid=(uid := self._rng.choice(pods))):
            self.pods.discard(uid)

    def _apply(self) -> None:
        """A new deployment, or another template for one that is there."""
        known = list(self._desk.cluster.deployments.values())
        replicas, spare = self._rng.randint(0, 4), self._rng.randint(1, 2)
        template = self._spec("template", batch=False)
        if known and (len(known) > 2 or self._rng.random() < 0.5):
            name = self._rng.choice(known).name
        else:
            name = self._new("web")
        spec = DeploymentSpec(name=name, replicas=replicas, template=template, max_unavailable=spare)
        if self._desk.ask(s.ApplyDeployment, uid=name, spec=spec):
            self.deployments.add(name)

    def _scale(self) -> None:
        if uids := list(self._desk.cluster.deployments):
            self._desk.ask(s.ScaleDeployment, uid=self._rng.choice(uids), replicas=self._rng.randint(0, 4))

    def _delete_deployment(self) -> None:
        uids = list(self._desk.cluster.deployments)
        if uids and self._desk.ask(s.DeleteDeployment, uid=(uid := self._rng.choice(uids))):
            self.deployments.discard(uid)

    def _drain(self) -> None:
        rng = self._rng
        how = {
            "deadline_ms": rng.choice(_DEADLINES_MS),
            "parallel": rng.randint(1, 2),
            "interval_ms": rng.choice((0, 0, 3_000)),
            "move_batch": rng.random() < 0.5,
        }
        self._on_a_node(s.DrainNode, **how)

    def _uncordon(self) -> None:
        self._on_a_node(s.CordonNode, cordoned=False)

    def _delete_node(self) -> None:
        if self._on_a_node(s.DeleteNode):
            self._desk.add_node()

    def _forget_node(self) -> None:
        """Refused as long as pods may run there."""
        if self._on_a_node(s.ForgetNode):
            self._desk.add_node()

    def _on_a_node(self, kind: type[s.Stimulus], **about: object) -> bool:
        uids = list(self._desk.cluster.nodes)
        return bool(uids) and self._desk.ask(kind, uid=self._rng.choice(uids), **about)
