"""What a pod's containers wrote."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from attrs import frozen

from kube9.agent import labels
from kube9.backends.docker.engine import Engine, EngineAway, EngineRefused
from kube9.backends.docker.marks import Marks
from kube9.core.errors import BackendError, InvalidInput
from kube9.core.pods import Pod
from kube9.core.ports import LogOptions

if TYPE_CHECKING:
    from docker import APIClient

__all__ = ["LogStream", "PodContainers", "container_names"]

#: How long before the engine notes its start a container may write something; a restart takes longer.
_SLACK_S = 0.1
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
        began = _last_start(self.engine.inspect(str(latest["Id"])))
        if not options.previous:
            return self._pieces(str(latest["Id"]), options, since=began)
        if began is not None:
            return self._pieces(str(latest["Id"]), options, until=began)
        if len(found) > 1:
            return self._pieces(str(found[-2]["Id"]), options)
        raise _no_earlier_run(self.pod, options)

    def _pieces(
        self, container: str, options: LogOptions, since: float | None = None, until: float | None = None
    ) -> Iterator[bytes]:
        how: dict[str, Any] = {
            "container": container,
            "stdout": True,
            "stderr": True,
            "stream": True,
            "follow": options.follow and not options.previous,
            "tail": "all" if options.tail is None else options.tail,
            "since": since,
            "until": until,
        }
        return LogStream(self.engine, lambda client: client.logs(**how), self.pod.name)


class LogStream(Iterator[bytes]):
    """What a container writes, piece by piece. Closed by any thread, it ends, also for one that waits for more.

    :param begin: makes the engine's own stream.
    """

    def __init__(self, engine: Engine, begin: Callable[[APIClient], Any], pod_name: str) -> None:
        self._engine, self._begin, self._pod_name = engine, begin, pod_name
        self._closed = False
        self._stream: Any = None
        self._pieces = self._read()

    def __next__(self) -> bytes:
        return next(self._pieces)

    def close(self) -> None:
        """Nobody wants any more."""
        self._closed = True
        self._let_go()

    def _read(self) -> Iterator[bytes]:
        try:
            with self._engine.stream() as client:
                self._stream = self._begin(client)
                try:
                    while not self._closed and (piece := next(self._stream, None)) is not None:
                        yield piece
                finally:
                    self._let_go()
        except (EngineAway, EngineRefused) as exc:
            if not self._closed:
                raise BackendError(f"the logs of pod {self._pod_name!r} cannot be read: {exc}") from exc

    def _let_go(self) -> None:
        if self._stream is not None:
            with suppress(Exception):
                self._stream.close()


def container_names(pod: Pod) -> Sequence[str]:
    """Those of a pod, in the order they start."""
    return tuple(each.name for each in (*pod.spec.init_containers, *pod.spec.containers))


def _label(container: dict[str, Any], name: str) -> str:
    return str((container.get("Labels") or {}).get(name, ""))


def _last_start(container: Mapping[str, Any] | None) -> float | None:
    """What was written from then on is of its latest run; ``None`` where that was its first, as far as is known.

    A container is started again as it is, and keeps what it wrote. While it runs the engine tells when the run before
    ended; afterwards no more than when the latest one began, and that some time after its first words.
    """
    state = {} if container is None else container["State"]
    finished_s, started_s = (_seconds(str(state.get(name, ""))) for name in ("FinishedAt", "StartedAt"))
    if finished_s is None or started_s is None:
        return None
    return finished_s if finished_s <= started_s else started_s - _SLACK_S


def _seconds(at: str) -> float | None:
    """Unix time of what an engine writes; ``None`` where it says that it never was."""
    whole, _, fraction = at.rstrip("Z").partition(".")
    if not whole or whole.startswith("0001-"):
        return None
    moment = datetime.strptime(whole, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=timezone.utc)
    return moment.timestamp() + float(f"0.{fraction or 0}")


def _no_earlier_run(pod: Pod, options: LogOptions) -> InvalidInput:
    which = f"container {options.container!r} of pod" if options.container else "pod"
    return InvalidInput(f"{which} {pod.name!r} has not run before; leave 'previous' out for what it writes now")
