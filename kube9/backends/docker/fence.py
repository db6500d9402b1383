"""Makes sure that nothing of a node runs, and removes what it left."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

from kube9.backends.docker.engine import Engine, EngineRefused
from kube9.backends.docker.marks import Marks
from kube9.core.errors import BackendError

__all__ = ["Fence", "runs"]

_Container = Mapping[str, Any]
#: As many at a time as make an engine no slower.
_THREADS = 8
_PAUSE_S = 0.01
#: Of removing what the engine still counts as in use.
_TRIES = 20


def runs(container: _Container) -> bool:
    """Whether what the engine listed has processes, one that is paused included. Its list may be a little behind."""
    return container.get("State") in ("running", "paused", "restarting")


class Fence:
    """Touches nothing but what is labelled with the cluster and the node.

    :param closing: set when nobody waits any more.
    """

    def __init__(self, engine: Engine, marks: Marks, closing: Event, patience_ms: int = 20_000) -> None:
        self._engine, self._marks, self._closing, self._patience_ms = engine, marks, closing, patience_ms

    def end_pods(self, uid: str) -> list[_Container]:
        """Kill whatever the node runs beside its own container; returns what is left of it, which is dead.

        What did not run is removed: its agent may have asked the engine to start it just before it died itself, and
        what is gone cannot be started late. The caller sees to it that the node's own container does not run.

        :raises BackendError: it cannot be sure.
        """
        end_s = time.monotonic() + self._patience_ms / 1000
        killed: set[str] = set()
        while True:
            pods = [each for each in self._engine.containers(self._marks.of_node(uid)) if not self._marks.is_node(each)]
            alive = [str(each["Id"]) for each in pods if runs(each)]
            idle = [str(each["Id"]) for each in pods if not runs(each) and str(each["Id"]) not in killed]
            if not alive and not idle:
                return list(pods)
            if time.monotonic() > end_s or self._closing.is_set():
                raise BackendError(
                    f"{len(alive) + len(idle)} containers of the node with uid {uid} could not be ended in "
                    f"{self._patience_ms} ms, such as {(alive + idle)[0][:12]}; see 'docker ps'"
                )
            if killed:
                # The engine's list is a little behind what its answers to a kill say.
                self._closing.wait(_PAUSE_S)
            self._each(self._engine.kill, alive)
            self._each(self._discard, idle)
            killed.update(alive)

    def remove(self, containers: Iterable[_Container]) -> None:
        """Remove containers with their anonymous volumes."""
        self._each(self._engine.remove, [str(each["Id"]) for each in containers])

    def remove_all(self, uid: str) -> bool:
        """Remove everything of the node, its own container first; whether nothing is left of it."""
        everything = self._engine.containers(self._marks.of_node(uid))
        # Without its agent nobody starts anything more.
        self.remove(each for each in everything if self._marks.is_node(each))
        self.remove(each for each in everything if not self._marks.is_node(each))
        return not self._engine.containers(self._marks.of_node(uid)) and self._remove_rest(self._marks.of_node(uid))

    def remove_cluster(self) -> bool:
        """Remove volumes and networks of the cluster, if no container of it is left; whether all of it is gone."""
        labels = (self._marks.of_cluster,)
        for _ in range(_TRIES):
            if self._engine.containers(labels):
                return False
            if self._remove_rest(labels):
                return True
            # The engine takes a moment until a container that is gone counts no more.
            self._closing.wait(_PAUSE_S)
        return False

    def remove_orphans(self) -> None:
        """End and remove what is labelled with a node that has no container: nobody looks after it."""
        everything = self._engine.containers((self._marks.of_cluster,))
        nodes = {self._marks.node_uid(each) for each in everything if self._marks.is_node(each)}
        self.remove(each for each in everything if self._marks.node_uid(each) not in {"", *nodes})

    def _remove_rest(self, labels: tuple[str, ...]) -> bool:
        with self._engine.calls() as client:
            volumes = client.volumes(filters={"label": list(labels)})["Volumes"] or []
            networks = client.networks(filters={"label": list(labels)})
        for volume in volumes:
            self._try_to_remove("remove_volume", volume["Name"], force=True)
        for network in networks:
            self._try_to_remove("remove_network", network["Id"])
        with self._engine.calls() as client:
            left = client.volumes(filters={"label": list(labels)})["Volumes"] or []
            return not left and not client.networks(filters={"label": list(labels)})

    def _try_to_remove(self, method: str, name: str, **options: Any) -> None:
        try:
            with self._engine.calls() as client:
                getattr(client, method)(name, **options)
        except EngineRefused as exc:
            # In use still, or gone already; whoever called looks whether it is there.
            if exc.status not in (403, 404, 409):
                raise

    def _discard(self, container: str) -> None:
        """Remove one that does not run; where a start won the race, it runs by now and is killed in the next round."""
        try:
            with self._engine.calls() as client:
                client.remove_container(container, v=True)
        except EngineRefused as exc:
            if exc.status not in (404, 409):
                raise

    def _each(self, do: Callable[[str], object], containers: list[str]) -> None:
        if len(containers) < 2:
            for container in containers:
                do(container)
            return
        with ThreadPoolExecutor(min(_THREADS, len(containers)), "kube9-fence") as pool:
            for done in [pool.submit(do, container) for container in containers]:
                done.result()
