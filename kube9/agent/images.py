"""Fetches images from where they come from, each once at a time, whoever waits for it."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from typing import Any, Callable  # noqa: UP035  (Python 3.8)

from kube9.agent.engine import Engine, EngineAway, EngineError
from kube9.agent.pool import Pool

__all__ = ["Images", "Told", "percents", "reference"]

#: Is told how far it is in per cent, or that it is over: the latter with what went wrong, or nothing. An
#: :class:`~kube9.agent.engine.EngineAway` says nothing of the image.
Told = Callable[[int, bool, "Exception | None"], None]

_THREADS_MAX = 3
#: Of how far it is, as often as this is told anew.
_STEP_PERCENT = 25
#: A registry that is silent for so long is given up.
_SILENCE_S = 120.0


class Images:
    """Of one engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._pool = Pool("pull", _THREADS_MAX)
        self._lock = threading.Lock()
        self._waiting: dict[str, list[Told]] = {}

    def pull(self, image: str, told: Told) -> None:
        """Fetch it, or wait with those for whom it is fetched already."""
        with self._lock:
            waiting = self._waiting.get(image)
            if waiting is not None:
                waiting.append(told)
                return
            self._waiting[image] = [told]
        self._pool.submit(lambda: self._pull(image))

    def close(self) -> None:
        self._pool.close()

    def _pull(self, image: str) -> None:
        error: Exception | None = None
        try:
            self._fetch(image)
        except (EngineError, EngineAway) as exc:
            error = exc
        with self._lock:
            waiting = self._waiting.pop(image)
        for told in waiting:
            told(100, True, error)

    def _fetch(self, image: str) -> None:
        name, tag = reference(image)
        stream = self._engine.stream("POST", "/images/create", query={"fromImage": name, "tag": tag})
        try:
            stream.limit(_SILENCE_S)
            for percent in percents(stream.lines()):
                with self._lock:
                    waiting = list(self._waiting[image])
                for told in waiting:
                    told(percent, False, None)
        except TimeoutError:
            raise EngineError(504, f"nothing more came of it for {_SILENCE_S:g} s") from None
        finally:
            stream.close()


def reference(image: str) -> tuple[str, str]:
    """Name and tag of an image, or its digest; the engine would fetch all tags where none is said."""
    name, _, digest = image.partition("@")
    if digest:
        return name, digest
    start, slash, last = name.rpartition("/")
    short, _, tag = last.partition(":")
    return f"{start}{slash}{short}", tag or "latest"


def percents(lines: Iterator[Mapping[str, Any]]) -> Iterator[int]:
    """How far it is, by what the engine says of each layer, whenever that is another quarter.

    :raises EngineError: it failed in the middle.
    """
    layers: dict[str, tuple[int, int]] = {}
    told = 0
    for line in lines:
        if "error" in line:
            raise EngineError(500, str(line["error"]))
        detail, status = line.get("progressDetail") or {}, line.get("status")
        if status == "Downloading" and detail.get("total"):
            layers[line["id"]] = detail["current"], detail["total"]
        elif status in ("Download complete", "Pull complete") and line.get("id") in layers:
            total = layers[line["id"]][1]
            layers[line["id"]] = total, total
        total = sum(each[1] for each in layers.values())
        percent = sum(each[0] for each in layers.values()) * 100 // total if total else 0
        step = percent // _STEP_PERCENT * _STEP_PERCENT
        # Layers that begin later make it less again, of which nobody wants to hear.
        if told < step < 100:
            told = step
            yield step
