"""Events as rows of a table, those that were and those that come."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

from kube9.cli.cells import clock_time
from kube9.cli.listing import Field, columns_of, row_of, show_list, show_on_one_line
from kube9.cli.output import Column, LinePrinter

if TYPE_CHECKING:
    from kube9.client import Client

__all__ = ["EVENT_FIELDS", "show_events", "watch_events"]

Document = Mapping[str, Any]

_COLOURS = {
    "ContainerRestarted": "yellow",
    "MovesHeld": "red",
    "MovesResumed": "green",
    "NodeFailed": "red",
    "NodeFenced": "yellow",
    "NodeLost": "red",
    "NodeReady": "green",
    "NodeRecovering": "yellow",
    "NodeSuspected": "yellow",
    "PodEvicted": "red",
    "PodReady": "green",
    "PodRunning": "green",
    "PodUnready": "yellow",
    "PodUnschedulable": "yellow",
    "SchedulerFailed": "red",
}


def _object(event: Document) -> str:
    """``pod web`` or ``pod other/web``."""
    kind, namespace, name = event.get("kind", ""), event.get("namespace") or "default", event.get("name", "")
    return f"{kind.lower()} {name if namespace == 'default' else f'{namespace}/{name}'}".strip()


EVENT_FIELDS = (
    Field(Column("id", right=True), lambda event: str(event["id"])),
    Field(Column("time"), lambda event: clock_time(event["timestamp"])),
    Field(Column("type", whole=True, colour=lambda cell: _COLOURS.get(cell, "")), lambda event: event["type"]),
    Field(Column("object"), _object),
    Field(Column("message"), lambda event: event["message"]),
)


def show_events(events: Sequence[Document], output: str) -> None:
    show_list("Event", events, output, EVENT_FIELDS)


def watch_events(client: Client, output: str, *, since_id: int | None, limit: int, filters: Mapping[str, Any]) -> None:
    """Show the last events and then each as it comes, without end."""
    printer = LinePrinter(columns_of(EVENT_FIELDS, output)) if output == "table" else None
    for event in _last_and_next(client, since_id, limit, filters):
        if printer is None:
            show_on_one_line(event, output)
        else:
            printer.show(row_of(event, EVENT_FIELDS, output))


def _last_and_next(client: Client, since_id: int | None, limit: int, filters: Mapping[str, Any]) -> Iterator[Document]:
    if since_id is not None:
        return client.watch_events(after=since_id, **filters)
    begin = client.last_event_id()
    last = client.events(limit=limit, **filters)
    # One may have come between the two questions; it is shown once.
    after = max([begin, *(event["id"] for event in last)])
    return chain(last, client.watch_events(after=after, **filters))
