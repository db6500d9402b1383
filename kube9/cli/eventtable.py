"""Events as rows of a table, those that were and those that come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    last, after = _last(client, limit, filters) if since_id is None else ((), since_id)
    following = client.watch_events(after=after, **filters)
    if output == "table":
        printer = LinePrinter(columns_of(EVENT_FIELDS, output))
        if last:
            printer.begin([row_of(event, EVENT_FIELDS, output) for event in last])
        for event in following:
            printer.show(row_of(event, EVENT_FIELDS, output))
    else:
        for document in chain(last, following):
            show_on_one_line(document, output)


def _last(client: Client, limit: int, filters: Mapping[str, Any]) -> tuple[Sequence[Document], int]:
    """The last events, and the id behind which those begin that are yet to come."""
    begin = client.last_event_id()
    last = client.events(limit=limit, **filters)
    # One may have come between the two questions; it is shown once.
    return last, max([begin, *(event["id"] for event in last)])
