"""What a run counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from statistics import median
from typing import Any

from attrs import Factory, define

__all__ = ["Figures"]


@define(kw_only=True)
class Figures:
    database: str
    seed: int
    clients: int
    #: By moment: under load, in start-up, right after start-up.
    kills: Counter[str] = Factory(Counter)
    #: By mode: fast, immediate.
    database_stops: Counter[str] = Factory(Counter)
    audits: int = 0
    #: Acknowledgements by what they were for.
    acknowledged: Counter[str] = Factory(Counter)
    #: By status, and how often no answer came.
    turned_away: Counter[str] = Factory(Counter)
    events_read: int = 0
    #: From the start of the process until the server was ready.
    ready_after_s: Sequence[float] = ()
    #: From when the database was there again until a write was acknowledged.
    writes_after_s: list[float] = Factory(list)
    seconds: float = 0.0

    def rows(self) -> list[tuple[str, str]]:
        """For people."""
        return [
            ("database", self.database),
            ("seed, clients", f"{self.seed}, {self.clients}"),
            ("kills", _counted(self.kills)),
            ("stops of the database", _counted(self.database_stops)),
            ("audits after them", f"{self.audits:,}"),
            ("acknowledged", _counted(self.acknowledged)),
            ("turned away or unanswered, and asked again", _counted(self.turned_away)),
            ("events read and looked up", f"{self.events_read:,}"),
            ("ready after a start", _spread(self.ready_after_s)),
            ("writes again after the database", _spread(self.writes_after_s)),
            ("took", f"{self.seconds:,.0f} s"),
        ]

    def json(self) -> dict[str, Any]:
        return {
            "database": self.database,
            "seed": self.seed,
            "clients": self.clients,
            "kills": dict(self.kills),
            "databaseStops": dict(self.database_stops),
            "audits": self.audits,
            "acknowledged": dict(self.acknowledged),
            "turnedAway": dict(self.turned_away),
            "eventsRead": self.events_read,
            "readyAfterSeconds": list(self.ready_after_s),
            "writesAfterSeconds": self.writes_after_s,
            "seconds": self.seconds,
        }


def _counted(counts: Counter[str]) -> str:
    parts = ", ".join(f"{what} {count:,}" for what, count in counts.most_common())
    return f"{counts.total():,} ({parts})" if parts else "0"


def _spread(seconds: Sequence[float]) -> str:
    if not seconds:
        return "never"
    return f"median {median(seconds):.2f} s, at most {max(seconds):.2f} s"
