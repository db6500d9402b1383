"""Requests that come when they are due, however long the answers take."""

from __future__ import annotations

import selectors
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from time import perf_counter
from typing import Any, NamedTuple

from bench.server.exchange import Exchange

__all__ = ["Due", "Tally", "Traffic"]


class Due(NamedTuple):
    """A request, and when it is to be sent on the clock of ``perf_counter``."""

    due_s: float
    #: What it is counted under.
    kind: str
    #: Makes the request when it is sent, and returns what takes the body of its answer.
    make: Callable[[], tuple[bytes, Callable[[bytes], None]]]


class Tally:
    """What came of the requests of each kind."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.statuses: dict[str, Counter[str]] = defaultdict(Counter)
        self.latencies_s: dict[str, list[float]] = defaultdict(list)

    def note(self, kind: str, status: str, latency_s: float) -> None:
        self.statuses[kind][status] += 1
        self.latencies_s[kind].append(latency_s)

    def json(self) -> dict[str, Any]:
        """By kind."""
        return {"seconds": self.seconds} | {kind: self._one(kind) for kind in self.statuses}

    def _one(self, kind: str) -> dict[str, Any]:
        latencies_s = sorted(self.latencies_s[kind])
        return {
            "statuses": self.statuses[kind],
            "p50Ms": latencies_s[len(latencies_s) // 2] * 1_000,
            "p99Ms": latencies_s[len(latencies_s) * 99 // 100] * 1_000,
        }


class Traffic:
    """A number of connections, each of which has one request under way at a time."""

    def __init__(self, port: int, connections: int) -> None:
        self._selector = selectors.DefaultSelector()
        # By turns: a connection that is not used for long would be closed.
        self._idle = deque(Exchange(port) for _ in range(connections))
        self._busy: dict[Exchange, tuple[Due, Callable[[bytes], None]]] = {}
        for exchange in self._idle:
            self._selector.register(exchange.socket, selectors.EVENT_READ, exchange)

    def close(self) -> None:
        for exchange in self._idle:
            exchange.socket.close()
        self._selector.close()

    def play(self, requests: Iterable[Due]) -> Tally:
        """Send each when it is due, or else when a connection is free; returns when all are answered.

        Latencies count from the moment a request was due.

        :param requests: by the time they are due.
        """
        tally, start_s = Tally(), perf_counter()
        coming, waiting = iter(requests), deque[Due]()
        following = next(coming, None)
        while following or waiting or self._busy:
            while following and following.due_s <= perf_counter():
                waiting.append(following)
                following = next(coming, None)
            self._send(waiting)
            pause_s = max(0.0, following.due_s - perf_counter()) if following else None
            for exchange in self._complete(pause_s):
                due, take = self._busy.pop(exchange)
                tally.note(due.kind, exchange.status, perf_counter() - due.due_s)
                self._idle.append(exchange)
                take(exchange.body)
        tally.seconds = perf_counter() - start_s
        return tally

    def _send(self, waiting: deque[Due]) -> None:
        while waiting and self._idle:
            due, exchange = waiting.popleft(), self._idle.popleft()
            request, take = due.make()
            self._busy[exchange] = due, take
            exchange.send(request)

    def _complete(self, pause_s: float | None) -> Iterator[Exchange]:
        """Those whose answer is complete by now; waits for something to come, but no longer than that."""
        for key, _ in self._selector.select(pause_s):
            exchange: Exchange = key.data
            if exchange.receive():
                yield exchange
