"""Looks after the containers of a pod in memory, with the care of a real node and pretended runs and probes."""

from __future__ import annotations

from collections.abc import Iterator

from kube9.agent.care import Action, Ask, Care, Kill, PodState
from kube9.agent.inquiry import FOREVER
from kube9.agent.parts import Container as ContainerPart
from kube9.agent.parts import PodParts
from kube9.agent.parts import Probe as ProbePart
from kube9.backends.behaviour import PodBehaviour
from kube9.core.containers import Probe
from kube9.core.pods import Pod, PodPhase, PodSpec
from kube9.core.stimuli import PodExited, PodHealthChanged, PodStarted, Stimulus

__all__ = ["Caretaker"]

#: What a process exits with that ends when it is told to, and one that has to be killed.
_TERMINATED, _KILLED = 143, 137


class Caretaker:
    """Every container behaves as ``behaviour`` says, anew in each run; init containers end well at once."""

    def __init__(self, pod: Pod, behaviour: PodBehaviour, now_ms: int) -> None:
        self._uid, self._epoch, self._behaviour = pod.uid, pod.epoch, behaviour
        self._init = {each.name for each in pod.spec.init_containers}
        self._care = Care(_parts(pod.spec), now_ms)
        #: How it was when that was last told.
        self.told = PodState(PodPhase.STARTING.value, False, 0, "", None)
        self._started = False
        #: When each container that runs began to, and when it ends and how: the time, the run, the exit code and why.
        self._since_ms: dict[str, int] = {}
        self._ends: dict[str, tuple[int, int, int, str]] = {}

    @property
    def next_ms(self) -> int | None:
        """When :meth:`go_on` is to be called again; ``None`` for never."""
        times = [end[0] for end in self._ends.values()]
        if self._care.next_ms is not None:
            times.append(self._care.next_ms)
        return min(times) if times else None

    def began_ms(self, container: str) -> int | None:
        """When the present run of a container began; ``None`` where it does not run."""
        return self._since_ms.get(container)

    def go_on(self, now_ms: int) -> list[Stimulus]:
        """Let happen whatever is due, and what comes of that; returns what is to be told."""
        self._carry_on(now_ms)
        before, self.told = self.told, self._care.state()
        return list(self._news(before, now_ms))

    def _news(self, before: PodState, now_ms: int) -> Iterator[Stimulus]:
        uid, epoch, state = self._uid, self._epoch, self.told
        finished = PodPhase(state.phase).finished
        reason = "" if finished else state.reason
        if self._care.ran and not self._started:
            self._started = True
            yield PodStarted(
                at_ms=now_ms, uid=uid, epoch=epoch, ready=state.ready, restarts=state.restarts, reason=reason
            )
        elif not finished and state != before:
            yield PodHealthChanged(
                at_ms=now_ms, uid=uid, epoch=epoch, ready=state.ready, restarts=state.restarts, reason=reason
            )
        if finished:
            yield PodExited(at_ms=now_ms, uid=uid, epoch=epoch, exit_code=state.exit_code or 0, reason=state.reason)

    def _carry_on(self, now_ms: int) -> None:
        while True:
            ended = [name for name, end in self._ends.items() if end[0] <= now_ms]
            for name in ended:
                self._end(name, now_ms)
            actions = self._care.due(now_ms)
            for action in actions:
                self._do(action, now_ms)
            if not ended and not actions:
                return

    def _end(self, name: str, now_ms: int) -> None:
        _, run, exit_code, reason = self._ends.pop(name)
        del self._since_ms[name]
        self._care.exited(name, run, now_ms, exit_code, reason)

    def _do(self, action: Action, now_ms: int) -> None:
        name = action.container
        if isinstance(action, Ask):
            self._answer(action, now_ms)
        elif isinstance(action, Kill):
            stops_in_ms = min(self._behaviour.stop_delay_ms, action.grace_ms)
            code = _KILLED if self._behaviour.stop_delay_ms > action.grace_ms else _TERMINATED
            sooner = self._ends.get(name)
            if sooner is None or now_ms + stops_in_ms < sooner[0]:
                self._ends[name] = (now_ms + stops_in_ms, action.run, code, "")
        else:
            self._since_ms[name] = now_ms
            end = (0, 0, "") if name in self._init else self._behaviour.end()
            if end is not None:
                self._ends[name] = (now_ms + end[0], action.run, end[1], end[2])
            self._care.started(name, action.run, now_ms)

    def _answer(self, ask: Ask, now_ms: int) -> None:
        """A container is well from ``ready_after_ms`` on, of which liveness knows nothing, until ``hang_after_ms``."""
        since_ms, hangs_ms = self._since_ms[ask.container], self._behaviour.hang_after_ms
        ready_ms = since_ms if ask.kind == "liveness" else since_ms + self._behaviour.ready_after_ms
        if hangs_ms is not None and now_ms >= since_ms + hangs_ms:
            self._care.answered(ask, now_ms, False, "it hangs", FOREVER)
        elif now_ms < ready_ms:
            why = f"it is ready when it has run {self._behaviour.ready_after_ms} ms"
            self._care.answered(ask, now_ms, False, why, ready_ms)
        else:
            self._care.answered(ask, now_ms, True, "", FOREVER if hangs_ms is None else since_ms + hangs_ms)


def _parts(spec: PodSpec) -> PodParts:
    return PodParts(
        tuple(
            ContainerPart(each.name, _probe(each.startup), _probe(each.liveness), _probe(each.readiness))
            for each in spec.containers
        ),
        tuple(ContainerPart(each.name) for each in spec.init_containers),
        spec.restart_policy.value,
        spec.grace_ms,
    )


def _probe(probe: Probe | None) -> ProbePart | None:
    """As a node has it; what is asked nobody here looks at."""
    if probe is None:
        return None
    return ProbePart(
        {},
        probe.initial_delay_ms,
        probe.period_ms,
        probe.timeout_ms,
        probe.success_threshold,
        probe.failure_threshold,
    )
