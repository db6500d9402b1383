"""The database goes away and comes back while the server runs."""

from __future__ import annotations

import time

from attrs import define

from reliability.book import Violation
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
    """One outage. Writes are probed with a name that is no node's: what is answered is never an acknowledgement."""

    database: Database
    connection: Connection
    figures: Figures

    def begin(self, mode: str) -> None:
        """The database is gone when this returns."""
        self.database.stop(mode)

    def probe(self) -> None:
        """Ask for writes and reads.

        :raises Violation: a write is answered otherwise than with 503 and Retry-After, or a read otherwise than with 200.
        """
        for _ in range(_PROBES):
            answer = self._write()
            if answer.status != 503 or answer.retry_after_s is None:
                raise Violation(
                    f"without the database a write was answered with {answer}; expected 503 and Retry-After"
                )
            for path in _READS:
                answer = self.connection.ask("GET", path)
                if answer.status != 200:
                    raise Violation(f"without the database GET {path} was answered with {answer}; expected 200")

    def end(self) -> None:
        """Bring the database back, and wait until the server takes writes again, by itself."""
        self.database.start()
        started_s = time.monotonic()
        while self._write().status == 503:
            if time.monotonic() > started_s + _PATIENCE_S:
                raise NotInTime(f"writes are still answered with 503, {_PATIENCE_S:g} s after the database was back")
            pause(0.02)
        self.figures.writes_after_s.append(time.monotonic() - started_s)
        self.connection.close()

    def _write(self) -> Answer:
        """A write that changes nothing: there is no such pod."""
        return self.connection.ask("DELETE", "/v1/pods/nobody-has-this-name")
