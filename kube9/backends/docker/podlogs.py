"""What a pod's containers wrote."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

from attrs import frozen

from kube9.agent import labels
from kube9.backends.docker.engine import Engine, EngineAway, EngineRefused
from kube9.backends.docker.marks import Marks
from kube9.core.errors import BackendError, InvalidInput
from kube9.core.pods import Pod
from kube9.core.ports import LogOptions

__all__ = ["PodContainers", "container_names"]

_ROLES = ("init", "container")


@frozen
class PodContainers:
    """Finds the containers of one copy of a pod on one node."""

    engine: Engine
    marks: Marks
    node_uid: str
    pod: Pod

    def runs_of(self, name: str) -> list[dict[str, Any]]:
        """The container of that name as the engine lists it, oldest first: it may have been made anew.

        :param name: empty for the only one, or the first that is no init container.
        :raises InvalidInput: there is no such container; names those there are.
        """
        names = container_names(self.pod)
        if name and name not in names:
            there = ", ".join(names) or "none"
            raise InvalidInput(f"pod {self.pod.name!r} has no container {name!r}; it has {there}")
        wanted = name or next((each.name for each in self.pod.spec.containers), "")
        found = self.engine.containers(self.marks.of_copy(self.node_uid, self.pod.uid, self.pod.epoch))
        mine = [each for each in found if _label(each, labels.ROLE) in _ROLES]
        if wanted:
            mine = [each for each in mine if _label(each, labels.CONTAINER) == wanted]
        return sorted(mine, key=lambda each: int(each.get("Created") or 0))

    def logs(self, options: LogOptions) -> Iterator[bytes]:
        """What was written by the latest run of the container, or by the one before it.

        :raises InvalidInput: there is no such container, or no earlier run of it.
        """
        found = self.runs_of(options.container)
        if not found:
            if options.previous:
                raise _no_earlier_run(self.pod, options)
            return iter(())
        latest = found[-1]
        since = until = None
        began = _last_start(self.engine, str(latest["Id"]))
        if options.previous:
            if began is not None:
                until = began
            elif len(found) > 1:
                latest = found[-2]
            else:
                raise _no_earlier_run(self.pod, options)
        else:
            since = began
        return self._pieces(str(latest["Id"]), options, since, until)

    def _pieces(self, container: str, options: LogOptions, since: float | None, until: float | None) -> Iterator[bytes]:
        try:
            with self.engine.stream() as client:
                stream = client.logs(
                    container,
                    stdout=True,
                    stderr=True,
                    stream=True,
                    follow=options.follow and not options.previous,
                    tail="all" if options.tail is None else options.tail,
                    since=since,
                    until=until,
                )
                try:
                    yield from stream
                finally:
                    with suppress(Exception):
                        stream.close()
        except (EngineAway, EngineRefused) as exc:
            raise BackendError(f"the logs of pod {self.pod.name!r} cannot be read: {exc}") from exc


def container_names(pod: Pod) -> Sequence[str]:
    """Those of a pod, in the order they start."""
    return tuple(each.name for each in (*pod.spec.init_containers, *pod.spec.containers))


def _label(container: dict[str, Any], name: str) -> str:
    return str((container.get("Labels") or {}).get(name, ""))


def _last_start(engine: Engine, container: str) -> float | None:
    """When its latest run began, if that was not its first: what was written before is of the run before."""
    return None


def _no_earlier_run(pod: Pod, options: LogOptions) -> InvalidInput:
    which = f"container {options.container!r} of pod" if options.container else "pod"
    return InvalidInput(f"{which} {pod.name!r} has not run before; leave 'previous' out for what it writes now")
