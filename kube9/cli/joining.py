"""Many nodes at once: a line for each as soon as it has joined or cannot, and a summary."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import click
from attrs import frozen

from kube9.cli.cells import amounts
from kube9.cli.remaining import found

__all__ = ["Joined", "watch_joining"]

Document = dict[str, Any]

_POLL_S = 0.3


@frozen
class Joined:
    """What became of them."""

    ready: tuple[str, ...]
    failed: tuple[str, ...]
    #: Neither when time was up.
    waiting: tuple[str, ...]

    @property
    def summary(self) -> str:
        parts = [f"{len(self.ready)} ready"]
        if self.failed:
            parts.append(f"{len(self.failed)} failed")
        if self.waiting:
            parts.append(f"{len(self.waiting)} not there yet")
        return ", ".join(parts)


def watch_joining(names: Sequence[str], fetch: Callable[[str], Document], timeout_s: float) -> Joined:
    """Look at each again and again until it is Ready or Lost, or time is up.

    :param fetch: gets the document of one.
    """
    deadline_s = time.monotonic() + timeout_s
    pause = threading.Event()  # never set: to wait for it is to sleep
    waiting = list(names)
    ready: list[str] = []
    failed: list[str] = []
    width = max((len(name) for name in names), default=0)
    while waiting:
        for name in list(waiting):
            node = found(fetch, name)
            phase = "Lost" if node is None else node["status"]["phase"]
            if phase not in ("Ready", "Lost"):
                continue
            waiting.remove(name)
            (ready if phase == "Ready" else failed).append(name)
            click.echo(f"{name.ljust(width)}  {_words(node)}", err=True)
        if time.monotonic() >= deadline_s:
            break
        if waiting:
            pause.wait(_POLL_S)
    for name in waiting:
        node = found(fetch, name)
        click.echo(f"{name.ljust(width)}  {'gone' if node is None else 'not there yet'}", err=True)
    return Joined(tuple(ready), tuple(failed), tuple(waiting))


def _words(node: Document | None) -> str:
    if node is None:
        return "was deleted"
    if node["status"]["phase"] != "Ready":
        return f"failed: {node['status'].get('reason') or 'no reason is known'}"
    return f"ready   {amounts(node['status'].get('capacity'))}".rstrip()
