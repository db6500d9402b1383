"""A runtime of the agent whose pods only pretend: each that runs is an empty file in a folder, and no more.

It is for tests of the agent as a real program, with nothing but Python 3.8 and its standard library: its file is put
beside the agent's own, and ``"runtime": "module:pretending"`` in node.json names it. The folder is what ``engine``
says. How a pod behaves is said by the environment of its first container:

``START_MS``, ``STOP_MS``
    How long it takes to start, and to stop; more than the grace it gets is cut short.
``START_ERROR``
    Why it does not start.
``EXIT_CODE``, ``RUN_MS``
    It exits with that code when it has run so long (0 where that is unsaid), and is started again as its restart policy
    says.
``READY_MS``
    How long it runs before it is ready.
"""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Callable, Tuple  # noqa: UP035  (Python 3.8)

from kube9.agent.brain import PodUse, StartOrder
from kube9.agent.configuration import NodeConfiguration
from kube9.agent.runtime import News

__all__ = ["PretendingRuntime", "make_runtime", "make_sweep"]

#: The pause before a container that ended is started again.
_RESTART_MS = 20


def make_runtime(node: NodeConfiguration, news: News) -> PretendingRuntime:
    """As the agent asks for it."""
    return PretendingRuntime(Path(node.engine), news)


def make_sweep(node: NodeConfiguration) -> Callable[[], None]:
    """As the agent's guard asks for it."""
    return lambda: _remove_all(Path(node.engine))


def _remove_all(folder: Path) -> None:
    for path in list(folder.iterdir()):
        path.unlink(missing_ok=True)


class _Pod:
    def __init__(self, order: StartOrder) -> None:
        self.uid, self.epoch = order.uid, order.epoch
        self.policy = order.spec.get("restartPolicy", "Always")
        self.knobs = _knobs(order.spec)
        self.restarts = 0
        self.ready = self.runs = self.over = False

    def ms(self, knob: str) -> int:
        return int(self.knobs.get(knob, "0"))


def _knobs(spec: Mapping[str, Any]) -> dict[str, str]:
    containers = spec.get("containers", [])
    variables = containers[0].get("env", []) if containers else []
    return {each["name"]: each.get("value", "") for each in variables}


class PretendingRuntime:
    """:param folder: has a file ``UID.EPOCH`` for each copy that runs; made if it is missing."""

    def __init__(self, folder: Path, news: News) -> None:
        self._folder, self._news = folder, news
        folder.mkdir(parents=True, exist_ok=True)
        self._pods: dict[tuple[str, int], _Pod] = {}
        self._changed = threading.Condition()
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._serial = itertools.count()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="pretending", daemon=True)
        self._thread.start()

    def start(self, order: StartOrder) -> None:
        """Pretend to start a copy."""
        with self._changed:
            pod = self._pods[order.uid, order.epoch] = _Pod(order)
        self._later(pod.ms("START_MS"), lambda: self._started(pod))

    def stop(self, uid: str, epoch: int, grace_ms: int) -> None:
        """Stop a copy, after the time it pretends to take."""
        with self._changed:
            pod = self._pods.get((uid, epoch))
            takes_ms = 0 if pod is None or pod.over else min(pod.ms("STOP_MS"), grace_ms)
        self._later(takes_ms, lambda: self._stopped(uid, epoch))

    def kill(self, uid: str, epoch: int) -> None:
        """End a copy."""
        with self._changed:
            pod = self._pods.pop((uid, epoch), None)
            if pod is not None:
                self._end(pod)

    def clean(self) -> None:
        """Remove the files of an earlier start."""
        _remove_all(self._folder)

    def use(self) -> Tuple[PodUse, ...]:  # noqa: UP006
        """A tenth of a core and a MiB for each."""
        with self._changed:
            return tuple(PodUse(pod.uid, pod.epoch, 100, 2**20) for pod in self._pods.values() if pod.runs)

    def close(self) -> None:
        """Let nothing happen any more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _file(self, pod: _Pod) -> Path:
        return self._folder / f"{pod.uid}.{pod.epoch}"

    def _end(self, pod: _Pod) -> None:
        pod.runs, pod.over = False, True
        self._file(pod).unlink(missing_ok=True)

    def _started(self, pod: _Pod) -> None:
        error = pod.knobs.get("START_ERROR", "")
        with self._changed:
            if pod.over:
                return
            if not error:
                pod.runs, pod.ready = True, not pod.ms("READY_MS")
                self._file(pod).touch()
        if error:
            self._news.not_started(pod.uid, pod.epoch, error)
            return
        self._say(pod)
        self._news.started(pod.uid, pod.epoch)
        if not pod.ready:
            self._later(pod.ms("READY_MS"), lambda: self._got_ready(pod))
        if "EXIT_CODE" in pod.knobs:
            self._later(pod.ms("RUN_MS"), lambda: self._ended(pod))

    def _say(self, pod: _Pod) -> None:
        self._news.is_so(pod.uid, pod.epoch, pod.ready, pod.restarts, "" if pod.ready else "it is not ready yet")

    def _got_ready(self, pod: _Pod) -> None:
        pod.ready = True
        if not pod.over:
            self._say(pod)

    def _ended(self, pod: _Pod) -> None:
        code = pod.ms("EXIT_CODE")
        again = pod.policy == "Always" or (pod.policy == "OnFailure" and code)
        with self._changed:
            if pod.over:
                return
            if again:
                pod.restarts += 1
            else:
                self._end(pod)
        if again:
            self._say(pod)
            self._later(pod.ms("RUN_MS") + _RESTART_MS, lambda: self._ended(pod))
        else:
            self._news.exited(pod.uid, pod.epoch, code, "Error" if code else "")

    def _stopped(self, uid: str, epoch: int) -> None:
        self.kill(uid, epoch)
        self._news.stopped(uid, epoch)

    def _later(self, pause_ms: int, what: Callable[[], None]) -> None:
        with self._changed:
            heapq.heappush(self._due, (time.monotonic() + pause_ms / 1_000, next(self._serial), what))
            self._changed.notify_all()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._closed and (not self._due or self._due[0][0] > time.monotonic()):
                    self._changed.wait(self._due[0][0] - time.monotonic() if self._due else None)
                if self._closed:
                    return
                what = heapq.heappop(self._due)[2]
            what()
