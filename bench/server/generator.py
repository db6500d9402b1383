"""Sends requests that were made beforehand: ``python -m bench.server.generator``, told on its standard input.

One process and one thread for all connections, each of which sends its next request when the answer to the one before
is complete. It looks at no more of an answer than its status and its length.
"""

from __future__ import annotations

import json
import re
import selectors
import socket
import sys
from collections import Counter
from collections.abc import Iterator
from time import perf_counter
from typing import Any

__all__ = ["main", "requests_of"]

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_READ_BYTES = 1 << 20


class _Exchange:
    """One connection: what it still has to send, and what came of the answer so far."""

    __slots__ = ("_expected", "_parts", "_received", "requests", "sent_s", "socket", "status")

    def __init__(self, port: int, requests: Iterator[bytes]) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.requests = requests
        self.sent_s = 0.0
        self.status = ""

    def send_next(self) -> bool:
        """``False`` if there is nothing left to send."""
        request = next(self.requests, None)
        if request is None:
            return False
        self._parts, self._received, self._expected = b"", 0, -1
        self.sent_s = perf_counter()
        self.socket.sendall(request)
        return True

    def receive(self) -> bool:
        """Take what came; ``True`` if the answer is complete."""
        part = self.socket.recv(_READ_BYTES)
        if not part:
            raise ConnectionError("the server closed a connection")
        self._received += len(part)
        if self._expected < 0:
            self._parts += part
            head = self._parts.find(b"\r\n\r\n")
            if head < 0:
                return False
            length = _LENGTH.search(self._parts, 0, head)
            if length is None:
                raise ConnectionError(f"an answer without a length: {self._parts[:head]!r}")
            self._expected = head + 4 + int(length[1])
            self.status = self._parts[9:12].decode()
        return self._received >= self._expected


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
    exchanges = [_Exchange(job["port"], iter(requests[place::connections])) for place in range(connections)]
    print("ready", flush=True)
    sys.stdin.readline()
    print(json.dumps(_play(exchanges)), flush=True)


def _play(exchanges: list[_Exchange]) -> dict[str, Any]:
    selector = selectors.DefaultSelector()
    statuses: Counter[str] = Counter()
    latencies: list[float] = []
    start = perf_counter()
    for exchange in exchanges:
        if exchange.send_next():
            selector.register(exchange.socket, selectors.EVENT_READ, exchange)
    busy = len(selector.get_map())
    while busy:
        for key, _ in selector.select():
            exchange = key.data
            if exchange.receive():
                latencies.append(perf_counter() - exchange.sent_s)
                statuses[exchange.status] += 1
                if not exchange.send_next():
                    selector.unregister(exchange.socket)
                    busy -= 1
    seconds = perf_counter() - start
    for exchange in exchanges:
        exchange.socket.close()
    latencies.sort()
    return {
        "seconds": seconds,
        "statuses": statuses,
        "p50Ms": latencies[len(latencies) // 2] * 1_000,
        "p99Ms": latencies[len(latencies) * 99 // 100] * 1_000,
    }


if __name__ == "__main__":
    main()
