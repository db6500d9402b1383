"""What the in-memory backend knows of one node and of the copies of pods it was given."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from attrs import define, evolve, field

from kube9.backends.behaviour import NodeBehaviour, PodBehaviour
from kube9.backends.caretaker import Caretaker
from kube9.backends.pretence import PretendedCommand
from kube9.core.pods import PodPhase
from kube9.core.ports import PodReport

__all__ = ["Copy", "Machine", "Outage"]


class Command(NamedTuple):
    """A command, and the run of a container that it runs in."""

    container: str
    began_ms: int
    session: PretendedCommand


@define(eq=False)
class Copy:
    """One epoch of a pod on one machine, and when what happened to it."""

    uid: str
    epoch: int
    behaviour: PodBehaviour
    asked_at_ms: int
    phase: PodPhase = PodPhase.STARTING
    #: It was stopped, could not start, or died with its machine: nothing of it is there, and it never comes back.
    gone: bool = False
    #: A stop is under way, so that an exit is no news.
    stopping: bool = False
    started_at_ms: int | None = None
    ended_at_ms: int | None = None
    exit_code: int | None = None
    #: How it ended, for its log.
    story: str = ""
    #: Whoever looks after its containers, once they are to run; nobody where it has none.
    caretaker: Caretaker | None = None
    #: Called, with the backend's lock held, whenever its log may have grown.
    watchers: list[Callable[[], None]] = field(factory=list, init=False)
    commands: list[Command] = field(factory=list, init=False)

    @property
    def over(self) -> bool:
        """Nothing of it runs or ever will."""
        return self.gone or self.ended_at_ms is not None

    def began_ms(self, container: str) -> int | None:
        """When the present run of a container began; ``None`` where it does not run."""
        if self.over or self.phase is not PodPhase.RUNNING:
            return None
        return self.started_at_ms if self.caretaker is None else self.caretaker.began_ms(container)

    def begin_command(self, container: str, began_ms: int, session: PretendedCommand) -> None:
        """Have ``session`` end with the run of ``container`` that began then."""
        running = [each for each in self.commands if each.session.exit_code() is None]
        self.commands = [*running, Command(container, began_ms, session)]

    def changed(self) -> None:
        """Tell whoever watches it, and end the commands whose container has ended."""
        for watcher in tuple(self.watchers):
            watcher()
        for command in self.commands:
            if self.began_ms(command.container) != command.began_ms:
                command.session.kill()

    def report(self) -> PodReport:
        report = PodReport(pod_uid=self.uid, epoch=self.epoch, phase=self.phase, exit_code=self.exit_code)
        if self.caretaker is None:
            return report
        told = self.caretaker.told
        return evolve(report, ready=told.ready, restarts=told.restarts, reason=told.reason)

    def log(self) -> Iterator[bytes]:
        """What happened to it so far, one line each."""
        yield self._line(self.asked_at_ms, "asked to start")
        if self.started_at_ms is not None:
            yield self._line(self.started_at_ms, "running")
        if self.ended_at_ms is not None:
            yield self._line(self.ended_at_ms, self.story)

    def _line(self, at_ms: int, what: str) -> bytes:
        return f"{at_ms} ms: pod {self.uid} epoch {self.epoch}: {what}\n".encode()


@define(eq=False)
class Outage:
    """A time in which a machine cannot be up."""

    #: ``None`` for ever.
    until_ms: int | None


@define(eq=False)
class Machine:
    """One node: up or down, and every copy it was given since it was last made or restarted."""

    uid: str
    behaviour: NodeBehaviour
    #: How many ended copies it remembers.
    ended_kept: int
    #: What its own options say of the pods on it, on top of how these behave elsewhere.
    pod_options: Mapping[str, Any]
    up: bool = False
    joined_before: bool = False
    #: Added to the delay of every answer.
    extra_ms: int = field(init=False)
    outage: Outage | None = None
    #: Stands for the making or restart under way; what comes of an older one is ignored.
    attempt: object | None = None
    #: Grows whenever all its pods die at once; an answer that was due from an earlier life never comes.
    life: int = 0
    copies: dict[tuple[str, int], Copy] = field(factory=dict, init=False)
    #: The highest epoch seen of each pod of ``copies``.
    newest: dict[str, int] = field(factory=dict, init=False)
    #: Keys of those ``copies`` that ended, in the order they did; at most ``ended_kept``.
    ended: deque[tuple[str, int]] = field(factory=deque, init=False)

    def __attrs_post_init__(self) -> None:
        self.extra_ms = self.behaviour.answer_delay_ms

    def behaviour_of(self, pod: PodBehaviour) -> PodBehaviour:
        """How a pod behaves here that behaves so elsewhere."""
        return evolve(pod, **self.pod_options) if self.pod_options else pod

    def add(self, copy: Copy) -> None:
        """Take a copy whose uid and epoch are new."""
        self.copies[copy.uid, copy.epoch] = copy
        if self.newest.get(copy.uid, -1) < copy.epoch:
            self.newest[copy.uid] = copy.epoch

    def end(self, copy: Copy, at_ms: int, story: str) -> None:
        """Note how a copy ended, if that was not known, and forget the one that ended longest ago if there are many."""
        if copy.ended_at_ms is not None:
            return
        copy.ended_at_ms, copy.story = at_ms, story
        copy.changed()
        self.ended.append((copy.uid, copy.epoch))
        if len(self.ended) > self.ended_kept:
            self._forget(*self.ended.popleft())

    def die(self) -> None:
        """Go down at once with everything on it."""
        self.up = False
        self.life += 1
        for copy in self.copies.values():
            copy.gone = True
            copy.changed()
        self.copies.clear()
        self.newest.clear()
        self.ended.clear()

    def _forget(self, uid: str, epoch: int) -> None:
        del self.copies[uid, epoch]
        if self.newest.get(uid) == epoch:
            del self.newest[uid]
