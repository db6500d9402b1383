"""Sends requests that were made beforehand: ``python -m bench.server.generator``, told on its standard input.

One process and one thread for all connections, each of which sends its next request when the answer to the one before
is complete. It looks at no more of an answer than its status and its length.
"""

from __future__ import annotations

import json
import selectors
import sys
from collections import Counter
from collections.abc import Iterator
from time import perf_counter
from typing import Any

from bench.server.exchange import Exchange

__all__ = ["main", "requests_of"]


class _Line:
    """One connection, and what it still has to send."""

    __slots__ = ("exchange", "requests", "sent_s")

    def __init__(self, port: int, requests: Iterator[bytes]) -> None:
        self.exchange = Exchange(port)
        self.requests = requests
        self.sent_s = 0.0

    def send_next(self) -> bool:
        """``False`` if there is nothing left to send."""
        request = next(self.requests, None)
        if request is None:
            return False
        self.sent_s = perf_counter()
        self.exchange.send(request)
        return True


def requests_of(job: dict[str, Any]) -> list[bytes]:
    """Every request, whole. ``{n}`` in head and body is each one's own number, from ``first`` on."""
    made = []
    for serial in range(job["first"], job["first"] + job["count"]):
        number = f"{serial:09}"
        if "choices" in job:
            head, body = job["choices"][serial % len(job["choices"])], ""
        else:
            head, body = job["head"].replace("{n}", number), job["body"].replace("{n}", number)
        made.append(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode("ascii"))
    return made


def main() -> None:
    """Read a job, say that all is prepared, wait for the word, and print what came of it."""
    job = json.loads(sys.stdin.readline())
    requests, connections = requests_of(job), job["connections"]
    lines = [_Line(job["port"], iter(requests[place::connections])) for place in range(connections)]
    print("ready", flush=True)
    sys.stdin.readline()
    print(json.dumps(_play(lines)), flush=True)


def _play(lines: list[_Line]) -> dict[str, Any]:
    selector = selectors.DefaultSelector()
    statuses: Counter[str] = Counter()
    latencies: list[float] = []
    start = perf_counter()
    for line in lines:
        if line.send_next():
            selector.register(line.exchange.socket, selectors.EVENT_READ, line)
    busy = len(selector.get_map())
    while busy:
        for key, _ in selector.select():
            line = key.data
            if line.exchange.receive():
                latencies.append(perf_counter() - line.sent_s)
                statuses[line.exchange.status] += 1
                if not line.send_next():
                    selector.unregister(line.exchange.socket)
                    busy -= 1
    seconds = perf_counter() - start
    for line in lines:
        line.exchange.socket.close()
    latencies.sort()
    return {
        "seconds": seconds,
        "statuses": statuses,
        "p50Ms": latencies[len(latencies) // 2] * 1_000,
        "p99Ms": latencies[len(latencies) * 99 // 100] * 1_000,
    }


if __name__ == "__main__":
    main()
