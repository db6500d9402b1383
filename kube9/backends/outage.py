"""A node that was broken on purpose, which is noted where the node itself is: it holds for servers to come as well."""

from __future__ import annotations

import json

from attrs import frozen

from kube9.core.errors import BackendError, InvalidInput

__all__ = ["OUTAGE_NAME", "Outage", "asked_outage", "read_outage"]

#: Of the file that it is noted in.
OUTAGE_NAME = "outage.json"


@frozen
class Outage:
    """Until when it may not be started; ``None`` for never."""

    until_ms: int | None

    def note(self) -> bytes:
        """What is written down."""
        return json.dumps({"untilMs": self.until_ms}).encode()

    def due_ms(self, now_ms: int) -> int:
        """When it may be started: 0 for now.

        :raises BackendError: never.
        """
        if self.until_ms is None:
            raise BackendError("it was broken for good on purpose; delete it and add another")
        return self.until_ms if self.until_ms > now_ms else 0


def asked_outage(down_for_ms: int | None, permanent: bool, now_ms: int) -> Outage | None:
    """What somebody asks for; ``None`` for one that may be started at once.

    :raises InvalidInput: it is to come back by itself, and never.
    """
    if permanent and down_for_ms is not None:
        raise InvalidInput(f"a node that never comes back cannot be down for {down_for_ms} ms; give one of the two")
    if permanent:
        return Outage(None)
    return None if down_for_ms is None else Outage(now_ms + down_for_ms)


def read_outage(note: bytes | str | None) -> Outage | None:
    """What was written down; ``None`` where that is nothing."""
    try:
        until_ms = json.loads(note or "")["untilMs"]
    except (ValueError, LookupError, TypeError):
        return None
    return Outage(until_ms) if until_ms is None or type(until_ms) is int else None
