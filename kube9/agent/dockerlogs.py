"""What a container of this node wrote, by its Docker engine."""

from __future__ import annotations

import calendar
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from kube9.agent import labels
from kube9.agent.commands import CommandFailed
from kube9.agent.configuration import read_node
from kube9.agent.engine import Engine
from kube9.agent.sweep import Sweep

__all__ = ["find_container", "frames", "pieces"]

_HEAD_BYTES = 8
#: Between the first words of a run and the moment that the engine says it began at.
_SLACK_S = 0.5


def find_container(engine: Engine, node_uid: str, asked: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The container that is meant, as the engine lists it; ``None`` where the copy has none at all.

    :raises CommandFailed: it has others.
    """
    found = [
        each
        for each in Sweep(engine, node_uid).containers((asked["uid"], asked["epoch"]))
        if labels.CONTAINER in each["Labels"]
    ]
    found.sort(key=lambda each: each["Created"])
    name = asked.get("container") or ""
    for each in found:
        if each["Labels"][labels.CONTAINER] == name or (not name and each["Labels"][labels.ROLE] == "container"):
            return dict(each)
    if found and name:
        names = ", ".join(each["Labels"][labels.CONTAINER] for each in found)
        raise CommandFailed("InvalidInput", f"pod {asked['uid']!r} has no container {name!r}; it has {names}")
    return None


def pieces(folder: str, asked: Mapping[str, Any]) -> Iterator[bytes]:
    """As they come."""
    node = read_node(Path(folder))
    engine = Engine(node.engine)
    container = find_container(engine, node.node_uid, asked)
    if container is None:
        return
    began_s = _began_s(engine.ask("GET", f"/containers/{container['Id']}/json")["State"])
    previous, tail = bool(asked.get("previous")), asked.get("tail")
    if previous and began_s is None:
        raise CommandFailed("InvalidInput", f"container {asked.get('container')!r} has not run before")
    query = {
        "stdout": True,
        "stderr": True,
        "follow": bool(asked.get("follow")) and not previous,
        "tail": "all" if tail is None else str(tail),
        "until" if previous else "since": None if began_s is None else f"{began_s:.9f}",
    }
    stream = engine.stream("GET", f"/containers/{container['Id']}/logs", query=query)
    try:
        for _, piece in frames(stream.parts()):
            yield piece
    finally:
        stream.close()


def frames(parts: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """Output as the engine sends it: 1 or 2 for what it was written to, and what was."""
    rest = b""
    for part in parts:
        rest += part
        while len(rest) >= _HEAD_BYTES:
            end = _HEAD_BYTES + int.from_bytes(rest[4:_HEAD_BYTES], "big")
            if len(rest) < end:
                break
            yield (2 if rest[0] == 2 else 1), rest[_HEAD_BYTES:end]
            rest = rest[end:]


def _began_s(state: Mapping[str, Any]) -> float | None:
    """Since when what was written is of the latest run; ``None`` where that is the first, as far as is known."""
    finished_s, started_s = _seconds(state.get("FinishedAt", "")), _seconds(state.get("StartedAt", ""))
    if finished_s is None or started_s is None:
        return None
    return finished_s if finished_s <= started_s else started_s - _SLACK_S


def _seconds(at: str) -> float | None:
    """Unix time of what an engine writes; ``None`` where it says that it never was."""
    whole, _, fraction = at.rstrip("Z").partition(".")
    if not whole or whole.startswith("0001-"):
        return None
    return calendar.timegm(time.strptime(whole, "%Y-%m-%dT%H:%M:%S")) + float(f"0.{fraction or 0}")
