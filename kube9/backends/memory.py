"""The in-memory backend: nodes are objects with a clock, and every fault can be had on demand."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TypeVar

from attrs import evolve

from kube9.backends.behaviour import NodeBehaviour, PodBehaviour, read_fields
from kube9.backends.caretaker import Caretaker
from kube9.backends.containernames import meant_container
from kube9.backends.followedlog import FollowedLog
from kube9.backends.heartbeats import Heartbeats
from kube9.backends.machine import Copy, Machine, Outage
from kube9.backends.pretence import PretendedCommand
from kube9.core.errors import BackendError, Conflict, InvalidInput, NodeGone
from kube9.core.nodes import Node
from kube9.core.pods import Pod, PodPhase
from kube9.core.ports import ALL_LOGS, Clock, JoinTicket, LogOptions, PodReport
from kube9.core.stimuli import (
    CreateNodeFailed,
    DestroyNodeDone,
    NodeFenced,
    NodeJoined,
    PodExited,
    PodStarted,
    RestartNodeFailed,
    StartPodFailed,
    Stimulus,
    StopPodDone,
)

__all__ = ["MemoryBackend"]

T = TypeVar("T")

_ENDLESS = PodBehaviour()
_RELIABLE = NodeBehaviour()


class MemoryBackend:
    """Pretends to run nodes and pods, exactly as told.

    Whatever is delivered is delivered by an action of the clock, never within a call, and in an order that depends
    on nothing but the calls; an answer without a delay comes at the moment of the call. Calls may come from any
    thread.

    :param deliver: gets every stimulus.
    :param behaviour: of every pod, or a function that is asked at each start.
    :param node_behaviour: of every node, or a function that is asked when a node is created.
    :param heartbeat_ms: how often nodes that are up are heard; 0 for never.
    :param ended_kept: how many copies that ended each node remembers, for :meth:`list_pods`, :meth:`logs`, and to
        recognise a late start.
    """

    def __init__(
        self,
        clock: Clock,
        deliver: Callable[[Stimulus], None],
        *,
        behaviour: PodBehaviour | Callable[[Pod], PodBehaviour] = _ENDLESS,
        node_behaviour: NodeBehaviour | Callable[[Node], NodeBehaviour] = _RELIABLE,
        ended_kept: int = 100,
        heartbeat_ms: int = 0,
    ) -> None:
        self.heartbeat_ms = heartbeat_ms
        self._clock, self._deliver = clock, deliver
        self._behaviour = behaviour if callable(behaviour) else _always(behaviour)
        self._node_behaviour = node_behaviour if callable(node_behaviour) else _always(node_behaviour)
        self._ended_kept = ended_kept
        self._machines: dict[str, Machine] = {}
        # Held for every look at a machine, never while delivering: whoever is told may call back from there.
        self._lock = threading.Lock()
        self._heartbeats = Heartbeats(clock, heartbeat_ms, self._up_now, deliver)

    def close(self) -> None:
        """Let no node be heard any more. Everything else goes on with the clock, and ends with it."""
        self._heartbeats.close()

    # What the port asks for.

    def create_node(self, node: Node, join: JoinTicket) -> None:  # noqa: ARG002  (it needs no introduction)
        """Make the node, or boot one that is down; nothing where it is up or comes up.

        :raises BackendError: its options cannot be read.
        """
        try:
            pod_options, node_options = read_fields(node.spec.options)
        except InvalidInput as exc:
            raise BackendError(f"the memory backend cannot make node {node.name!r}: {exc}") from exc
        behaviour = evolve(self._node_behaviour(node), **node_options)
        self._heartbeats.start()
        with self._lock:
            machine = self._machines.get(node.uid)
            if machine is None:
                machine = self._machines[node.uid] = Machine(node.uid, behaviour, self._ended_kept, pod_options)
            elif machine.up or machine.attempt is not None:
                return
            attempt = machine.attempt = object()
            self._after(machine, behaviour.create_delay_ms, partial(self._created, machine, attempt))

    def restart_node(self, node: Node) -> None:
        """Take the node down and bring it up empty; nothing where that is under way.

        If anybody waits for its lease, it is told at once that nothing runs there any more.

        During an outage that ends, the node comes back when it ends.
        """
        with self._lock:
            if node.lease_left_ms:
                self._clock.call_at(self._clock.now_ms(), partial(self._fenced, node))
            machine = self._machines.get(node.uid)
            if machine is None:
                self._clock.call_at(self._clock.now_ms(), partial(self._unknown_restarted, node.uid))
            elif machine.attempt is None:
                machine.die()
                attempt = machine.attempt = object()
                self._after(machine, machine.behaviour.restart_delay_ms, partial(self._restarted, machine, attempt))

    def destroy_node(self, node: Node) -> None:
        """Remove the node at once; only the answer takes ``destroy_delay_ms``."""
        with self._lock:
            machine = self._machines.pop(node.uid, None)
            delay_ms = 0
            if machine is not None:
                machine.die()
                machine.attempt = machine.outage = None
                delay_ms = machine.behaviour.destroy_delay_ms + machine.extra_ms
            self._clock.call_at(self._clock.now_ms() + delay_ms, partial(self._destroyed, node.uid))

    def start_pod(self, node: Node, pod: Pod) -> None:
        """Start this epoch; nothing where it runs or ran, and a failure where it is over or a later one was seen."""
        uid, epoch = pod.uid, pod.epoch
        behaviour = self._behaviour(pod)
        with self._lock:
            machine = self._up(node)
            old = machine.copies.get((uid, epoch))
            if old is not None and not old.gone:
                return
            newest = machine.newest.get(uid, -1)
            if newest >= epoch:
                reason = f"epoch {newest} was seen already" if newest > epoch else "it was stopped or failed already"
                self._after(machine, 0, partial(self._refused, machine, machine.life, uid, epoch, reason))
                return
            behaviour = machine.behaviour_of(behaviour)
            copy = Copy(uid, epoch, behaviour, self._clock.now_ms())
            machine.add(copy)
            begin = (
                partial(self._begun, machine, copy, pod)
                if pod.spec.containers
                else partial(self._started, machine, copy)
            )
            self._after(machine, behaviour.start_delay_ms, begin)

    def stop_pod(self, node: Node, pod: Pod, grace_ms: int) -> None:
        """Stop this epoch; one that does not run yet never will."""
        with self._lock:
            machine = self._up(node)
            copy = machine.copies.get((pod.uid, pod.epoch))
            if copy is None:
                copy = Copy(pod.uid, pod.epoch, _ENDLESS, self._clock.now_ms(), gone=True)
                machine.add(copy)
            delay_ms = 0
            if copy.phase is PodPhase.RUNNING and not copy.gone:
                copy.stopping = True
                delay_ms = min(copy.behaviour.stop_delay_ms, grace_ms)
            else:
                self._stop(machine, copy)
            self._after(machine, delay_ms, partial(self._stopped, machine, machine.life, copy))

    def list_pods(self, node: Node) -> Sequence[PodReport]:
        """Every copy that was not stopped, in the order they were asked for; those that exited, as long as kept."""
        with self._lock:
            return tuple(copy.report() for copy in self._up(node).copies.values() if not copy.gone)

    def logs(self, node: Node, pod: Pod, options: LogOptions = ALL_LOGS) -> Iterator[bytes]:
        """One line for each thing that happened to this epoch; none where it was never here or is forgotten.

        It is the same for each of its containers. Of earlier runs nothing is kept.
        """
        meant_container(pod.spec, options.container)
        if options.previous:
            raise InvalidInput("the memory backend keeps no log of earlier runs; ask for that of the present one")
        with self._lock:
            copy = self._up(node).copies.get((pod.uid, pod.epoch))
            lines = () if copy is None else tuple(copy.log())
            skipped = 0 if options.tail is None else max(0, len(lines) - options.tail)
            if copy is None or not options.follow:
                return iter(lines[skipped:])
            followed = FollowedLog(partial(self._read_log, copy), skipped, partial(self._unfollow, copy))
            copy.watchers.append(followed.ring)
            return followed

    def run_command(
        self, node: Node, pod: Pod, container: str, command: Sequence[str], *, terminal: bool = False
    ) -> PretendedCommand:
        """Pretend to run one of the few commands that there are here; it ends with its container at the latest."""
        container = meant_container(pod.spec, container)
        with self._lock:
            copy = self._up(node).copies.get((pod.uid, pod.epoch))
            began_ms = None if copy is None else copy.began_ms(container)
            if copy is None or began_ms is None:
                what = f"container {container!r} of pod {pod.name!r}" if container else f"pod {pod.name!r}"
                raise Conflict(f"{what} does not run on node {node.name!r} now, and takes no commands")
            session = PretendedCommand(command, terminal=terminal)
            copy.begin_command(container, began_ms, session)
            return session

    # Faults at run time.

    def fail_node(self, node: Node, *, down_for_ms: int | None = None, permanent: bool = False) -> None:
        """Kill a node at once with all its pods, as the port says; one that is down already stays as it is, at least.

        :raises InvalidInput: it is to come back by itself, and never.
        :raises NodeGone: there is no such node.
        """
        if permanent and down_for_ms is not None:
            raise InvalidInput(f"a node that never comes back cannot be down for {down_for_ms} ms; give one of the two")
        if permanent or down_for_ms is not None:
            self.crash_node(node.uid, down_for_ms)
            return
        with self._lock:
            self._known(node.uid).die()

    def crash_node(self, uid: str, down_for_ms: int | None) -> None:
        """Kill a node at once with all its pods; nobody is told.

        It boots by itself when the outage ends, which is told by ``NodeJoined``. With ``None`` it never does, and
        restarts fail. Called again while it is down, this sets when the outage ends: 0 brings the node back now.

        :raises NodeGone: there is no such node.
        """
        if down_for_ms is not None and down_for_ms < 0:
            raise InvalidInput(f"down_for_ms must not be negative, got {down_for_ms}")
        with self._lock:
            self._crash(self._known(uid), down_for_ms)

    def slow_node(self, uid: str, extra_ms: int) -> None:
        """Make every answer of a node take ``extra_ms`` longer from now on, on top of no earlier such call.

        :raises NodeGone: there is no such node.
        """
        if extra_ms < 0:
            raise InvalidInput(f"extra_ms must not be negative, got {extra_ms}")
        with self._lock:
            machine = self._known(uid)
            machine.extra_ms = machine.behaviour.answer_delay_ms + extra_ms

    # What the clock brings about. Each looks whether it still matters, for much may have happened since.

    def _created(self, machine: Machine, attempt: object) -> None:
        self._come_up(machine, attempt, machine.behaviour.create_error, CreateNodeFailed)

    def _restarted(self, machine: Machine, attempt: object) -> None:
        self._come_up(machine, attempt, machine.behaviour.restart_error, RestartNodeFailed)

    def _come_up(
        self, machine: Machine, attempt: object, error: str, failure: type[CreateNodeFailed | RestartNodeFailed]
    ) -> None:
        with self._lock:
            if machine.attempt is not attempt:
                return
            machine.attempt = None
            now_ms = self._clock.now_ms()
            if not error and machine.outage is not None:
                if machine.outage.until_ms is not None:
                    return  # it boots when the outage ends
                error = "the machine is dead"
            if not error:
                self._join(machine)
            elif failure is CreateNodeFailed:
                del self._machines[machine.uid]
                machine.outage = None
        self._deliver(failure(at_ms=now_ms, uid=machine.uid, reason=error) if error else _joined(machine, now_ms))

    def _fenced(self, node: Node) -> None:
        self._deliver(NodeFenced(at_ms=self._clock.now_ms(), uid=node.uid, incarnation=node.incarnation))

    def _unknown_restarted(self, uid: str) -> None:
        self._deliver(RestartNodeFailed(at_ms=self._clock.now_ms(), uid=uid, reason="it was never created"))

    def _booted(self, machine: Machine, outage: Outage) -> None:
        with self._lock:
            if machine.outage is not outage:
                return
            machine.outage = None
            if machine.attempt is not None and not machine.joined_before:
                return  # there is nothing to boot before it is made
            machine.attempt = None
            now_ms = self._clock.now_ms()
            self._join(machine)
        self._deliver(_joined(machine, now_ms))

    def _lost(self, machine: Machine) -> None:
        with self._lock:
            if self._machines.get(machine.uid) is machine:
                self._crash(machine, machine.behaviour.lose_for_ms)

    def _destroyed(self, uid: str) -> None:
        self._deliver(DestroyNodeDone(at_ms=self._clock.now_ms(), uid=uid))

    def _refused(self, machine: Machine, life: int, uid: str, epoch: int, reason: str) -> None:
        if machine.life == life:
            self._deliver(StartPodFailed(at_ms=self._clock.now_ms(), uid=uid, epoch=epoch, reason=reason))

    def _started(self, machine: Machine, copy: Copy) -> None:
        told: Stimulus
        with self._lock:
            if copy.gone:
                return
            now_ms = self._clock.now_ms()
            error = copy.behaviour.start_error
            if error:
                copy.gone = True
                machine.end(copy, now_ms, f"could not start: {error}")
                told = StartPodFailed(at_ms=now_ms, uid=copy.uid, epoch=copy.epoch, reason=error)
            else:
                copy.phase, copy.started_at_ms = PodPhase.RUNNING, now_ms
                copy.changed()
                end = copy.behaviour.end()
                if end is not None:
                    self._clock.call_at(now_ms + end[0], partial(self._exited, machine, copy, end[1], end[2]))
                told = PodStarted(at_ms=now_ms, uid=copy.uid, epoch=copy.epoch)
        self._deliver(told)

    def _begun(self, machine: Machine, copy: Copy, pod: Pod) -> None:
        """A pod with containers is there; whether it runs is for whoever looks after them to say."""
        if copy.behaviour.start_error:
            self._started(machine, copy)
            return
        copy.caretaker = Caretaker(pod, copy.behaviour, self._clock.now_ms())
        self._look_after(machine, copy, copy.caretaker)

    def _look_after(self, machine: Machine, copy: Copy, caretaker: Caretaker) -> None:
        with self._lock:
            if copy.gone or copy.stopping:
                return
            now_ms = self._clock.now_ms()
            news = caretaker.go_on(now_ms)
            copy.phase, copy.exit_code = PodPhase(caretaker.told.phase), caretaker.told.exit_code
            if copy.started_at_ms is None and copy.phase is not PodPhase.STARTING:
                copy.started_at_ms = now_ms
            copy.changed()
            if copy.phase.finished:
                machine.end(copy, now_ms, f"exited with code {copy.exit_code}")
            elif caretaker.next_ms is not None:
                self._clock.call_at(caretaker.next_ms, partial(self._look_after, machine, copy, caretaker))
        for stimulus in news:
            self._deliver(stimulus)

    def _exited(self, machine: Machine, copy: Copy, exit_code: int, reason: str) -> None:
        with self._lock:
            if copy.gone or copy.stopping:
                return
            now_ms = self._clock.now_ms()
            copy.phase = PodPhase.FAILED if exit_code else PodPhase.SUCCEEDED
            copy.exit_code = exit_code
            machine.end(copy, now_ms, f"exited with code {exit_code}")
        told = PodExited(at_ms=now_ms, uid=copy.uid, epoch=copy.epoch, exit_code=exit_code, reason=reason)
        self._deliver(told)

    def _stopped(self, machine: Machine, life: int, copy: Copy) -> None:
        with self._lock:
            if machine.life != life:
                return
            self._stop(machine, copy)
        self._deliver(StopPodDone(at_ms=self._clock.now_ms(), uid=copy.uid, epoch=copy.epoch))

    def _up_now(self) -> list[str]:
        """The uids of the nodes that are up."""
        with self._lock:
            return [uid for uid, machine in self._machines.items() if machine.up]

    def _read_log(self, copy: Copy) -> tuple[Sequence[bytes], bool]:
        with self._lock:
            return tuple(copy.log()), not copy.over

    def _unfollow(self, copy: Copy, followed: FollowedLog) -> None:
        with self._lock:
            copy.watchers = [watcher for watcher in copy.watchers if watcher != followed.ring]

    # Pieces of the above; the lock is held.

    def _stop(self, machine: Machine, copy: Copy) -> None:
        copy.gone = True
        machine.end(copy, self._clock.now_ms(), "stopped")

    def _crash(self, machine: Machine, down_for_ms: int | None) -> None:
        machine.die()
        if down_for_ms is None:
            machine.outage = Outage(None)
        else:
            until_ms = self._clock.now_ms() + down_for_ms
            outage = machine.outage = Outage(until_ms)
            self._clock.call_at(until_ms, partial(self._booted, machine, outage))

    def _join(self, machine: Machine) -> None:
        machine.up = True
        if not machine.joined_before and machine.behaviour.lose_after_ms is not None:
            self._clock.call_at(self._clock.now_ms() + machine.behaviour.lose_after_ms, partial(self._lost, machine))
        machine.joined_before = True

    def _after(self, machine: Machine, delay_ms: int, action: Callable[[], None]) -> None:
        self._clock.call_at(self._clock.now_ms() + delay_ms + machine.extra_ms, action)

    def _known(self, uid: str) -> Machine:
        try:
            return self._machines[uid]
        except KeyError:
            raise NodeGone(f"the memory backend has no node {uid!r}; create_node makes one") from None

    def _up(self, node: Node) -> Machine:
        machine = self._machines.get(node.uid)
        if machine is not None and machine.up:
            return machine
        if machine is None:
            raise NodeGone(f"node {node.name!r} is not known to the memory backend; was it created, or destroyed?")
        raise NodeGone(f"node {node.name!r} is down; it runs nothing until it has joined again")


def _always(value: T) -> Callable[[object], T]:
    return lambda _: value


def _joined(machine: Machine, now_ms: int) -> NodeJoined:
    return NodeJoined(at_ms=now_ms, uid=machine.uid)
