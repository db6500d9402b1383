"""One container on the engine: each step may be taken again, whatever became of it the last time."""

from __future__ import annotations

import time
from typing import Any, Callable, NamedTuple  # noqa: UP035  (Python 3.8)

from kube9.agent.archive import archive_of
from kube9.agent.engine import Engine, EngineError
from kube9.agent.recipe import Recipe

__all__ = ["End", "ImageMissing", "Vessel", "is_gone"]


#: When a container began that never ran.
_NEVER = "0001-01-01T00:00:00Z"


class ImageMissing(Exception):
    """The engine does not have the image that a container is to be made from."""


class End(NamedTuple):
    """How a container ended, by the engine."""

    exit_code: int
    out_of_memory: bool
    #: What the engine has to say of it; mostly nothing.
    message: str


def is_gone(exc: EngineError) -> bool:
    """Whether what was asked for is not there, or is going right now."""
    return exc.status == 404 or (exc.status == 409 and "removal" in str(exc))


class Vessel:
    """:param cpus: of the engine's machine."""

    def __init__(self, engine: Engine, recipe: Recipe, cpus: int) -> None:
        self.recipe = recipe
        #: By which the engine knows it; ``None`` before it is made.
        self.id: str | None = None
        self._engine, self._cpus = engine, cpus
        self._filled = not recipe.files
        #: Since when it ran the last time that is known of, in the engine's words.
        self._ran_since = _NEVER
        #: Whether nobody heard what became of the last attempt to start it.
        self._unsure = False
        #: Whether it has the limit that a container's own start is throttled by.
        self._slow = False

    def start(self, may_start: Callable[[], bool]) -> bool:
        """Have it run; ``False`` where it may not.

        :param may_start: asked right before the start.
        :raises ImageMissing, EngineError, EngineAway:
        """
        if self.id is None:
            self.id = self._make()
        try:
            self._fill()
            if self._slow:
                self._limit(self._cpus * 1000)
                self._slow = False
            if not may_start():
                return False
            if not self._started_unheard():
                self._unsure = True
                self._engine.ask("POST", f"/containers/{self.id}/start")
        except EngineError as exc:
            self._unsure = False
            if exc.status == 404 and "No such container" in str(exc):
                self.forget()  # somebody removed it: the next attempt makes another
                raise EngineError(503, str(exc)) from exc
            raise
        if self.recipe.late_cpu_milli:
            self._slow = True
            self._limit_running()
        self._unsure = False
        return True

    def _started_unheard(self) -> bool:
        """Whether an attempt that was not heard of has started it: what is over by now is not to run twice for that."""
        return self._unsure and self.inspect()["State"]["StartedAt"] != self._ran_since

    def forget(self) -> None:
        """It is not there any more."""
        self.id, self._filled, self._slow = None, not self.recipe.files, False
        self._ran_since, self._unsure = _NEVER, False

    def look(self) -> End | None:
        """How it ended; ``None`` while it runs.

        :raises EngineError, EngineAway:
        """
        try:
            state = self.inspect()["State"]
        except EngineError as exc:
            if not is_gone(exc):
                raise
            self.forget()
            return End(137, False, "somebody removed it")
        if state["Running"] or state["Status"] == "created":
            return None
        self._ran_since = state["StartedAt"]
        return End(state["ExitCode"], state["OOMKilled"], state["Error"])

    def inspect(self) -> Any:
        """All that the engine says of it.

        :raises EngineError, EngineAway:
        """
        return self._engine.ask("GET", f"/containers/{self.id}/json")

    def signal(self, signal: str) -> None:
        """Send a signal if it runs.

        :raises EngineError, EngineAway:
        """
        try:
            self._engine.ask("POST", f"/containers/{self.id}/kill", query={"signal": signal})
        except EngineError as exc:
            if exc.status not in (404, 409):
                raise

    def stop_signal(self) -> str:
        """What asks it to end.

        :raises EngineError, EngineAway:
        """
        try:
            return self.inspect()["Config"].get("StopSignal") or "SIGTERM"
        except EngineError as exc:
            if not is_gone(exc):
                raise
            return "SIGTERM"

    def _make(self) -> str:
        name = self.recipe.name
        try:
            made = self._engine.ask("POST", "/containers/create", self.recipe.body, query={"name": name})
        except EngineError as exc:
            if exc.status == 404 and "No such image" in str(exc):
                raise ImageMissing(self.recipe.image) from exc
            if exc.status == 409:
                return self._adopted(exc)
            raise
        return str(made["Id"])

    def _adopted(self, refusal: EngineError) -> str:
        """Whoever asked to make it may not have heard that it was made."""
        try:
            found = self._engine.ask("GET", f"/containers/{self.recipe.name}/json")
        except EngineError as exc:
            raise (EngineError(503, str(refusal)) if is_gone(exc) else exc) from refusal
        theirs = found["Config"].get("Labels") or {}
        if any(theirs.get(label) != text for label, text in self.recipe.body["Labels"].items()):
            raise refusal
        return str(found["Id"])

    def _fill(self) -> None:
        if not self._filled:
            data = archive_of(self.recipe.files, int(time.time()))
            self._engine.ask("PUT", f"/containers/{self.id}/archive", data=data, query={"path": "/"})
            self._filled = True

    def _limit_running(self) -> None:
        try:
            self._limit(self.recipe.late_cpu_milli)
        except EngineError:
            if self.look() is None:
                raise  # it runs, and with more than it may have

    def _limit(self, cpu_milli: int) -> None:
        self._engine.ask("POST", f"/containers/{self.id}/update", {"NanoCpus": cpu_milli * 1_000_000})
