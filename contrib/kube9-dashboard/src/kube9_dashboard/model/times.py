"""Moments and spans of time as people read them."""

from __future__ import annotations

from datetime import datetime, timezone

__all__ = ["age", "clock_time", "moment", "span"]


def moment(timestamp: str | None) -> datetime | None:
    """Of the API's RFC 3339."""
    # fromisoformat takes a Z only from Python 3.11 on.
    return None if not timestamp else datetime.fromisoformat(timestamp.replace("Z", "+00:00"))


def span(seconds: float) -> str:
    """In the largest unit that it has at least one of; coarse, so that what is shown changes seldom."""
    whole = int(max(0.0, seconds))
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if whole >= size:
            return f"{whole // size} {unit}"
    return f"{whole} s"


def age(timestamp: str | None, now: datetime) -> str:
    """How long ago; seconds are not counted, for then every row would change with every look."""
    at = moment(timestamp)
    if at is None:
        return ""
    seconds = (now - at).total_seconds()
    return "just now" if seconds < 60 else span(seconds)


def clock_time(timestamp: str | None, now: datetime) -> str:
    """In the local time of the dashboard's machine, with the day where it is another."""
    at = moment(timestamp)
    if at is None:
        return ""
    here = at.astimezone(now.tzinfo if now.tzinfo not in (None, timezone.utc) else None)
    today = here.date() == now.astimezone(here.tzinfo).date()
    return here.strftime("%H:%M:%S" if today else "%d %b %H:%M")
