"""What a pod's containers wrote."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from datetime import datetime, timezone
from typing import Any

from attrs import frozen

from kube9.agent import labels
from kube9.backends.docker.engine import Engine, EngineAway, EngineRefused
from kube9.backends.docker.marks import Marks
from kube9.core.errors import BackendError, InvalidInput
from kube9.core.pods import Pod
from kube9.core.ports import LogOptions

__all__ = ["ContainerLog", "PodContainers", "container_names"]

#: How long before the engine notes its start a container may write something; most restarts take longer.
_SLACK_S = 1.0
#: One that began so soon after it was made has hardly run before.
_AT_ONCE_S = 5.0
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
        how = {
            "follow": options.follow and not options.previous,
            "tail": "all" if options.tail is None else options.tail,
            "since": since,
            "until": until,
        }
        return ContainerLog(self.engine, container, f"the logs of pod {self.pod.name!r}", how)


class ContainerLog(Iterator[bytes]):
    """What a container wrote; it is read from the first piece on that is asked for.

    :param what: it is, for people.
    :param how: it is read, as docker-py has it.
    """

    def __init__(self, engine: Engine, container: str, what: str, how: Mapping[str, Any]) -> None:
        self._engine, self._container, self._what, self._how = engine, container, what, how
        #: One of the engine's streams, as long as it is read.
        self._held = ExitStack()
        self._stream: Any = None
        self._closed = False

    def __next__(self) -> bytes:
        try:
            if self._stream is None and not self._closed:
                client = self._held.enter_context(self._engine.stream())
                with self._engine.answers():
                    self._stream = client.logs(self._container, stdout=True, stderr=True, stream=True, **self._how)
            if self._closed:
                raise StopIteration
            with self._engine.answers():
                return bytes(next(self._stream))
        except StopIteration:
            self.close()
            raise
        except Exception as exc:
            if self._closed:
                raise StopIteration from None
            self.close()
            if isinstance(exc, EngineAway | EngineRefused):
                raise BackendError(f"{self._what} cannot be read: {exc}") from exc
            raise

    def close(self) -> None:
        """That is the end, also for a thread that waits for the next piece. May be called again, from any thread."""
        self._closed = True
        with suppress(Exception):
            self._stream.close()
        self._held.close()

    def __del__(self) -> None:
        self.close()


def container_names(pod: Pod) -> Sequence[str]:
    """Those of a pod, in the order they start."""
    return tuple(each.name for each in (*pod.spec.init_containers, *pod.spec.containers))


def _label(container: dict[str, Any], name: str) -> str:
    return str((container.get("Labels") or {}).get(name, ""))


def _last_start(container: Mapping[str, Any] | None) -> float | None:
    """What was written from then on is of its latest run; ``None`` where that was its first, as far as is known.

    A container is started again as it is, and keeps what it wrote. While it runs the engine tells when the run before
    ended; afterwards no more than when the latest one began, and that some time after its first words. Too much is
    shown then rather than too little.
    """
    if container is None:
        return None
    state = container["State"]
    finished_s, started_s = (_seconds(str(state.get(name, ""))) for name in ("FinishedAt", "StartedAt"))
    if finished_s is None or started_s is None:
        return None
    if state.get("Running"):
        return finished_s
    created_s = _seconds(str(container.get("Created", "")))
    at_once = created_s is not None and started_s - created_s < _AT_ONCE_S
    return None if at_once else started_s - _SLACK_S


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
