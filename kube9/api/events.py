"""What happened: as a list, and as a stream."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson
from flask import Response

from kube9.api import parameters as p
from kube9.api.endpoint import Answer, Call, Resource
from kube9.api.eventsearch import EventFilter, EventSearch
from kube9.api.reply import json_reply
from kube9.api.streams import PATIENCE_S, StreamPlace
from kube9.core.errors import InvalidInput, Kube9Error, ManifestError, Problem
from kube9.manifest import timestamp
from kube9.store.record import StoredEvent

__all__ = ["RESOURCE"]

RESOURCE = Resource("events", "What happened, in order.")

EVENT_STREAM = "text/event-stream"

_AFTER = p.whole_number("after", "Only those with a higher id.", least=0, most=2**63 - 1)
_FILTERS = (
    p.choice("kind", "Only those about such a thing.", ("Pod", "Node", "Deployment")),
    p.name("name", "Only those about the thing of that name."),
    p.namespace("Only those about things in this namespace.", None),
    p.text("type", "Only those of this type, such as `PodBound`.", length_max=63),
)
#: Events that a stream reads, and may leave out, at a time.
_READ_AT_ONCE = 500


@RESOURCE.endpoint(
    "GET",
    "/v1/events",
    query=(_AFTER, *_FILTERS, p.whole_number("limit", "At most so many.", least=1, most=p.PAGE_MAX, default=1000)),
    answers={200: Answer("Events in their order.", "EventList")},
    problems=(503,),
)
def list_events(call: Call) -> Response:
    """List events: those from right behind an id on or, without one, the last there are."""
    search = EventSearch(call.plane.events, call.plane.store)
    wanted, limit = _filter(call.query), call.query["limit"]
    after = call.query["after"]
    found = search.last(limit, wanted) if after is None else search.after(after, limit, wanted)
    metadata = {"lastId": found[-1].id if found else after or 0}
    items = [_document(event) for event in found]
    return json_reply({"apiVersion": "kube9/v1", "kind": "EventList", "metadata": metadata, "items": items})


@RESOURCE.endpoint(
    "GET",
    "/v1/events/stream",
    query=(_AFTER, *_FILTERS),
    resumed=True,
    answers={200: Answer("Server-sent events without end; the data of each is an `Event`.", "", EVENT_STREAM)},
    problems=(503,),
)
def stream_events(call: Call) -> Response:
    """Watch events as they happen.

    Begins right behind the id in `Last-Event-ID` or `after`, else with the next event that happens.
    """
    after = _last_event_id(call)
    begin = call.plane.events.last_id if after is None else after
    place = call.services.streams.enter()
    response = Response(_stream(call, begin, place), content_type=EVENT_STREAM)
    # Proxies that wait for the whole answer would wait for ever.
    response.headers["X-Accel-Buffering"] = "no"
    response.call_on_close(place.leave)
    return response


def _stream(call: Call, last_id: int, place: StreamPlace) -> Iterator[bytes]:
    log, closing, wanted = call.plane.events, call.services.streams.closing, _filter(call.query)
    search = EventSearch(log, call.plane.store)
    silent_s, ping_s = 0.0, call.services.limits.ping_ms / 1000
    try:
        yield b": events follow\n\n"
        while not closing.is_set():
            part = search.after(last_id, _READ_AT_ONCE)
            if chosen := b"".join(_message(event) for event in part if wanted.takes(event)):
                yield chosen
                silent_s = 0.0
            if part:
                last_id = part[-1].id
                continue
            if log.closed:
                return
            patience_s = min(PATIENCE_S, ping_s)
            if not log.wait(last_id, patience_s):
                silent_s += patience_s
            if silent_s >= ping_s:
                # Writing is how it is noticed that nobody reads any more.
                yield b": nothing new\n\n"
                silent_s = 0.0
    except Kube9Error as exc:
        # The answer has begun, so no other status can be told any more; the client asks again from where it was.
        yield f": ended: {type(exc).__name__}\n\n".encode()
    finally:
        place.leave()


def _filter(query: Mapping[str, Any]) -> EventFilter:
    return EventFilter(kind=query["kind"], name=query["name"], namespace=query["namespace"], type=query["type"])


def _last_event_id(call: Call) -> int | None:
    """Where the stream goes on; the header, which browsers send by themselves, goes before the parameter."""
    text = call.request.headers.get("Last-Event-ID")
    if not text:
        after: int | None = call.query["after"]
        return after
    try:
        last: int = _AFTER.read(text)
    except InvalidInput as exc:
        raise ManifestError([Problem("Last-Event-ID", str(exc))]) from exc
    return last


def _message(event: StoredEvent) -> bytes:
    return b"id: %d\ndata: %s\n\n" % (event.id, orjson.dumps(_document(event)))


def _document(event: StoredEvent) -> dict[str, Any]:
    return {
        "id": event.id,
        "timestamp": timestamp(event.at_ms),
        "type": event.type,
        "kind": event.object_kind,
        "uid": event.object_uid,
        "namespace": event.namespace,
        "name": event.name,
        "nodeName": event.node_name,
        "message": event.message,
    }
