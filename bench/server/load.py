"""Lets a process of its own send requests, and takes down how long that took."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from attrs import frozen

from bench.server.process import ROOT, Running

__all__ = ["Load", "beats", "posts"]


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


def _play(server: Running, job: dict[str, Any], status: str) -> Load:
    """:raises RuntimeError: not everything was answered as it should be."""
    with subprocess.Popen(
        [sys.executable, "-m", "bench.server.generator"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps({**job, "port": server.port}) + "\n")
        process.stdin.flush()
        if process.stdout.readline() != "ready\n":
            raise RuntimeError("the load generator ended before it began")
        process.stdin.write("go\n")
        process.stdin.flush()
        line = process.stdout.readline()
    if not line:
        raise RuntimeError("the load generator ended before it was done")
    found = json.loads(line)
    if found["statuses"] != {status: job["count"]}:
        raise RuntimeError(f"expected {job['count']} answers {status}, got {found['statuses']}")
    return Load(requests=job["count"], seconds=found["seconds"], p50_ms=found["p50Ms"], p99_ms=found["p99Ms"])
