"""Finds what is on the engine by its labels, and removes it. Nothing without this node's label is ever touched."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any, Callable  # noqa: UP035  (Python 3.8)

from kube9.agent import labels
from kube9.agent.engine import Engine, EngineAway, EngineError

__all__ = ["Sweep", "copy_of"]

_AT_ONCE = 8
#: How long to wait for what somebody else is removing already.
_REMOVAL_S = 30.0
_LOOK_S = 0.05


def copy_of(container: Mapping[str, Any]) -> tuple[str, int] | None:
    """The uid and epoch of the copy that something on the engine belongs to; ``None`` for none."""
    theirs = container.get("Labels") or {}
    uid, epoch = theirs.get(labels.POD_UID), theirs.get(labels.EPOCH, "")
    return (uid, int(epoch)) if uid and epoch.isdigit() else None


class Sweep:
    """Of one node. Every call may raise ``EngineError`` and ``EngineAway``, and may be made again."""

    def __init__(self, engine: Engine, node_uid: str) -> None:
        self._engine, self._node_uid = engine, node_uid

    def containers(self, copy: tuple[str, int] | None = None, *, running: bool = False) -> list[dict[str, Any]]:
        """Of the pods of this node, or of one copy only, as the engine lists them."""
        query: dict[str, Any] = {"all": not running, "filters": {"label": self._marks(copy)}}
        found: list[dict[str, Any]] = self._engine.ask("GET", "/containers/json", query=query) or []
        return [each for each in found if each["Labels"].get(labels.ROLE) != "node"]

    def kill(self, copy: tuple[str, int]) -> None:
        """End all of a copy that runs, by force."""
        for each in self.containers(copy, running=True):
            self._kill_container(each["Id"])

    def kill_all(self) -> None:
        """End all that runs, by force, several things at a time."""
        self._each(self.containers(running=True), self._kill_container)

    def remove(self, copy: tuple[str, int]) -> None:
        """Remove all of a copy."""
        for each in self.containers(copy):
            self.remove_container(each["Id"])
        self._remove_volumes(copy)

    def clean(self) -> None:
        """Remove all of this node's pods but their named volumes, several things at a time."""
        self._each(self.containers(), self.remove_container)
        self._remove_volumes(None)

    def remove_container(self, name: str) -> None:
        """By force, with its anonymous volumes."""
        try:
            self._engine.ask("DELETE", f"/containers/{name}", query={"force": True, "v": True})
        except EngineError as exc:
            if exc.status == 404:
                return
            if exc.status != 409:
                raise
            self._wait_for_removal(name)

    def _wait_for_removal(self, name: str) -> None:
        waiting = threading.Event()
        for _ in range(int(_REMOVAL_S / _LOOK_S)):
            try:
                self._engine.ask("GET", f"/containers/{name}/json")
            except EngineError as exc:
                if exc.status == 404:
                    return
                raise
            waiting.wait(_LOOK_S)
        raise EngineError(409, f"container {name[:12]} is being removed for more than {_REMOVAL_S:g} s")

    def _each(self, found: list[dict[str, Any]], do: Callable[[str], None]) -> None:
        """Do it to each of them; what went wrong first is raised when all of them had their turn."""
        faults: list[Exception] = []
        left = iter([each["Id"] for each in found])
        lock = threading.Lock()

        def work() -> None:
            while True:
                with lock:
                    name = next(left, None)
                if name is None:
                    return
                try:
                    do(name)
                except (EngineError, EngineAway) as exc:
                    faults.append(exc)

        threads = [threading.Thread(target=work, name="kube9-sweep", daemon=True) for _ in found[:_AT_ONCE]]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if faults:
            raise faults[0]

    def _kill_container(self, name: str) -> None:
        try:
            self._engine.ask("POST", f"/containers/{name}/kill", query={"signal": "SIGKILL"})
        except EngineError as exc:
            if exc.status not in (404, 409):
                raise

    def _remove_volumes(self, copy: tuple[str, int] | None) -> None:
        query = {"filters": {"label": [*self._marks(copy), labels.POD_UID]}}
        for each in (self._engine.ask("GET", "/volumes", query=query) or {}).get("Volumes") or ():
            try:
                self._engine.ask("DELETE", f"/volumes/{each['Name']}", query={"force": True})
            except EngineError as exc:
                if exc.status != 404:
                    raise

    def _marks(self, copy: tuple[str, int] | None) -> list[str]:
        marks = [f"{labels.NODE_UID}={self._node_uid}"]
        return marks if copy is None else [*marks, f"{labels.POD_UID}={copy[0]}", f"{labels.EPOCH}={copy[1]}"]
