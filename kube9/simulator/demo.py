"""A small cluster that lives for a minute of virtual time: nodes join, pods land, a node dies, its pods move."""

from __future__ import annotations

import random
from functools import partial
from typing import Any

from attrs import frozen

from kube9.backends.behaviour import NodeBehaviour, PodBehaviour
from kube9.backends.memory import MemoryBackend
from kube9.clocks import VirtualClock
from kube9.core.events import Event
from kube9.core.nodes import Node, NodeSpec
from kube9.core.pods import Pod, PodSpec
from kube9.core.stimuli import AddNode, FailNode, LaunchPod, Stimulus
from kube9.simulator.carrier import Carrier
from kube9.simulator.driver import Driver
from kube9.simulator.recorder import Recorder
from kube9.simulator.workshop import Workshop

__all__ = ["ENDS_MS", "Demo", "NodeDied"]

_GIB = 2**30

#: When the demonstration is over.
ENDS_MS = 56_000
#: When the fullest node dies, when that is noticed, and when it is back.
_DIES_MS, _NOTICED_MS, _BACK_MS = 32_000, 35_000, 48_000
_FIRST_POD_MS, _LAST_POD_MS = 4_000, 30_000


@frozen(kw_only=True)
class NodeDied(Event):
    """A node stopped, with all its pods; the cluster does not know yet."""

    node: Node


@frozen
class _Kind:
    """A kind of pod in the demonstration."""

    name: str
    count: int
    cpu_milli: int
    memory_gib: int
    #: How long one runs; ``None`` for as long as there is a cluster.
    run_for_ms: int | None


_NODES = (("small-1", 4, 16), ("small-2", 4, 16), ("large-1", 8, 32), ("large-2", 8, 32), ("small-3", 4, 16))
_KINDS = (
    _Kind("web", 6, 500, 1, None),
    _Kind("api", 5, 1000, 2, None),
    _Kind("cache", 3, 500, 6, None),
    _Kind("train", 3, 3000, 4, None),
    _Kind("batch", 7, 1500, 3, 17_000),
)


class Demo:
    """One cluster, its nodes and pods, and what is going to happen to them.

    :param seed: for the order of the pods, the gaps between them, and schedulers that take one.
    """

    def __init__(self, workshop: Workshop, *, scheduler: str, queue: str, devices: str, seed: int) -> None:
        self.scheduler = scheduler
        self.pods = sum(kind.count for kind in _KINDS)
        #: The node that died, once it did, and how many pods were on it.
        self.died: Node | None = None
        self.orphans = 0
        self._door = workshop.door
        self._rng = random.Random(f"demo/{seed}")
        self._run_for_ms: dict[str, int | None] = {}
        self._heard: list[Event] = []
        self.cluster = workshop.make_cluster(
            scheduler=scheduler, queue=queue, devices=devices, seed=seed, settings=None
        )
        self.recorder = Recorder(("cpu", "memory"), 0, self._run_for_ms.__getitem__)
        self._driver = Driver(self.cluster, self.recorder, self, check_steps=True)
        self._clock = VirtualClock()
        self._backend = MemoryBackend(
            self._clock,
            self._deliver,
            behaviour=lambda pod: PodBehaviour(start_delay_ms=400, run_for_ms=self._run_for_ms[pod.uid]),
            node_behaviour=lambda _: NodeBehaviour(create_delay_ms=self._rng.randint(700, 1800)),
        )
        self._carrier = Carrier(self._backend)
        self._plan()

    @property
    def next_at_ms(self) -> int | None:
        """When something happens next; ``None`` when the demonstration is over."""
        at_ms = self._clock.next_at_ms
        return None if at_ms is None or at_ms > ENDS_MS else at_ms

    def step(self) -> list[Event]:
        """Let the next thing happen, and return what it led to.

        :raises PluginError: the scheduler broke its contract.
        """
        self._clock.run_next()
        heard, self._heard = self._heard, []
        return heard

    def announce(self, event: Event) -> None:
        """Hear of what happened, and pass it on to plugins."""
        self._heard.append(event)
        self._door.announce(event)

    def pods_on(self, node: Node) -> list[Pod]:
        """The pods that are bound to ``node``, in the order of their arrival."""
        return [pod for pod in self.cluster.pods.values() if pod.node_uid == node.uid and not pod.phase.finished]

    def _plan(self) -> None:
        at_ms = 0
        for name, cores, gib in _NODES:
            spec = NodeSpec(name=name, capacity={"cpu": 1000 * cores, "memory": gib * _GIB})
            self._clock.call_at(at_ms, partial(self._tell, AddNode, uid=name, spec=spec))
            at_ms += 600
        kinds = [kind for kind in _KINDS for _ in range(kind.count)]
        self._rng.shuffle(kinds)
        numbers: dict[str, int] = {}
        moments = sorted(self._rng.sample(range(_FIRST_POD_MS, _LAST_POD_MS, 100), len(kinds)))
        for kind, moment in zip(kinds, moments, strict=True):
            numbers[kind.name] = number = numbers.get(kind.name, 0) + 1
            self._plan_pod(f"{kind.name}-{number}", kind, moment)
        self._clock.call_at(_DIES_MS, self._kill)

    def _plan_pod(self, name: str, kind: _Kind, at_ms: int) -> None:
        requests = {"cpu": kind.cpu_milli, "memory": kind.memory_gib * _GIB}
        spec = PodSpec(name=name, requests=requests, labels={"app": kind.name})
        self._run_for_ms[name] = kind.run_for_ms
        self._clock.call_at(at_ms, partial(self._tell, LaunchPod, uid=name, spec=spec))

    def _kill(self) -> None:
        """The fullest node goes down; among equals the one that joined first."""
        node = max(self.cluster.nodes.values(), key=lambda node: len(self.pods_on(node)))
        self._backend.crash_node(node.uid, _BACK_MS - _DIES_MS)
        self.died, self.orphans = node, len(self.pods_on(node))
        self._heard.append(NodeDied(at_ms=self._clock.now_ms(), node=node))
        self._clock.call_at(_NOTICED_MS, partial(self._tell, FailNode, uid=node.uid, reason="it does not answer"))

    def _tell(self, stimulus: type[Any], **values: Any) -> None:
        self._deliver(stimulus(at_ms=self._clock.now_ms(), **values))

    def _deliver(self, stimulus: Stimulus) -> None:
        self._carrier.carry_out(self._driver.handle(stimulus).instructions)
