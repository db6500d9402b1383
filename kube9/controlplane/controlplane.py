"""The live runtime: one loop that owns the cluster, a store, and threads that talk to backends."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar, final

from kube9.agent.brain import Answer, Beat
from kube9.controlplane.announcer import Announcer
from kube9.controlplane.answers import AddedNode, Applied, HeartbeatAnswer, Launched, NodeHealth, PlaneStatus
from kube9.controlplane.backends import Backends, MakeBackend
from kube9.controlplane.carrier import Carrier
from kube9.controlplane.containers import Containers
from kube9.controlplane.desk import Desk
from kube9.controlplane.eventlog import EventLog
from kube9.controlplane.farewell import Farewell
from kube9.controlplane.faultlog import FaultLog
from kube9.controlplane.inbox import Inbox, Request, Stop
from kube9.controlplane.loop import Loop
from kube9.controlplane.monitor import Monitor
from kube9.controlplane.orders import Orders
from kube9.controlplane.settings import PlaneSettings
from kube9.controlplane.tickets import Tickets
from kube9.controlplane.turn import Turn
from kube9.controlplane.usage import Usage
from kube9.controlplane.view import View, stored
from kube9.core.cluster import Cluster
from kube9.core.deployments import Deployment, DeploymentSpec
from kube9.core.drains import DRAIN_DEADLINE_MS
from kube9.core.errors import Conflict, Kube9Error, NodeGone, NotRunning, UnknownName
from kube9.core.events import Event, NodeDeleted, NodeFailed, NodeLost, NodeReady, SchedulerFailed
from kube9.core.nodes import Node, NodeSpec
from kube9.core.pipeline import Explanation
from kube9.core.plan import Planned
from kube9.core.pods import Pod, PodSpec
from kube9.core.ports import Clock, FaultInjector, HealthCheck
from kube9.core.stimuli import Heartbeat, Stimulus
from kube9.core.watch import beat_interval_ms
from kube9.core.whatif import Foreseeing, Prospect, WhatIf

if TYPE_CHECKING:
    from kube9.heartbeats.recorder import Recorder
    from kube9.store import Store

__all__ = ["ControlPlane"]

_log = logging.getLogger(__name__)

T = TypeVar("T")

#: Told of a node whose token nobody needs to know in plain any more: it is there, or never will be.
_SETTLED = (NodeReady, NodeLost, NodeDeleted)
#: Told of a node that has nothing any more of which anybody could measure what it takes.
_EMPTY = (NodeFailed, NodeLost, NodeDeleted)


@final
class ControlPlane:
    """Runs a cluster. Every method may be called from any thread.

    What writes returns when the change is durable. It raises ``StoreUnavailable`` while the database is away,
    ``Overloaded`` when too much waits, and ``NotRunning`` before the start and from the stop on. After
    ``StoreUnavailable`` the change may or may not be made; asked again, it is made once.

    :param cluster: new and empty.
    :param clock: closed with the control plane, as are store, backends and recorder.
    :param make_backend: makes the backend of a name, at the start or when a node first asks for it.
    :param backends: the names it can make; the first makes nodes that name none.
    :param at_start: those of them that are made at the start, whether a node asks for them or not.
    :param tickets: what new nodes are told of the server.
    :param announce: tells plugins of one event.
    :param on_fatal: called once, with the reason, should the control plane have to stop by itself.
    :param recorder: notes every beat; ``None`` for nobody.
    """

    def __init__(
        self,
        *,
        cluster: Cluster,
        store: Store,
        clock: Clock,
        make_backend: MakeBackend,
        backends: Iterable[str],
        at_start: Collection[str] = (),
        health: HealthCheck,
        announce: Callable[[Event], None] | None = None,
        settings: PlaneSettings | None = None,
        tickets: Tickets | None = None,
        on_fatal: Callable[[str], None] | None = None,
        recorder: Recorder | None = None,
    ) -> None:
        self.settings = settings = settings or PlaneSettings()
        #: What is durable, readable without waiting for the loop.
        self.view = view = View()
        #: The latest events; older ones are in the store.
        self.events = EventLog(settings.events_kept)
        #: What pods really take, where nodes measure it.
        self.usage = Usage()
        self.store, self.clock = store, clock
        self._cluster, self._recorder = cluster, recorder
        self._orders = Orders(self.view)
        self._inbox = inbox = Inbox(settings.requests_waiting_max)
        inbox.refuse(lambda: NotRunning("the control plane was not started yet"))
        self._backends = made = Backends(make_backend, backends, self._deliver, at_start=at_start)
        #: What goes on in the containers of pods.
        self.containers = Containers(view, made)
        self._tickets = tickets = tickets or Tickets()
        self._desk = desk = Desk(made, inbox, clock, held_max=settings.answers_held_max)
        self._carrier = Carrier(backends=made, tickets=tickets, view=view, inbox=inbox, clock=clock, settings=settings)
        self._monitor = Monitor(
            check=health,
            backends=made,
            view=view,
            inbox=inbox,
            clock=clock,
            heartbeat_ms=beat_interval_ms(health, settings.heartbeat_ms),
            note_lease=store.note_lease,
            note=recorder and recorder.note,
            usage=self.usage,
            lease_ms=settings.lease_ms,
        )
        self._faults = FaultLog()
        self._announcer = Announcer(announce or _nobody_listens, waiting_max=settings.announcements_max)
        self._loop = Loop(
            cluster=cluster,
            store=store,
            inbox=inbox,
            tickets=tickets,
            view=view,
            log=self.events,
            clock=clock,
            settings=settings,
            tell_agents=desk.tell,
            hand_out=self._carrier.carry_out,
            told=self._told,
            on_fatal=on_fatal or _nobody_listens,
        )
        self._started_at_ms: int | None = None
        self._stopping = threading.Lock()
        self._stopped = False
        #: Gets what backends deliver once the loop is over; ``None`` for nobody.
        self._after_the_loop: Callable[[Stimulus], None] | None = None

    # Beginning and end.

    def start(self) -> None:
        """Take up the stored cluster, ask backends what they really run, and go on from there.

        :raises StoreError: what is stored cannot be read.
        :raises InvalidInput: a backend that is to be made at the start has no such option, or not that value of it.
        :raises MissingExtra: or it needs what is not installed.
        """
        loaded = self.store.load()
        clock_ms = self.clock.now_ms()
        now_ms = max(clock_ms, loaded.now_ms)
        self._loop.ahead_ms = now_ms - clock_ms
        self._loop.next_event_id = loaded.next_event_id
        self.events.begin(loaded.next_event_id - 1)
        self.view.apply(stored(loaded.nodes, loaded.pods, loaded.deployments))
        self._backends.begin(node.spec.backend for node in loaded.nodes)
        first = self._loop.new_turn()
        first.take(self._cluster.restore(loaded.nodes, loaded.pods, loaded.deployments, at_ms=now_ms))
        self._started_at_ms = clock_ms
        self._carrier.start()
        self._announcer.start()
        self._monitor.start(loaded.lease_ms)
        self._inbox.accept()
        self._loop.start(first)

    def stop(self, *, stop_nodes: bool = False) -> None:
        """Take on no more writes, finish what was acknowledged within a bounded time, and close everything.

        Nodes and their pods are left running, and adopted by the next start. With ``stop_nodes`` backends destroy
        them, once the loop is over, so that nobody takes it for a loss: what is wanted stays stored, and the next
        start makes the nodes anew. May be called again.
        """
        with self._stopping:
            if self._stopped:
                return
            self._stopped = True
        until_s = time.monotonic() + self.settings.stop_grace_ms / 1000
        self._inbox.refuse(lambda: NotRunning("the control plane is shutting down"))
        self._monitor.close()
        self._desk.close()
        if not self._loop.fatal and not self._loop.outage:
            self._carrier.drain(_left_s(until_s))
        self._inbox.put(Stop())
        self._loop.join()
        self._loop.close()
        # What the last turn made durable is begun as well; what comes of it the next start asks for.
        self._carrier.drain(_left_s(until_s))
        if dropped := self._carrier.close(_left_s(until_s)):
            _log.warning("%d instructions had not begun; the next start sees to them", dropped)
        if stop_nodes:
            leaving = Farewell()
            self._after_the_loop = leaving.hear
            leaving.destroy(self.view.nodes(), self._backends, self.settings.stop_grace_ms / 1000)
        self._announcer.close(_left_s(until_s))
        self._backends.close()
        for part in (self.clock, self._recorder, self.store):
            if (close := getattr(part, "close", None)) is not None:
                close()

    def __enter__(self) -> ControlPlane:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    # Nodes.

    def add_node(self, spec: NodeSpec, *, uid: str) -> AddedNode:
        """Ask for a node. The same again, by name or by uid, is answered with the one there is.

        :raises UnknownName: there is no such backend.
        :raises DuplicateName: there is another node of that name, or of that uid.
        :raises Conflict: the one of that name is being deleted.
        """
        spec = self._backends.name_one(spec)
        return self._ask(partial(self._orders.add_node, spec=spec, uid=uid))

    def cordon_node(self, name: str, cordoned: bool) -> Node:
        """Keep new pods off a node, or let them on again."""
        return self._ask(partial(self._orders.cordon_node, name=name, cordoned=cordoned))

    def drain_node(
        self,
        name: str,
        grace_ms: int | None = None,
        *,
        deadline_ms: int | None = DRAIN_DEADLINE_MS,
        parallel: int = 1,
        interval_ms: int = 0,
        move_batch: bool = False,
    ) -> Node:
        """Cordon a node and let its pods run elsewhere; returns when that was begun.

        What each argument means stands at :class:`~kube9.core.stimuli.DrainNode`.
        """
        order = partial(
            self._orders.drain_node,
            name=name,
            grace_ms=grace_ms,
            deadline_ms=deadline_ms,
            parallel=parallel,
            interval_ms=interval_ms,
            move_batch=move_batch,
        )
        return self._ask(order)

    def cancel_drain(self, name: str, *, cordoned: bool = False) -> Node:
        """Let what is left on a node that is drained stay there.

        :param cordoned: keep new pods off it all the same.
        """
        return self._ask(partial(self._orders.cancel_drain, name=name, cordoned=cordoned))

    def delete_node(self, name: str, *, force: bool = False) -> Node | None:
        """Have a node destroyed by its backend; returns when that was begun.

        :param force: strike it out at once, whatever its backend says; returns ``None``.
        :raises Conflict: it cannot be struck out, for it may run something.
        """
        return self._ask(partial(self._orders.delete_node, name=name, force=force))

    def fail_node(self, name: str, *, down_for_ms: int | None = None, permanent: bool = False) -> Node:
        """Have a node's backend break it on purpose; the cluster is not told, and has to find out.

        :raises Conflict: the backend cannot do that, or the node is not there.
        """
        node = self.view.node(name)
        backend = self._backends.get(node.spec.backend)
        if not isinstance(backend, FaultInjector):
            raise Conflict(f"node {name!r} is of backend {node.spec.backend!r}, which cannot break nodes on purpose")
        try:
            backend.fail_node(node, down_for_ms=down_for_ms, permanent=permanent)
        except NodeGone as exc:
            raise Conflict(f"node {name!r} is {node.phase.value} and cannot be broken: {exc}") from exc
        self._monitor.broke(node)
        return node

    def heartbeat(self, name: str, *, uid: str | None = None) -> HeartbeatAnswer:
        """A node says that it is there; one that was being made has joined by that. Nothing is stored.

        :param uid: of the node that is meant; ``None`` for whichever has the name.
        :raises UnknownName: there is no such node.
        """
        node = self.view.node(name)
        if uid is not None and node.uid != uid:
            raise UnknownName(f"there is no node {name!r} with uid {uid!r}; another has that name by now")
        return self._monitor.introduce(node.uid)

    def ask_for_lease(self, name: str, beat: Beat, wait_ms: int = 0) -> Request[Answer]:
        """A node's agent says what runs there, and wants to go on; the answer comes without waiting for others' room.

        :param wait_ms: for how long at most the answer may be kept back while there is nothing to say.
        :raises UnknownName: there is no such node.
        """
        uid = self.view.node(name).uid
        return self._desk.ask(uid, beat, wait_ms, partial(self._monitor.take, uid, beat))

    def health(self) -> tuple[NodeHealth, ...]:
        """Every node, and how long it has been silent."""
        return self._monitor.health()

    # Pods.

    def launch_pods(self, wanted: Sequence[tuple[str, PodSpec]]) -> list[Launched | Kube9Error]:
        """Ask for pods, each under a uid; one answer for each, in order: what became of it, or why it is refused.

        The same again, by name or by uid, is answered with the pod there is. A long list is done in parts, with what
        others ask for in between.

        :raises Kube9Error: nothing was done at all. Where that happens after a part is done, it is the answer for
            each pod of the rest.
        """
        answers: list[Launched | Kube9Error] = []
        for part in _parts(wanted, self.settings.batch_pods):
            try:
                answers += self._ask(partial(self._orders.launch_pods, wanted=part), weight=len(part))
            except Kube9Error as exc:
                if not answers:
                    raise
                return answers + [exc] * (len(wanted) - len(answers))
        return answers

    def launch_pod(self, spec: PodSpec, *, uid: str) -> Launched:
        """Ask for one pod.

        :raises DuplicateName: there is another pod of that name, or of that uid.
        :raises Conflict: the one of that name is being deleted.
        :raises UnknownName: there is no such scheduler.
        """
        return self.ask_for_pod(spec, uid=uid).wait()

    def ask_for_pod(self, spec: PodSpec, *, uid: str) -> Request[Launched]:
        """The same without waiting for the answer, which raises what :meth:`launch_pod` does."""
        return self._inbox.ask(Request(partial(self._orders.launch_pod, uid=uid, spec=spec)))

    def delete_pod(self, namespace: str, name: str, grace_ms: int | None = None) -> Pod:
        """Stop a pod and forget it; returns it as it is now, or was at last."""
        return self._ask(partial(self._orders.delete_pod, namespace=namespace, name=name, grace_ms=grace_ms))

    # Deployments.

    def apply_deployment(self, spec: DeploymentSpec, *, uid: str) -> Applied:
        """Ask for a deployment, or for the next state of the one of that name, whose uid then stays."""
        return self._ask(partial(self._orders.apply_deployment, spec=spec, uid=uid))

    def scale_deployment(self, namespace: str, name: str, replicas: int) -> Deployment:
        """Ask for another number of replicas."""
        return self._ask(partial(self._orders.scale_deployment, namespace=namespace, name=name, replicas=replicas))

    def delete_deployment(self, namespace: str, name: str, grace_ms: int | None = None) -> Deployment:
        """Stop all its pods, and forget it with the last of them."""
        return self._ask(partial(self._orders.delete_deployment, namespace=namespace, name=name, grace_ms=grace_ms))

    # Questions.

    def explain_pod(self, namespace: str, name: str) -> Explanation:
        """What speaks for and against each node, were the pod to be bound now."""
        return self._ask(partial(self._orders.explain_pod, namespace=namespace, name=name), reads=True)

    def plan(self, specs: Iterable[PodSpec]) -> tuple[Planned, ...]:
        """Where these pods would go, were they asked for now and in this order; changes nothing."""
        return self._ask(partial(_plan, tuple(specs)), reads=True)

    def foresee(self, wanted: WhatIf) -> Prospect:
        """What would become of the cluster as it is now; changes nothing.

        Worked out on the loop's thread, for plugins are asked nowhere else, in short parts with all else in between.

        :raises ManifestError: with all that cannot be supposed.
        """
        steps = self._ask(partial(_begin_to_foresee, wanted), reads=True)
        while (prospect := self._ask(partial(_go_on, steps, self.settings.foresee_ms), reads=True)) is None:
            pass
        return prospect

    @property
    def schedulers(self) -> tuple[str, ...]:
        """The schedulers that pods may name, the default first."""
        return self._cluster.schedulers

    @property
    def backends(self) -> tuple[str, ...]:
        """The backends that nodes may name."""
        return self._backends.names

    def status(self) -> PlaneStatus:
        """How the control plane itself is."""
        loop, counts = self._loop, self._loop.counts
        reason = self._why_not_ready()
        return PlaneStatus(
            ready=not reason,
            reason=reason,
            started_at_ms=self._started_at_ms,
            store_ok=not loop.outage and not loop.fatal,
            turns=counts.turns,
            commits=counts.commits,
            commit_failures=counts.commit_failures,
            last_commit_us=counts.last_commit_us,
            stimuli_handled=counts.stimuli,
            stimuli_waiting=len(self._inbox),
            instructions_waiting=len(self._carrier),
            instructions_begun=self._carrier.begun,
            pods_waiting=self._cluster.waiting,
            heartbeats=self._monitor.beats,
            moves_held=self._monitor.held,
            last_event_id=self.events.last_id,
            announcements_dropped=self._announcer.dropped,
            backends=self._backends.names,
        )

    # What the above is made of.

    def _why_not_ready(self) -> str:
        loop = self._loop
        if loop.fatal:
            return f"the control plane has stopped: {loop.fatal}"
        if self._stopped:
            return "the control plane is shutting down"
        unavailable = f"the store is unavailable: {loop.outage}" if loop.outage else ""
        return "the control plane was not started yet" if self._started_at_ms is None else unavailable

    def _ask(self, do: Callable[[Turn], T], *, weight: int = 1, reads: bool = False) -> T:
        return self._inbox.ask(Request(do, weight=weight, reads=reads)).wait()

    def _deliver(self, stimulus: Stimulus) -> None:
        """What backends report to, from any thread."""
        if isinstance(stimulus, Heartbeat):
            self._monitor.beat(stimulus.uid)
        elif not isinstance(stimulus, Stimulus):
            _log.error("a backend reported what is no stimulus, and it is ignored: %r", stimulus)
        elif self._after_the_loop is None:
            self._inbox.put(stimulus)
        else:
            self._after_the_loop(stimulus)

    def _told(self, events: Sequence[Event]) -> None:
        self._monitor.hear(events)
        for event in events:
            if isinstance(event, _SETTLED):
                self._tickets.drop(event.node.uid)
            if isinstance(event, NodeDeleted):
                self._desk.forget(event.node.uid)
            if isinstance(event, SchedulerFailed):
                self._faults.hear(event)
            if isinstance(event, _EMPTY):
                self.usage.forget(event.node.uid)
        self._announcer.put(events)


def _plan(specs: tuple[PodSpec, ...], turn: Turn) -> tuple[Planned, ...]:
    return turn.cluster.plan(specs)


def _begin_to_foresee(wanted: WhatIf, turn: Turn) -> Foreseeing:
    return turn.cluster.foresee(wanted)


def _go_on(steps: Foreseeing, for_ms: int, _: Turn) -> Prospect | None:
    """Some more steps; what the last one returns, or ``None`` where there are more to come."""
    until_s = time.monotonic() + for_ms / 1000
    try:
        while time.monotonic() < until_s:
            next(steps)
    except StopIteration as done:
        prospect: Prospect = done.value
        return prospect
    return None


def _parts(things: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(things), size):
        yield things[start : start + size]


def _left_s(until_s: float) -> float:
    """What is left until then, and a moment in any case: nearly always all is done already."""
    return max(0.1, until_s - time.monotonic())


def _nobody_listens(_: Any) -> None:
    return None
