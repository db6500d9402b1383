"""What load balancers and supervisors ask, without a token."""

from __future__ import annotations

from flask import Response

from kube9.api.endpoint import Access, Answer, Call, Resource
from kube9.api.reply import json_reply

__all__ = ["RESOURCE"]

RESOURCE = Resource("probes", "Whether the server is there, and ready.")


@RESOURCE.endpoint("GET", "/healthz", access=Access.OPEN, answers={200: Answer("It is there.", "Health")})
def healthz(_: Call) -> Response:
    """Tell that the server answers; it may still be waiting for its database."""
    return json_reply({"status": "ok"})


@RESOURCE.endpoint(
    "GET",
    "/readyz",
    access=Access.OPEN,
    answers={200: Answer("It takes requests.", "Health"), 503: Answer("It takes none now.", "Health")},
)
def readyz(call: Call) -> Response:
    """Tell whether the server takes on work now, and if not, why."""
    status = call.plane.status()
    if status.ready:
        return json_reply({"status": "ok"})
    # The reason is for anybody to read, and an address of a database is not; the log has it all.
    reason = "the database is away" if status.started_at_ms is not None and not status.store_ok else status.reason
    return json_reply({"status": "unready", "reason": reason}, 503, [("Retry-After", "2")])
