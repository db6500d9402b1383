"""What a deployment lacks and what it has too much of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from copy import copy
from itertools import islice

from attrs import define, field, fields, frozen

from kube9.core.deployments import Deployment
from kube9.core.pods import Pod, PodPhase

__all__ = ["Replicas", "Wish", "runs", "wish"]


@define
class Replicas:
    """The pods of one deployment, sorted by what they are good for, so that no turn has to go through all of them.

    Those that ended or are being deleted are good for nothing; of the others, idle is who is not ready, or not for
    long any more because it is being moved. Those that leave stand in for others, and are counted with none of them.
    """

    _revision: int
    #: Uids of all of them, in order of arrival.
    members: dict[str, None] = field(factory=dict, init=False)
    #: By uid, as are those that follow.
    _ready: dict[str, Pod] = field(factory=dict, init=False)
    _idle: dict[str, Pod] = field(factory=dict, init=False)
    _old_ready: dict[str, Pod] = field(factory=dict, init=False)
    _old_idle: dict[str, Pod] = field(factory=dict, init=False)
    _leaving: dict[str, Pod] = field(factory=dict, init=False)

    def note(self, pod: Pod) -> bool:
        """``pod`` was launched, or is something else now; returns whether it is good for something else than before."""
        assert pod.owner is not None, f"pod {pod.uid} belongs to no deployment"
        drawer: dict[str, Pod] | None = None
        if not pod.deleting and not pod.phase.finished:
            ready = runs(pod)
            if pod.leaving:
                drawer = self._leaving
            elif pod.owner.revision == self._revision:
                drawer = self._ready if ready else self._idle
            else:
                drawer = self._old_ready if ready else self._old_idle
        return self._put(pod, drawer)

    def forget(self, uid: str) -> None:
        """A pod is gone."""
        del self.members[uid]
        for drawer in self._drawers:
            drawer.pop(uid, None)

    def turn_to(self, revision: int) -> None:
        """From now on the pods of ``revision`` are those that are wanted."""
        if revision != self._revision:
            self._revision = revision
            for pod in self.alive():
                self.note(pod)

    def alive(self) -> list[Pod]:
        """All that are good for something."""
        return [pod for drawer in self._drawers for pod in drawer.values()]

    def twin(self) -> Replicas:
        """The same once more, which goes its own way from here."""
        twin = copy(self)
        for each in fields(Replicas):
            if each.name != "_revision":
                setattr(twin, each.name, dict(getattr(self, each.name)))
        return twin

    def __len__(self) -> int:
        """How many are good for something and do not leave."""
        return sum(map(len, self._drawers)) - len(self._leaving)

    @property
    def idle(self) -> Iterator[Pod]:
        """Of the present template, and not ready."""
        return iter(self._idle.values())

    @property
    def ready(self) -> Iterator[Pod]:
        """Of the present template, and ready."""
        return iter(self._ready.values())

    @property
    def old_idle(self) -> Iterator[Pod]:
        """Of an older template, and not ready."""
        return iter(self._old_idle.values())

    @property
    def old_ready(self) -> Iterator[Pod]:
        """Of an older template, and ready."""
        return iter(self._old_ready.values())

    @property
    def leaving(self) -> Sequence[Pod]:
        """Whoever is to go as soon as enough others run."""
        return tuple(self._leaving.values())

    @property
    def rolling(self) -> bool:
        """Whether any is of an older template."""
        return bool(self._old_idle or self._old_ready)

    @property
    def unready(self) -> int:
        """How many are good for something and not ready."""
        return len(self._idle) + len(self._old_idle)

    @property
    def running(self) -> int:
        """How many run, and do not leave."""
        return len(self._ready) + len(self._old_ready)

    @property
    def _drawers(self) -> tuple[dict[str, Pod], ...]:
        return self._old_idle, self._old_ready, self._idle, self._ready, self._leaving

    def _put(self, pod: Pod, into: dict[str, Pod] | None) -> bool:
        uid, moved = pod.uid, into is not None and pod.uid not in into
        for drawer in self._drawers:
            if drawer is into:
                drawer[uid] = pod
            elif drawer.pop(uid, None) is not None:
                moved = True
        return moved


@frozen
class Wish:
    """What would bring a deployment nearer to what was asked for."""

    #: How many pods to launch.
    launch: int = 0
    #: Pods to delete.
    delete: tuple[Pod, ...] = ()


_NOTHING = Wish()


def wish(deployment: Deployment, replicas: Replicas) -> Wish:
    """What ``deployment`` wants, given its pods.

    Pods of an older template go first, one after the other: of those that run no more at a time than the deployment
    can do without. Pods that leave go as others come to run.
    """
    if deployment.deleting:
        return Wish(delete=tuple(replicas.alive()))
    lacking = deployment.spec.replicas - len(replicas)
    replaced = _replaced(deployment, replicas)
    if not lacking and not replicas.rolling:
        return Wish(delete=replaced) if replaced else _NOTHING
    surplus = _surplus(deployment, replicas, -lacking) if lacking < 0 else ()
    lacking = max(0, lacking)
    return Wish(lacking, (*replaced, *surplus, *_next_of_the_old(deployment, replicas, surplus, lacking)))


def _replaced(deployment: Deployment, replicas: Replicas) -> tuple[Pod, ...]:
    """Those that leave and need not stand in for others any more."""
    missing = max(0, deployment.spec.replicas - replicas.running)
    count = len(replicas.leaving) - missing
    idle_first = sorted(replicas.leaving, key=lambda pod: (runs(pod), pod.ordinal))
    return tuple(idle_first[: max(0, count)])


def _surplus(deployment: Deployment, replicas: Replicas, count: int) -> Sequence[Pod]:
    """Who is least to be missed: old ones as long as enough run without them, those that do not run, the youngest."""
    needed = deployment.spec.replicas - deployment.spec.max_unavailable
    spare = max(0, len(replicas) - replicas.unready - needed)
    old_ready = _least_first(replicas.old_ready)
    order = (
        *_least_first(replicas.old_idle),
        *old_ready[:spare],
        *_least_first(replicas.idle),
        *old_ready[spare:],
        *_least_first(replicas.ready),
    )
    return order[:count]


def _least_first(pods: Iterable[Pod]) -> list[Pod]:
    return sorted(pods, key=lambda pod: (pod.phase is not PodPhase.PENDING, -pod.ordinal))


def _next_of_the_old(deployment: Deployment, replicas: Replicas, surplus: Sequence[Pod], lacking: int) -> Iterator[Pod]:
    """Whom to replace next by a pod of the present template, apart from those that go anyway."""
    if not replicas.rolling:
        return
    gone = {pod.uid for pod in surplus}
    yield from (pod for pod in replicas.old_idle if pod.uid not in gone)
    missing = lacking + replicas.unready - sum(not runs(pod) for pod in surplus)
    spare = max(0, deployment.spec.max_unavailable - missing)
    yield from islice((pod for pod in replicas.old_ready if pod.uid not in gone), spare)


def runs(pod: Pod) -> bool:
    """Whether a pod is there for whoever needs it, and for more than a moment."""
    return pod.ready and not pod.evicting
