"""What the agent of a node knows and decides, without a clock, a network or a process of its own.

It runs pods only as long as its lease lasts. The lease is counted on the node's own monotonic clock, from the moment a
beat was sent to which an answer came: however long the answer took, the server counts it from later on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

__all__ = ["ROUND", "Answer", "Beat", "Brain", "CopyReport", "PodUse", "StartOrder", "StopOrder"]

#: After how many beats their number is to be written down again.
ROUND = 1_000
#: Beats whose answer may still come.
_SENT_KEPT = 64
#: Copies that ended, of which the server is told as long as they are remembered.
_ENDED_KEPT = 100
#: Pods whose epochs are remembered. What was said of an older one is void long since.
_EPOCHS_KEPT = 10_000


class CopyReport(NamedTuple):
    """One copy of a pod, as the node tells of it."""

    uid: str
    epoch: int
    #: Starting, Running, Succeeded or Failed.
    phase: str
    exit_code: int | None = None
    #: Why it could not be started; it never ran then.
    error: str = ""
    #: Of one that runs.
    ready: bool = True
    #: How often a container of it was started again.
    restarts: int = 0
    #: What ails it, or how it ended; empty where all is well.
    reason: str = ""


class PodUse(NamedTuple):
    """What one copy of a pod takes of its node."""

    uid: str
    epoch: int
    cpu_milli: int
    memory_bytes: int


class Beat(NamedTuple):
    """What a node tells with each beat: all there is to know of it."""

    #: Which start of the agent this is: a text that no other start has.
    boot: str
    #: What the server last asked to be told again, which proves that this beat is of today.
    token: str
    #: Grows with every beat of this boot.
    sequence: int
    pods: tuple[CopyReport, ...]
    #: What was measured last, of pods that run.
    use: tuple[PodUse, ...] = ()


class StartOrder(NamedTuple):
    """A copy of a pod that is to be started, unless it was already, or an older one is not gone yet."""

    uid: str
    epoch: int
    namespace: str
    name: str
    #: The deployment that it belongs to; empty for none.
    owner: str
    #: As its manifest has it, texts of secrets included.
    spec: Mapping[str, Any]
    #: Per kind, the indices of the node's devices it may use.
    devices: Mapping[str, Sequence[int]]


class StopOrder(NamedTuple):
    """A copy that is to be stopped if it is there, and not to be listed any more if it has ended."""

    uid: str
    epoch: int
    grace_ms: int


class Answer(NamedTuple):
    """What the server says to a beat."""

    sequence: int
    #: To be told with the next beats.
    token: str
    #: For how long from the sending of that beat on the node may run pods; 0 for no longer than it may already.
    lease_ms: int
    #: When to beat again.
    interval_ms: int
    #: The server does not know this node: it is to run nothing.
    gone: bool = False
    #: Whose beat it answers: each start counts its beats anew, and an answer to one before may be long under way.
    boot: str = ""
    #: What the node is to do. All of it is said again with each answer until a beat tells that it is done.
    start: tuple[StartOrder, ...] = ()
    stop: tuple[StopOrder, ...] = ()


class Brain:
    """:param boot: a text that no other start of an agent has."""

    def __init__(self, boot: str) -> None:
        self.boot = boot
        self.token = ""
        #: Until when pods may run, on the node's own clock; ``None`` before the first answer.
        self.lease_until_ms: int | None = None
        self._sequence = 0
        self._sent_ms: dict[int, int] = {}
        self._copies: dict[str, CopyReport] = {}
        self._ended: dict[tuple[str, int], CopyReport] = {}
        #: Copies that ended and were too many to be told of any longer.
        self._forgotten: list[tuple[str, int]] = []
        #: The highest epoch heard of each pod, the latest pod last: none below it, nor that one twice, is started.
        self._newest: dict[str, int] = {}
        self._told: tuple[CopyReport, ...] | None = None

    # Surviving the agent's own end.

    def export(self) -> dict[str, Any]:
        """What another process has to know to go on as the same boot, in words of JSON."""
        return {
            "boot": self.boot,
            "sequence": self._sequence,
            "copies": [list(copy) for copy in self._copies.values()],
            "ended": [list(copy) for copy in self._ended.values()],
            "newest": dict(self._newest),
        }

    @classmethod
    def restore(cls, told: Mapping[str, Any], lease_until_ms: int, skip: int) -> Brain:
        """Go on where :meth:`export` was called. No answer is waited for; the server has its token told anew.

        :param lease_until_ms: what was granted last, on the same clock.
        :param skip: how many beats may have been sent since.
        """
        brain = cls(told["boot"])
        brain.lease_until_ms = lease_until_ms
        brain._sequence = told["sequence"] + skip
        brain._copies = {copy.uid: copy for copy in (CopyReport(*each) for each in told["copies"])}
        brain._ended = {(copy.uid, copy.epoch): copy for copy in (CopyReport(*each) for each in told["ended"])}
        brain._newest = dict(told["newest"])
        return brain

    # Beating.

    def beat(self, now_ms: int) -> Beat:
        """The next beat, to be sent now."""
        self._sequence += 1
        self._sent_ms[self._sequence] = now_ms
        if len(self._sent_ms) > _SENT_KEPT:
            del self._sent_ms[next(iter(self._sent_ms))]
        if self._told is None:
            self._told = (*self._copies.values(), *self._ended.values())
        return Beat(self.boot, self.token, self._sequence, self._told)

    def heed(self, answer: Answer) -> bool:
        """Take an answer in; ``True`` if the next beat should go out at once."""
        if answer.boot and answer.boot != self.boot:
            return False
        sent_ms = self._sent_ms.pop(answer.sequence, None)
        if sent_ms is None:
            return False  # it came twice, or far too late
        if answer.gone:
            self.lease_until_ms = None
            self._sent_ms.clear()  # what was said to earlier beats, and comes later, counts no more
            return False
        if answer.lease_ms:
            until_ms = sent_ms + answer.lease_ms
            self.lease_until_ms = until_ms if self.lease_until_ms is None else max(self.lease_until_ms, until_ms)
        if answer.token == self.token:
            return False
        self.token = answer.token
        return True

    @property
    def is_round(self) -> bool:
        """Whether so many beats were sent that their number should be written down again."""
        return self._sequence % ROUND == 0

    @property
    def changed(self) -> bool:
        """Whether anything has changed since the last beat."""
        return self._told is None

    def may_run(self, now_ms: int) -> bool:
        """Whether pods may run now."""
        return self.lease_until_ms is not None and now_ms < self.lease_until_ms

    # Pods.

    def is_void(self, told_after: tuple[str, int]) -> bool:
        """Whether what came was said before the latest beat: what that did not list is not to be started any more.

        :param told_after: the start of an agent, and its beat, that the server had heard last when it said so.
        """
        return told_after != (self.boot, self._sequence)

    def start(self, now_ms: int, uid: str, epoch: int) -> bool:
        """A copy is to be started; ``True`` if whoever called should do so now."""
        if not self.may_run(now_ms):
            return False  # the server will ask again when it hears this node
        known = self._newest.get(uid, -1)
        if known >= epoch:
            if known == epoch and uid not in self._copies and (uid, epoch) not in self._ended:
                self._end(CopyReport(uid, epoch, "Failed", None, "it was stopped already"))
            return False
        if uid in self._copies:
            return False  # an older copy is not gone yet
        self._note(uid, epoch)
        self._put(CopyReport(uid, epoch, "Starting"))
        return True

    def started(self, uid: str, epoch: int) -> None:
        """It runs."""
        if self.has(uid, epoch):
            self._put(self._copies[uid]._replace(phase="Running"))

    def is_so(self, uid: str, epoch: int, ready: bool, restarts: int = 0, reason: str = "") -> None:
        """How a copy that starts or runs is, by whoever looks after it."""
        if self.has(uid, epoch):
            copy = self._copies[uid]
            told = copy._replace(ready=ready, restarts=restarts, reason=reason)
            if told != copy:
                self._put(told)

    def exited(self, uid: str, epoch: int, exit_code: int, reason: str = "") -> None:
        """It ended by itself."""
        if self.has(uid, epoch):
            restarts = self._copies[uid].restarts
            self._drop(uid)
            phase = "Failed" if exit_code else "Succeeded"
            self._end(CopyReport(uid, epoch, phase, exit_code, restarts=restarts, reason=reason))

    def not_started(self, uid: str, epoch: int, error: str) -> None:
        """It could not be started."""
        if self.has(uid, epoch):
            self._drop(uid)
            self._end(CopyReport(uid, epoch, "Failed", None, error))

    def stop(self, uid: str, epoch: int) -> bool:
        """A copy is to be stopped, and to stay so; ``True`` if there is one, or something is left of one that ended."""
        self._note(uid, max(epoch, self._newest.get(uid, -1)))
        return self.has(uid, epoch) or (uid, epoch) in self._ended

    def stopped(self, uid: str, epoch: int) -> None:
        """It was stopped as told, and nothing of it is left. One that had ended is not told of any more."""
        if self.has(uid, epoch):
            self._drop(uid)
        elif self._ended.pop((uid, epoch), None) is not None:
            self._told = None

    def has(self, uid: str, epoch: int) -> bool:
        """Whether this copy starts or runs here."""
        copy = self._copies.get(uid)
        return copy is not None and copy.epoch == epoch

    def running(self) -> list[CopyReport]:
        """The copies that run."""
        return [copy for copy in self._copies.values() if copy.phase == "Running"]

    def copies(self) -> list[tuple[str, int]]:
        """Those that start or run."""
        return [(copy.uid, copy.epoch) for copy in self._copies.values()]

    def ended(self) -> list[tuple[str, int]]:
        """Those that ended, and are told of still."""
        return list(self._ended)

    def forgotten(self) -> list[tuple[str, int]]:
        """Copies that ended and are not told of any more though nobody said so, each once; what is left can go."""
        forgotten, self._forgotten = self._forgotten, []
        return forgotten

    def fence(self, now_ms: int) -> list[tuple[str, int]]:
        """The copies to kill at once, for the lease is over."""
        if self.may_run(now_ms):
            return []
        over = self.copies()
        for uid, _ in over:
            self._drop(uid)
        return over

    def _note(self, uid: str, epoch: int) -> None:
        self._newest.pop(uid, None)
        self._newest[uid] = epoch
        if len(self._newest) > _EPOCHS_KEPT:
            del self._newest[next(iter(self._newest))]

    def _put(self, copy: CopyReport) -> None:
        self._copies[copy.uid] = copy
        self._told = None

    def _drop(self, uid: str) -> None:
        del self._copies[uid]
        self._told = None

    def _end(self, copy: CopyReport) -> None:
        self._ended[copy.uid, copy.epoch] = copy
        if len(self._ended) > _ENDED_KEPT:
            oldest = next(iter(self._ended))
            del self._ended[oldest]
            self._forgotten.append(oldest)
        self._told = None
