"""Server, machines, links, users and weather of one run, and what must hold of them."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

from attrs import define, field, frozen

from kube9.agent.brain import Answer, Beat
from kube9.clocks import VirtualClock
from kube9.core import events as e
from kube9.core import stimuli as s
from kube9.core.cluster import Cluster
from kube9.core.errors import Conflict, InvariantViolation, Kube9Error
from kube9.core.nodes import Node, NodePhase, NodeSpec
from kube9.core.pods import Pod, PodPhase
from kube9.core.watch import NodeWatch
from kube9.simulator.chaos.box import Box
from kube9.simulator.chaos.office import Office
from kube9.simulator.chaos.truth import Truth
from kube9.simulator.chaos.users import Users
from kube9.simulator.chaos.weather import Climate, LinkQuality

__all__ = ["Outcome", "World"]

#: How long a cluster may take to be as it should be once nothing fails any more, beside a few leases.
_CALM_MS = 300_000
_QUIET = LinkQuality(delay_ms=1)


@define(eq=False)
class Link:
    """What is between the server and one machine."""

    up_cut: bool = False
    down_cut: bool = False
    _cuts: Counter[str] = field(factory=Counter)

    def cut(self, up: bool, down: bool) -> None:
        self._cuts["up"] += up
        self._cuts["down"] += down
        self._look()

    def mend(self, up: bool, down: bool) -> None:
        self._cuts["up"] -= up
        self._cuts["down"] -= down
        self._look()

    def _look(self) -> None:
        self.up_cut, self.down_cut = self._cuts["up"] > 0, self._cuts["down"] > 0


@frozen(kw_only=True)
class Outcome:
    """What came of a run in which everything held."""

    seed: int
    virtual_ms: int
    stimuli: int
    starts: int
    #: How often something failed, by kind.
    faults: dict[str, int]
    #: How often each kind of event was told.
    events: dict[str, int]
    #: From the end of the weather until all was as it should be.
    calm_ms: int


class World:
    """One run. Everything that happens in it is decided by the seed.

    :param climate: what goes wrong and how often; drawn from the seed where it is not given.
    :param make_cluster: a new and empty cluster, the same each time.
    :param make_watch: likewise.
    """

    def __init__(
        self,
        seed: int,
        *,
        make_cluster: Callable[[], Cluster],
        make_watch: Callable[[], NodeWatch],
        climate: Climate | None = None,
        clock: VirtualClock | None = None,
        check: bool = True,
    ) -> None:
        self.seed = seed
        self.climate = climate or Climate.draw(seed)
        self.rng = random.Random(f"chaos/{seed}")
        # Of its own, so that two health checks meet the same weather, whatever they make of it.
        self._sky = random.Random(f"weather/{seed}")
        self.clock = clock or VirtualClock()
        self.truth = Truth(self.clock.now_ms)
        self.boxes: dict[str, Box] = {}
        self.links: dict[str, Link] = {}
        self.faults: Counter[str] = Counter()
        self.events: Counter[str] = Counter()
        self.stormy = True
        self._quality = self.climate.link
        self.users = Users(self, seed, self.climate.pods)
        self.office = self._make_office(make_cluster=make_cluster, make_watch=make_watch, check=check)

    def _make_office(self, **parts: Any) -> Office:
        return Office(self.clock, self, told=self._hear, **parts)

    # A run.

    def run(self) -> Outcome:
        """Let everything fail for a while, then nothing, and see that all comes to be as it should be.

        :raises InvariantViolation: something did not hold.
        """
        for _ in range(self.climate.nodes):
            self.add_node()
        for _ in range(self.climate.pods):
            self.users.launch()
        self._begin_weather()
        self.clock.run_until(self.climate.storm_ms)
        self._end_weather()
        calm_ms = self._settle()
        return Outcome(
            seed=self.seed,
            virtual_ms=self.clock.now_ms(),
            stimuli=self.office.stimuli,
            starts=self.truth.starts,
            faults=dict(self.faults),
            events=dict(self.events),
            calm_ms=calm_ms,
        )

    def _settle(self) -> int:
        since_ms = self.clock.now_ms()
        bound_ms = since_ms + _CALM_MS + 4 * self.office.watch.lease_ms + 4 * self.climate.boot_ms
        while (wrong := self.what_is_wrong()) and self.clock.now_ms() < bound_ms:
            self.clock.advance(500)
        if wrong:
            raise InvariantViolation(f"{self.clock.now_ms() - since_ms} ms after the last fault {wrong}")
        return self.clock.now_ms() - since_ms

    def what_is_wrong(self) -> str:
        """What is not yet as it should be when nothing fails; empty where all is."""
        cluster = self.office.cluster
        if not self.office.up or self.office.paused:
            return "the server is not up"
        for node in cluster.nodes.values():
            if node.phase is not NodePhase.READY:
                return f"node {node.name} is {node.phase.value}: {node.reason}"
            if node.deleting:
                return f"node {node.name} is still being deleted"
            if node.drain is not None:
                return f"node {node.name} is still being drained, and waits for {node.drain.waiting_for}"
        if self.office.watch.held:
            return f"moves are held: {self.office.watch.held}"
        if lost := self.users.is_lost():
            return lost
        for pod in cluster.pods.values():
            if wrong := self._wrong_with(pod):
                return wrong
        for uid in self.truth.pods:
            known = cluster.pods.get(uid)
            if known is None or known.phase.finished:
                return f"pod {uid} is over and runs on {self.truth.where(uid)}"
        return ""

    def _wrong_with(self, pod: Pod) -> str:
        if pod.deleting or pod.evicting:
            return f"pod {pod.uid} is still on its way out"
        # One that waits for want of room is as it should be: the cluster's own check sees that it fits nowhere.
        if pod.phase.finished or (pod.phase is PodPhase.PENDING and "nodes fit" in pod.reason):
            return ""
        if pod.phase is not PodPhase.RUNNING:
            return f"pod {pod.uid} is {pod.phase.value}"
        where = self.truth.where(pod.uid)
        if where != [(pod.node_uid, pod.epoch)]:
            return f"pod {pod.uid} of epoch {pod.epoch} should run on {pod.node_uid}, and runs on {where}"
        return ""

    def _hear(self, event: e.Event) -> None:
        self.events[type(event).__name__] += 1
        if isinstance(event, (e.PodDeleted, e.PodFinished)):  # what has ended may be forgotten
            self.users.pods.discard(event.pod.uid)

    # Users.

    def add_node(self) -> None:
        """There is one more machine, and a node is asked for on it."""
        self._put_up(NodeSpec(name=f"node-{len(self.boxes)}", backend="chaos", capacity={"cpu": 8000}))

    def _put_up(self, spec: NodeSpec) -> None:
        uid = spec.name
        self.links[uid], self.boxes[uid] = self._make_machine(uid)
        self.office.do(s.AddNode, uid=uid, spec=spec)

    def _make_machine(self, uid: str) -> tuple[Link, Box]:
        return Link(), Box(uid, self.clock, self.rng, self.climate, self.truth, self._send_up)

    @property
    def cluster(self) -> Cluster:
        return self.office.cluster

    def ask(self, kind: type[s.Stimulus], **about: object) -> bool:
        """Ask the server for something; ``True`` if it said yes."""
        if not self.office.up or self.office.paused:
            return False
        try:
            self.office.do(kind, **about)
        except InvariantViolation:
            raise
        except (Conflict, Kube9Error):
            return False
        return True

    # Links.

    def _send_up(self, node_uid: str, beat: Beat) -> None:
        self._send(self.links[node_uid], True, partial(self.office.beat, node_uid, beat))

    def _send_down(self, node_uid: str, what: Callable[[], None]) -> None:
        self._send(self.links[node_uid], False, what)

    def _send(self, link: Link, up: bool, what: Callable[[], None]) -> None:
        for delay_ms in self._quality.delays(self.rng):
            self.clock.call_at(self.clock.now_ms() + delay_ms, partial(self._arrive, link, up, what))

    @staticmethod
    def _arrive(link: Link, up: bool, what: Callable[[], None]) -> None:
        """A message arrives, unless the link is cut by then."""
        if not (link.up_cut if up else link.down_cut):
            what()

    # What the server can do to nodes.

    def answer(self, node_uid: str, answer: Answer) -> None:
        self._send_down(node_uid, partial(self.boxes[node_uid].hear, answer))

    def start(self, node: Node, pod: Pod, told_after: tuple[str, int]) -> None:
        run_ms = self._run_ms(pod)
        self._send_down(node.uid, lambda: self.boxes[node.uid].start_pod(pod.uid, pod.epoch, told_after, run_ms))

    def _run_ms(self, _: Pod) -> int:
        """For how long a copy is to run; 0 for ever."""
        return int(self.rng.expovariate(1 / self.climate.run_ms)) + 1 if self.climate.run_ms else 0

    def stop(self, node: Node, pod: Pod) -> None:
        self._send_down(node.uid, lambda: self.boxes[node.uid].stop_pod(pod.uid, pod.epoch))

    def create(self, node: Node) -> None:
        box = self.boxes[node.uid]
        self._by_hand(node, lambda: None if box.up else box.boot(), lambda: self.create(node))

    def restart(self, node: Node) -> None:
        uid, incarnation = node.uid, node.incarnation

        def done() -> None:
            self.boxes[uid].boot()
            self._tell_later(s.NodeFenced, uid=uid, incarnation=incarnation)

        self._by_hand(node, done, lambda: self._tell_later(s.RestartNodeFailed, uid=uid, reason="out of reach"))

    def destroy(self, node: Node) -> None:
        box = self.boxes[node.uid]

        def done() -> None:
            box.die()
            box.destroyed = True
            self._tell_later(s.DestroyNodeDone, uid=node.uid)

        self._by_hand(node, done, lambda: self.destroy(node))

    def inspect(self, node: Node) -> None:
        uid, incarnation = node.uid, node.incarnation

        def look() -> None:
            if not self.boxes[uid].up:
                self._tell_later(s.NodeAbsent, uid=uid, incarnation=incarnation)

        self._by_hand(node, look, lambda: None)

    def _by_hand(self, node: Node, done: Callable[[], None], failed: Callable[[], None]) -> None:
        """Do something to a machine after a while, where it can be reached; without remote hands, through its link."""
        link, delay_ms = self.links[node.uid], int(self.rng.uniform(1, 2_000))

        def act() -> None:
            reached = self.climate.remote_hands or not (link.up_cut or link.down_cut)
            if reached:
                done()
            else:
                self.clock.call_at(self.clock.now_ms() + 3_000, failed)

        self.clock.call_at(self.clock.now_ms() + delay_ms, act)

    def _tell_later(self, kind: type[s.Stimulus], **about: object) -> None:
        delay_ms = int(self.rng.uniform(0, 3_000)) if self.stormy else 1
        self.clock.call_at(self.clock.now_ms() + delay_ms, lambda: self.office.do(kind, **about))

    # Weather.

    def _begin_weather(self) -> None:
        climate = self.climate
        kinds: list[tuple[str, int, Callable[[], Callable[[], None] | None]]] = [
            ("crash", climate.crash_every_ms, self._crash),
            ("reboot", climate.reboot_every_ms, self._reboot),
            ("cut", climate.cut_every_ms, lambda: self._cut(up=True, down=True)),
            ("one-way cut", climate.one_way_cut_every_ms, self._cut_one_way),
            ("partition", climate.partition_every_ms, self._partition),
            ("freeze", climate.freeze_every_ms, self._freeze),
            ("agent pause", climate.agent_pause_every_ms, self._pause_agent),
            ("server pause", climate.server_pause_every_ms, self._pause_server),
            ("server restart", climate.server_restart_every_ms, self._restart_server),
            ("user", climate.user_every_ms, self.users.turn),
        ]
        for kind, every_ms, strike in kinds:
            if every_ms:
                self._next(kind, every_ms, strike)

    def _next(self, kind: str, every_ms: int, strike: Callable[[], Callable[[], None] | None]) -> None:
        pause_ms = int(self._sky.expovariate(1 / every_ms)) + 1

        def happen() -> None:
            if not self._may_strike():
                return
            end = strike()
            self.faults[kind] += 1
            if end is not None:
                self.clock.call_at(self.clock.now_ms() + self._how_long(), end)
            self._next(kind, every_ms, strike)

        self.clock.call_at(self.clock.now_ms() + pause_ms, happen)

    def _may_strike(self) -> bool:
        return self.stormy

    def _how_long(self) -> int:
        return int(self._sky.expovariate(1 / self.climate.fault_ms)) + 1

    def _end_weather(self) -> None:
        """Mend what is broken, and let users uncordon what they drained."""
        self.stormy = False
        self._quality = _QUIET
        for link in self.links.values():
            link.up_cut = link.down_cut = False
            link._cuts.clear()  # noqa: SLF001
        for box in self.boxes.values():
            box.freeze(False)
            box.pause_agent(False)
            if not box.up:
                box.boot()
        self.office.pause(False)
        self.office.restart()
        self.users.rest()

    def _any_box(self) -> Box:
        return self._sky.choice(list(self.boxes.values()))

    def _crash(self) -> Callable[[], None]:
        box = self._any_box()
        box.die()
        return lambda: None if box.up or not self.stormy else box.boot()

    def _reboot(self) -> None:
        self._any_box().boot()

    def _cut(self, *, up: bool, down: bool) -> Callable[[], None]:
        link = self._sky.choice(list(self.links.values()))
        return self._cut_all([link], up=up, down=down)

    def _cut_one_way(self) -> Callable[[], None]:
        up = self._sky.random() < 0.5
        return self._cut(up=up, down=not up)

    def _partition(self) -> Callable[[], None]:
        links = list(self.links.values())
        return self._cut_all(self._sky.sample(links, self._sky.randint(1, len(links))), up=True, down=True)

    def _cut_all(self, links: list[Link], *, up: bool, down: bool) -> Callable[[], None]:
        for link in links:
            link.cut(up, down)

        def mend() -> None:
            if self.stormy:
                for link in links:
                    link.mend(up, down)

        return mend

    def _freeze(self) -> Callable[[], None]:
        box = self._any_box()
        box.freeze(True)
        return lambda: box.freeze(False)

    def _pause_agent(self) -> Callable[[], None]:
        box = self._any_box()
        box.pause_agent(True)
        return lambda: box.pause_agent(False)

    def _pause_server(self) -> Callable[[], None]:
        self.office.pause(True)
        return lambda: self.office.pause(False)

    def _restart_server(self) -> Callable[[], None]:
        self.office.crash()
        return self.office.restart
