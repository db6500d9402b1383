"""How a node looks after one copy of a pod: what to start, to kill and to probe next, and how the pod is.

Nothing here waits, measures time or touches a process. Whoever does tells what happened, and asks what to do: at once
after each thing that happened, and when ``next_ms`` has come. A container that ends is started again here or not at
all; nothing of this moves the pod to another node.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Dict, NamedTuple, Tuple, Union  # noqa: UP035  (an alias below, and Python 3.8)

from kube9.agent.member import ENDED, RUNNING, STARTING, WAITING, End, Member
from kube9.agent.parts import PodParts

__all__ = ["Action", "Ask", "Care", "ContainerState", "Kill", "PodState", "Start"]

#: What Kubernetes says of a container that could not be started.
_START_ERROR = 128


class Start(NamedTuple):
    """Start a container; leads to ``started`` or ``not_started``, and after the former to ``exited``."""

    container: str
    #: Which start of this container it is, from 1 on; to be said of all that happens to it.
    run: int


class Kill(NamedTuple):
    """Have a container end, by force after the grace; leads to ``exited``."""

    container: str
    run: int
    grace_ms: int
    why: str


class Ask(NamedTuple):
    """Probe a container; leads to ``answered``."""

    container: str
    run: int
    #: startup, liveness or readiness.
    kind: str
    number: int
    #: As :class:`~kube9.agent.parts.Probe` has it.
    action: Mapping[str, object]
    timeout_ms: int


Action = Union[Start, Kill, Ask]  # noqa: UP007  (this line runs, and nodes may have Python 3.8)


class ContainerState(NamedTuple):
    name: str
    #: waiting, running or terminated.
    state: str
    #: In Kubernetes's words; empty for one that runs well.
    reason: str
    #: How it ended last, or what ails it.
    message: str
    ready: bool
    restarts: int
    #: Of its last end; ``None`` where it never ended.
    exit_code: int | None


class PodState(NamedTuple):
    #: Starting, Running, Succeeded or Failed.
    phase: str
    ready: bool
    #: How often a container of it was started again.
    restarts: int
    #: What is not well, as a word of Kubernetes's and a sentence; empty where all is.
    reason: str
    #: Of a pod that has ended.
    exit_code: int | None


class Care:
    """Looks after one copy of a pod. Times are in milliseconds of any one clock that does not run backwards."""

    def __init__(self, parts: PodParts, now_ms: int) -> None:
        self._parts = parts
        self._init = [Member(part, now_ms) for part in parts.init_containers]
        self._main = [Member(part, now_ms) for part in parts.containers]
        self._members = {member.name: member for member in (*self._init, *self._main)}
        self._stopping = False

    def export(self) -> dict[str, Any]:
        """All there is to know of it, in words of JSON."""
        members = {name: member.export() for name, member in self._members.items()}
        return {"stopping": self._stopping, "members": members}

    def restore(self, told: Mapping[str, Any], now_ms: int) -> None:
        """Go on where :meth:`export` was called, by the same clock; what is being killed is said again."""
        self._stopping = told["stopping"]
        for name, member in self._members.items():
            member.restore(told["members"][name], now_ms, self._parts.grace_ms)

    @property
    def open_runs(self) -> Dict[str, Tuple[int, bool]]:  # noqa: UP006
        """Of containers that are started or run: which start it is, and whether it is known to run."""
        return {
            name: (member.run, member.state == RUNNING)
            for name, member in self._members.items()
            if member.state in (STARTING, RUNNING)
        }

    # What happened.

    def started(self, container: str, run: int, now_ms: int) -> None:
        """A container runs."""
        member = self._members[container]
        if member.run == run and member.state == STARTING:
            member.begin(now_ms)

    def not_started(self, container: str, run: int, now_ms: int, error: str) -> None:
        """A container could not be started."""
        end = End("StartError", _START_ERROR, f"container {container} could not start: {error}")
        self._over(self._members[container], run, end, now_ms)

    def exited(
        self, container: str, run: int, now_ms: int, exit_code: int, message: str = "", out_of_memory: bool = False
    ) -> None:
        """A container ended, by itself or because it was killed."""
        member = self._members[container]
        reason = "OOMKilled" if out_of_memory else "Error" if exit_code else "Completed"
        text = f"container {container} used more memory than it may" if out_of_memory else member.sick
        text = text or f"container {container} exited with code {exit_code}"
        self._over(member, run, End(reason, exit_code, f"{text}: {message}" if message else text), now_ms)

    def answered(self, ask: Ask, now_ms: int, ok: bool, message: str = "", same_until_ms: float | None = None) -> None:
        """A probe was answered, or not in its time.

        :param message: what was wrong, in words that stay the same as long as the same is wrong.
        :param same_until_ms: before which it would surely be answered the same; ``None`` where nobody can know.
        """
        member = self._members[ask.container]
        inquiry = member.inquiries.get(ask.kind)
        if inquiry is None or member.run != ask.run or inquiry.asked != ask.number or member.killing:
            return  # it is over, or was too late
        inquiry.answer(ok, message, now_ms, same_until_ms)
        if ask.kind != "readiness" and inquiry.passed is False:
            member.sick = f"container {member.name} failed its {ask.kind} probe: {inquiry.message}"
            grace_ms = inquiry.probe.grace_ms
            member.kill(member.sick, self._parts.grace_ms if grace_ms is None else grace_ms)

    def stop(self, grace_ms: int, why: str = "the pod is stopped") -> None:
        """Have everything end; nothing is started any more."""
        self._stopping = True
        for member in self._members.values():
            if member.state == WAITING:
                member.state = ENDED
            elif member.state != ENDED:
                member.kill(why, grace_ms)

    # What to do.

    def due(self, now_ms: int) -> list[Action]:
        """What to do now; each thing is said once."""
        return [action for member in self._members.values() for action in self._due(member, now_ms)]

    @property
    def next_ms(self) -> int | None:
        """When to ask again what to do, at the latest; ``None`` for when something has happened."""
        times = []
        for member in self._members.values():
            if member.state == WAITING and self._may_start(member):
                times.append(member.due_ms)
            times += [inquiry.due_ms for _, inquiry in member.open_inquiries if inquiry.due_ms is not None]
        return min(times) if times else None

    @property
    def ran(self) -> bool:
        """Whether all its containers but the init containers ran at some time."""
        return all(member.ever_ran for member in self._main)

    @property
    def finished(self) -> bool:
        """Whether everything has ended for good."""
        return all(member.state == ENDED for member in self._members.values())

    def _due(self, member: Member, now_ms: int) -> Iterator[Action]:
        if member.state == WAITING:
            if member.due_ms <= now_ms and self._may_start(member):
                yield Start(member.name, member.start())
        elif member.state == RUNNING:
            yield from self._asks(member, now_ms)
            if member.kill_grace_ms is not None:
                grace_ms, member.kill_grace_ms = member.kill_grace_ms, None
                yield Kill(member.name, member.run, grace_ms, member.killing)

    def _asks(self, member: Member, now_ms: int) -> Iterator[Action]:
        for kind, inquiry in list(member.open_inquiries):
            if inquiry.due_ms is None or inquiry.due_ms > now_ms:
                continue
            probe = inquiry.probe
            if inquiry.asked:
                ask = Ask(member.name, member.run, kind, inquiry.asked, probe.action, probe.timeout_ms)
                self.answered(ask, now_ms, False, f"no answer within {probe.timeout_ms / 1000:g} s")
            elif not member.killing:
                number = inquiry.ask(now_ms)
                yield Ask(member.name, member.run, kind, number, probe.action, probe.timeout_ms)

    def _may_start(self, member: Member) -> bool:
        """Whether it is its turn: after all init containers, or after those before it."""
        for each in self._init:
            if each is member:
                return True
            if not each.well:
                return False
        return True

    def _over(self, member: Member, run: int, end: End, now_ms: int) -> None:
        if member.run != run or member.state not in (STARTING, RUNNING):
            return
        failed = end.exit_code != 0 or member.sick != ""
        member.over(end, now_ms)
        policy, is_init = self._parts.restart_policy, member in self._init
        if self._stopping:
            return
        if policy != "Never" and (failed or (policy == "Always" and not is_init)):
            member.again(now_ms)
        elif is_init and end.exit_code:
            self._stopping = True
            for each in self._members.values():
                each.state = ENDED

    # How the pod is.

    def state(self) -> PodState:
        """How the pod is."""
        restarts = sum(member.restarts for member in self._members.values())
        if not self.finished:
            phase = "Running" if self.ran else "Starting"
            ready = all(member.ready for member in self._main)
            reason = next(filter(None, map(self._trouble, self._members.values())), "")
            return PodState(phase, ready, restarts, reason, None)
        if all(member.well for member in self._members.values()):
            return PodState("Succeeded", False, restarts, "", 0)
        end = next((each.end for each in self._members.values() if each.end is not None and each.end.exit_code), None)
        if end is None:  # it was stopped before it had come that far
            return PodState("Failed", False, restarts, "", None)
        return PodState("Failed", False, restarts, f"{end.reason}: {end.text}", end.exit_code)

    def containers(self) -> list[ContainerState]:
        """How each container is, init containers first."""
        return [self._shown(member) for member in self._members.values()]

    def _trouble(self, member: Member) -> str:
        """What of a container keeps the pod from being well; empty where nothing does."""
        if member.state == RUNNING:
            return self._trouble_of_running(member)
        end = member.end
        if end is None or (member.well and member in self._init):
            return ""
        if member.state == WAITING and member.pause_ms:
            return f"CrashLoopBackOff: {end.text}; again in {member.pause_ms // 1000} s"
        return f"{end.reason}: {end.text}{'' if member.state == ENDED else '; started again'}"

    def _trouble_of_running(self, member: Member) -> str:
        if member in self._init:
            number = self._init.index(member) + 1
            return f"PodInitializing: init container {member.name} runs, {number} of {len(self._init)}"
        if member.killing:
            return f"Unhealthy: {member.sick}" if member.sick else ""
        for kind in ("startup", "readiness"):
            inquiry = member.inquiries.get(kind)
            if inquiry is not None and inquiry.passed is not True:
                if inquiry.passed is False:
                    return f"Unhealthy: container {member.name} failed its {kind} probe: {inquiry.message}"
                return f"NotReady: container {member.name} has not passed its {kind} probe yet"
        return ""

    def _shown(self, member: Member) -> ContainerState:
        state = WAITING if member.state == STARTING else member.state
        return ContainerState(
            member.name,
            state,
            self._reason(member),
            self._trouble_of_running(member) if state == RUNNING else "" if member.end is None else member.end.text,
            member.ready,
            member.restarts,
            None if member.end is None else member.end.exit_code,
        )

    def _reason(self, member: Member) -> str:
        if member.state == RUNNING:
            return "Unhealthy" if self._trouble_of_running(member).startswith("Unhealthy") else ""
        if member.state == ENDED:
            return "" if member.end is None else member.end.reason
        if member.state == WAITING and member.pause_ms:
            return "CrashLoopBackOff"
        return "ContainerCreating" if self._may_start(member) else "PodInitializing"
