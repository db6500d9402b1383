"""Backends: the in-memory one, which keeps to its port, and others that break it in one way each."""

from __future__ import annotations

import copy
import threading

from attrs import evolve

from kube9.backends.behaviour import PodBehaviour
from kube9.backends.heartbeats import Heartbeats
from kube9.backends.memory import MemoryBackend
from kube9.backends.pretence import PretendedCommand
from kube9.core.containers import RestartPolicy
from kube9.core.errors import Conflict, NodeGone
from kube9.core.pods import PodPhase
from kube9.core.ports import ALL_LOGS, PodReport
from kube9.core.stimuli import (
    DestroyNodeDone,
    Heartbeat,
    NodeFenced,
    NodeJoined,
    PodExited,
    PodHealthChanged,
    PodStarted,
    RestartNodeFailed,
    StartPodFailed,
    StopPodDone,
)

BEAT_MS = 100


def behave(pod):
    """As the pod's labels say."""
    labels = pod.spec.labels
    if "crashes" in labels:
        return PodBehaviour(crash_after_ms=3)
    if "unready" in labels:
        return PodBehaviour(ready_after_ms=20)
    if "exit" in labels:
        return PodBehaviour(run_for_ms=5, exit_code=int(labels["exit"]))
    return PodBehaviour(start_delay_ms=3, start_error=labels.get("error", ""))


class Sound(MemoryBackend):
    def __init__(self, clock, deliver):
        super().__init__(clock, self.told, behaviour=behave, heartbeat_ms=BEAT_MS)
        self.clock, self.deliver = clock, deliver

    def told(self, stimulus):
        self.deliver(stimulus)

    def again(self):
        """Another one over the same machines."""
        other = copy.copy(self)
        other._heartbeats = Heartbeats(self.clock, BEAT_MS, other._up_now, other.told)
        other._heartbeats.start()
        return other

    def outside(self, node, pod):
        """How many copies really run."""
        machine = self._machines.get(node.uid)
        copies = machine.copies.values() if machine is not None and machine.up else ()
        return sum(each.uid == pod.uid and not each.gone and not each.over for each in copies)

    def later(self, stimulus, ms=0):
        at_ms = self.clock.now_ms() + ms
        self.clock.call_at(at_ms, lambda: self.deliver(evolve(stimulus, at_ms=at_ms)))


class Patient(Sound):
    """Lost nodes stay lost, and it says so."""

    def crash_node(self, uid, down_for_ms):
        super().crash_node(uid, None)


class JoinsAgainLater(Sound):
    def create_node(self, node, join):
        super().create_node(node, join)
        self.later(NodeJoined(at_ms=0, uid=node.uid), ms=300)


class JoinsOncePerCall(Sound):
    made = frozenset()

    def create_node(self, node, join):
        super().create_node(node, join)
        if node.uid in self.made:
            self.later(NodeJoined(at_ms=0, uid=node.uid))
        self.made |= {node.uid}


class Resurrects(Sound):
    """Starts with the third pod once more what was stopped before it."""

    stopped = None

    def start_pod(self, node, pod):
        super().start_pod(node, pod)
        if self.stopped is not None and self.stopped.uid != pod.uid:
            super().start_pod(node, evolve(self.stopped, epoch=self.stopped.epoch + 1))

    def stop_pod(self, node, pod, grace_ms):
        super().stop_pod(node, pod, grace_ms)
        self.stopped = pod


class Forgetful(Sound):
    """Knows only what it started itself."""

    def again(self):
        other = super().again()
        for machine in other._machines.values():
            machine.copies.clear()
        return other


class AnswersWithinTheCall(Sound):
    def destroy_node(self, node):
        super().destroy_node(node)
        self.deliver(DestroyNodeDone(at_ms=self.clock.now_ms(), uid=node.uid))


class UnknownIsEmpty(Sound):
    seen = frozenset()

    def create_node(self, node, join):
        super().create_node(node, join)
        self.seen |= {node.uid}

    def list_pods(self, node):
        return super().list_pods(node) if node.uid in self.seen else ()


class LostIsEmpty(Sound):
    lost = frozenset()

    def crash_node(self, uid, down_for_ms):
        super().crash_node(uid, down_for_ms)
        self.lost |= {uid}

    def list_pods(self, node):
        try:
            return super().list_pods(node)
        except NodeGone:
            if node.uid in self.lost:
                return ()
            raise


class DestroysInSilence(Sound):
    seen = frozenset()

    def create_node(self, node, join):
        super().create_node(node, join)
        self.seen |= {node.uid}

    def told(self, stimulus):
        if not isinstance(stimulus, DestroyNodeDone) or stimulus.uid not in self.seen:
            super().told(stimulus)


class SilentOnUnknownDestroy(DestroysInSilence):
    def told(self, stimulus):
        if not isinstance(stimulus, DestroyNodeDone) or stimulus.uid in self.seen:
            self.deliver(stimulus)


class LeavesPodsOfDestroyed(Sound):
    def destroy_node(self, node):
        self.later(DestroyNodeDone(at_ms=0, uid=node.uid))


class JoinsTwiceAfterRestart(Sound):
    def restart_node(self, node):
        super().restart_node(node)
        self.later(NodeJoined(at_ms=0, uid=node.uid), ms=300)


class FencesInSilence(Sound):
    def told(self, stimulus):
        if not isinstance(stimulus, NodeFenced):
            super().told(stimulus)


class FencesTooLate(Sound):
    def told(self, stimulus):
        if isinstance(stimulus, NodeFenced):
            self.later(stimulus, ms=10)
        else:
            super().told(stimulus)


class RestartKeepsPods(Sound):
    def restart_node(self, node):
        try:
            self.list_pods(node)
        except NodeGone:
            super().restart_node(node)
        else:
            self.later(NodeJoined(at_ms=0, uid=node.uid))


class SilentOnLostRestart(Patient):
    def told(self, stimulus):
        if not isinstance(stimulus, RestartNodeFailed):
            super().told(stimulus)


class MixesNodes(Sound):
    nodes = ()

    def start_pod(self, node, pod):
        super().start_pod(node, pod)
        self.nodes = (*self.nodes, node)

    def list_pods(self, node):
        own = super().list_pods(node)
        others = {each.uid: each for each in self.nodes if each.uid != node.uid}
        return (*own, *(report for each in others.values() for report in super(MixesNodes, self).list_pods(each)))


class ListsRunningAsStarting(Sound):
    def list_pods(self, node):
        reports = super().list_pods(node)
        return [evolve(each, phase=PodPhase.STARTING) if each.phase is PodPhase.RUNNING else each for each in reports]


class SecondStartFails(Sound):
    seen = frozenset()

    def start_pod(self, node, pod):
        super().start_pod(node, pod)
        if (pod.uid, pod.epoch) in self.seen:
            self.later(StartPodFailed(at_ms=0, uid=pod.uid, epoch=pod.epoch, reason="it is there already"))
        self.seen |= {(pod.uid, pod.epoch)}


class TellsSecondStarts(Sound):
    def start_pod(self, node, pod):
        running = [(each.pod_uid, each.epoch) for each in self.list_pods(node) if each.exit_code is None]
        super().start_pod(node, pod)
        if (pod.uid, pod.epoch) in running:
            self.later(PodStarted(at_ms=0, uid=pod.uid, epoch=pod.epoch), ms=10)


class RunsSecondCopies(Sound):
    """And has no idea that it does."""

    second = ()

    def start_pod(self, node, pod):
        if any((each.pod_uid, each.epoch) == (pod.uid, pod.epoch) for each in self.list_pods(node)):
            self.second = (*self.second, pod.uid)
        super().start_pod(node, pod)

    def outside(self, node, pod):
        return super().outside(node, pod) + self.second.count(pod.uid)


class LeavesProcesses(Sound):
    """What it is to stop goes on, unseen."""

    left = ()

    def stop_pod(self, node, pod, grace_ms):
        if any((each.pod_uid, each.epoch) == (pod.uid, pod.epoch) for each in self.list_pods(node)):
            self.left = (*self.left, pod.uid)
        super().stop_pod(node, pod, grace_ms)

    def outside(self, node, pod):
        return super().outside(node, pod) + self.left.count(pod.uid)


class LeavesProcessesOfNodes(Sound):
    """What ran on a node that is made anew, or is no more, goes on, unseen."""

    left = ()

    def restart_node(self, node):
        self.leave(node)
        super().restart_node(node)

    def destroy_node(self, node):
        self.leave(node)
        super().destroy_node(node)

    def leave(self, node):
        try:
            self.left = (*self.left, *(each.pod_uid for each in self.list_pods(node)))
        except NodeGone:
            return

    def outside(self, node, pod):
        return super().outside(node, pod) + self.left.count(pod.uid)


class NeverBeats(Sound):
    def told(self, stimulus):
        if not isinstance(stimulus, Heartbeat):
            super().told(stimulus)


class BeatsOnce(Sound):
    beaten = frozenset()

    def told(self, stimulus):
        if isinstance(stimulus, Heartbeat):
            if stimulus.uid in self.beaten:
                return
            self.beaten |= {stimulus.uid}
        super().told(stimulus)


class BeatsForTheDead(Sound):
    def crash_node(self, uid, down_for_ms):
        super().crash_node(uid, down_for_ms)
        for times in range(1, 5):
            self.later(Heartbeat(at_ms=0, uid=uid), ms=times * BEAT_MS)


class BeatsNoMoreAfterReconnect(Sound):
    def again(self):
        other = super().again()
        other._heartbeats.close()
        return other


class RunsWhatWasStopped(Sound):
    def start_pod(self, node, pod):
        machine = self._machines.get(node.uid)
        if machine is not None and machine.newest.get(pod.uid) == pod.epoch:
            known = machine.copies.get((pod.uid, pod.epoch))
            if known is None or known.gone:
                machine.newest.pop(pod.uid)
        super().start_pod(node, pod)


class FailsWithoutReason(Sound):
    def told(self, stimulus):
        super().told(evolve(stimulus, reason="") if isinstance(stimulus, StartPodFailed) else stimulus)


class StartsWhatFails(Sound):
    def told(self, stimulus):
        if isinstance(stimulus, StartPodFailed):
            self.deliver(PodStarted(at_ms=stimulus.at_ms, uid=stimulus.uid, epoch=stimulus.epoch))
        super().told(stimulus)


class SilentOnUnknownStop(Sound):
    started = frozenset()

    def start_pod(self, node, pod):
        super().start_pod(node, pod)
        self.started |= {pod.uid}

    def told(self, stimulus):
        if not isinstance(stimulus, StopPodDone) or stimulus.uid in self.started:
            super().told(stimulus)


class SilentOnSecondStop(Sound):
    stopped = frozenset()

    def told(self, stimulus):
        if isinstance(stimulus, StopPodDone):
            if (stimulus.uid, stimulus.epoch) in self.stopped:
                return
            self.stopped |= {(stimulus.uid, stimulus.epoch)}
        super().told(stimulus)


class ListsStopped(Sound):
    stopped = ()

    def stop_pod(self, node, pod, grace_ms):
        was_there = any(report.pod_uid == pod.uid for report in self.list_pods(node))
        super().stop_pod(node, pod, grace_ms)
        if was_there and not pod.spec.labels:
            self.stopped = (PodReport(pod_uid=pod.uid, epoch=pod.epoch, phase=PodPhase.FAILED, exit_code=137),)

    def list_pods(self, node):
        return (*super().list_pods(node), *self.stopped)


class StopMissesWhatStarts(Sound):
    def stop_pod(self, node, pod, grace_ms):
        if any(report.phase is PodPhase.STARTING for report in self.list_pods(node)):
            self.later(StopPodDone(at_ms=0, uid=pod.uid, epoch=pod.epoch))
        else:
            super().stop_pod(node, pod, grace_ms)


class StopsEveryEpoch(Sound):
    def stop_pod(self, node, pod, grace_ms):
        for report in self.list_pods(node):
            if report.pod_uid == pod.uid and report.epoch != pod.epoch:
                super().stop_pod(node, evolve(pod, epoch=report.epoch), grace_ms)
        super().stop_pod(node, pod, grace_ms)


class RunsLateStarts(Sound):
    def start_pod(self, node, pod):
        newest = self._machines[node.uid].newest if node.uid in self._machines else {}
        newest.pop(pod.uid, None)
        super().start_pod(node, pod)


class ExitsTwice(Sound):
    def told(self, stimulus):
        super().told(stimulus)
        if isinstance(stimulus, PodExited):
            self.later(stimulus, ms=300)


class ExitsWithoutCode(Sound):
    def told(self, stimulus):
        super().told(evolve(stimulus, exit_code=0) if isinstance(stimulus, PodExited) else stimulus)


class ForgetsExited(Sound):
    def list_pods(self, node):
        return [report for report in super().list_pods(node) if report.exit_code is None]


class ExitsRatherThanRestart(Sound):
    def start_pod(self, node, pod):
        super().start_pod(node, evolve(pod, spec=evolve(pod.spec, restart_policy=RestartPolicy.NEVER)))


class CountsNoRestarts(Sound):
    def told(self, stimulus):
        super().told(evolve(stimulus, restarts=0) if isinstance(stimulus, PodHealthChanged) else stimulus)


class ListsNoRestarts(Sound):
    def list_pods(self, node):
        return [evolve(report, restarts=0) for report in super().list_pods(node)]


class RestartsWhatNeverIs(Sound):
    def start_pod(self, node, pod):
        super().start_pod(node, evolve(pod, spec=evolve(pod.spec, restart_policy=RestartPolicy.ALWAYS)))


class RestartsWhatWasStopped(Sound):
    def stop_pod(self, node, pod, grace_ms):
        super().stop_pod(node, pod, grace_ms)
        if "crashes" in pod.spec.labels:
            self.later(PodHealthChanged(at_ms=0, uid=pod.uid, epoch=pod.epoch, ready=True, restarts=9), ms=300)


class ReadyAtOnce(Sound):
    def told(self, stimulus):
        super().told(evolve(stimulus, ready=True) if isinstance(stimulus, PodStarted) else stimulus)


class NeverReady(Sound):
    def told(self, stimulus):
        super().told(evolve(stimulus, ready=False) if isinstance(stimulus, PodHealthChanged) else stimulus)


class LogsText(Sound):
    def logs(self, node, pod, options=ALL_LOGS):
        return (
            super().logs(node, pod, options)
            if options.follow
            else iter([piece.decode() for piece in super().logs(node, pod, options)])
        )


class LogsNothing(Sound):
    def logs(self, node, pod, options=ALL_LOGS):
        log = super().logs(node, pod, options)
        return log if options.follow else iter(())


class RaisesLate(Sound):
    def logs(self, node, pod, options=ALL_LOGS):
        yield from super().logs(node, pod, options)


class LogsTheBeginning(Sound):
    def logs(self, node, pod, options=ALL_LOGS):
        lines = [*super().logs(node, pod, evolve(options, tail=None, follow=False))]
        return super().logs(node, pod, options) if options.follow else iter(lines[: options.tail])


class LogsAnyContainer(Sound):
    def logs(self, node, pod, options=ALL_LOGS):
        return super().logs(node, pod, evolve(options, container=""))


class FollowsNothing(Sound):
    def logs(self, node, pod, options=ALL_LOGS):
        return super().logs(node, pod, evolve(options, follow=False))


class Endless:
    """What goes on with empty pieces when it is over, until it is closed."""

    def __init__(self, log):
        self.log, self.closed = log, threading.Event()

    def __iter__(self):
        yield from self.log
        self.closed.wait(3)

    def close(self):
        self.log.close()
        self.closed.set()


class FollowsForEver(Sound):
    def logs(self, node, pod, options=ALL_LOGS):
        log = super().logs(node, pod, options)
        return Endless(log) if options.follow else log


class FollowsAsGenerator(Sound):
    """Its ``close`` is not for the thread that wants to leave."""

    def logs(self, node, pod, options=ALL_LOGS):
        log = super().logs(node, pod, options)
        return self.follow(log) if options.follow else log

    def follow(self, log):
        yield from log


class FollowsWithEmptyPieces(FollowsAsGenerator):
    def follow(self, log):
        for piece in log:
            yield piece
            yield b""


class FollowsWithoutEscape(Sound):
    def logs(self, node, pod, options=ALL_LOGS):
        log = super().logs(node, pod, options)
        return map(bytes, log) if options.follow else log


class Session:
    """Does what another one does."""

    def __init__(self, session):
        self.session = session

    def __getattr__(self, name):
        return getattr(self.session, name)


class RunsCommands(Sound):
    """Hands out sessions of its class ``kind``."""

    kind = Session

    def run_command(self, node, pod, container, command, *, terminal=False):
        return self.kind(super().run_command(node, pod, container, command, terminal=terminal))


class OneStream(Session):
    def output(self):
        return ((1, data) for _, data in self.session.output())


class MixesStreams(RunsCommands):
    kind = OneStream


class AlwaysWell(Session):
    def exit_code(self):
        return None if self.session.exit_code() is None else 0


class EndsWell(RunsCommands):
    kind = AlwaysWell


class LateReader(Session):
    kept = b""

    def write(self, data):
        self.kept += data

    def close_input(self):
        self.session.write(self.kept)
        self.session.close_input()


class AnswersAtTheEnd(RunsCommands):
    kind = LateReader


class HasNoTerminals(Sound):
    def run_command(self, node, pod, container, command, *, terminal=False):
        return super().run_command(node, pod, container, command)


class Outliving(Session):
    def output(self):
        yield from self.session.output()
        if self.session.exit_code() == 137:
            threading.Event().wait(3)


class CommandsOutlivePods(RunsCommands):
    kind = Outliving


class Sticky(Session):
    def close(self):
        """Nothing."""


class CommandsCannotBeLeft(RunsCommands):
    kind = Sticky


class RunsInAnyContainer(Sound):
    def run_command(self, node, pod, container, command, *, terminal=False):
        return super().run_command(node, pod, "", command, terminal=terminal)


class RunsInWhatEnded(Sound):
    def run_command(self, node, pod, container, command, *, terminal=False):
        try:
            return super().run_command(node, pod, container, command, terminal=terminal)
        except Conflict:
            return PretendedCommand(command, terminal=terminal)


class RunsNowhere(Sound):
    def run_command(self, node, pod, container, command, *, terminal=False):
        try:
            return super().run_command(node, pod, container, command, terminal=terminal)
        except NodeGone:
            return PretendedCommand(command, terminal=terminal)


class CannotExit(ExitsTwice):
    cannot = ("exit",)
