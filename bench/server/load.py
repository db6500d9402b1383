"""Lets a process of its own send requests, and takes down how long that took."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from attrs import frozen

from bench.server.process import ROOT, Running

__all__ = ["Load", "beats", "posts", "prepared"]


@frozen(kw_only=True)
class Load:
    """What came of some requests."""

    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds


def posts(server: Running, path: str, body: str, *, connections: int, count: int, first: int, status: str) -> Load:
    """Send ``count`` requests by POST over ``connections`` connections.

    :param body: ``{n}`` in it is each one's own number, from ``first`` on.
    :param status: what each must be answered with.
    """
    job = {"head": server.head("POST", path), "body": body, "first": first, "count": count}
    return _play(server, {**job, "connections": connections}, status)


def beats(server: Running, heads: list[str], *, connections: int, count: int, status: str) -> Load:
    """Send ``count`` requests without a body, by turns with each of ``heads``."""
    return _play(server, {"choices": heads, "first": 0, "count": count, "connections": connections}, status)


@contextmanager
def prepared(module: str, job: dict[str, Any]) -> Iterator[Callable[[], Any]]:
    """A process that is ready to do a job, and what lets it begin and returns what it found.

    :raises RuntimeError: it ended before that.
    """
    with subprocess.Popen(  # noqa: S603 - this Python with modules of this project
        [sys.executable, "-m", module],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        told, heard = process.stdin, process.stdout

        def tell(line: str) -> str:
            told.write(line + "\n")
            told.flush()
            if not (answer := heard.readline()):
                raise RuntimeError(f"{module} ended before it was done")
            return answer

        if tell(json.dumps(job)) != "ready\n":
            raise RuntimeError(f"{module} did not get ready")
        yield lambda: json.loads(tell("go"))


def _play(server: Running, job: dict[str, Any], status: str) -> Load:
    """:raises RuntimeError: not everything was answered as it should be."""
    with prepared("bench.server.generator", {**job, "port": server.port}) as go:
        found = go()
    if found["statuses"] != {status: job["count"]}:
        raise RuntimeError(f"expected {job['count']} answers {status}, got {found['statuses']}")
    return Load(requests=job["count"], seconds=found["seconds"], p50_ms=found["p50Ms"], p99_ms=found["p99Ms"])
