"""The database goes away and comes back while the server runs."""

from __future__ import annotations

import time

from attrs import define, field

from reliability.book import Book, Entry, Life, Violation
from reliability.database import Database
from reliability.exchange import Answer, Connection
from reliability.figures import Figures
from reliability.server import NotInTime, pause

__all__ = ["Outage"]

_PROBES = 3
_PATIENCE_S = 60.0
_READS = ("/v1/pods?limit=5", "/v1/nodes", "/v1/deployments", "/healthz")


@define(eq=False)
class Outage:
    """One outage, which has begun, with one pod that is asked for again and again until it is acknowledged."""

    database: Database
    connection: Connection
    book: Book
    figures: Figures
    _entry: Entry = field(init=False)

    def __attrs_post_init__(self) -> None:
        name = f"probe-{self.figures.database_stops.total():05}"
        document = {"metadata": {"name": name}, "spec": {"requests": {"cpu": "10m"}}}
        self._entry = Entry(kind="Pod", name=name, document=document, key=name)

    def probe(self) -> None:
        """Ask for writes and reads.

        :raises Violation: a write is not answered with 503 and Retry-After, or a read not with 200.
        """
        self.book.add(self._entry)
        for _ in range(_PROBES):
            answer = self._write()
            if answer.status != 503 or answer.retry_after_s is None:
                raise Violation(f"without the database a write got {answer}; expected 503 and Retry-After")
            for path in _READS:
                answer = self.connection.ask("GET", path)
                if answer.status != 200:
                    raise Violation(f"without the database GET {path} got {answer}; expected 200")

    def end(self) -> None:
        """Bring the database back, and wait until the server takes writes again, by itself."""
        self.database.start()
        started_s = time.monotonic()
        while (answer := self._write()).status == 503:
            if time.monotonic() > started_s + _PATIENCE_S:
                raise NotInTime(f"writes are still answered with 503, {_PATIENCE_S:g} s after the database was back")
            pause(0.02)
        self.figures.writes_after_s.append(time.monotonic() - started_s)
        # 200 where it came true while we were told to come later.
        if answer.status not in (200, 201):
            raise Violation(f"with the database back a write got {answer}; expected 201 or 200")
        self._entry.named(answer.document["metadata"]["uid"])
        self._entry.life = Life.THERE
        self.book.note("launched", self._entry)

    def _write(self) -> Answer:
        return self.connection.ask("POST", "/v1/pods", self._entry.document, {"Idempotency-Key": self._entry.key})
