"""The server itself at a glance."""

from __future__ import annotations

from collections import Counter

from flask import Response

from kube9 import __version__
from kube9.api.endpoint import Answer, Call, Resource
from kube9.api.reply import json_reply
from kube9.manifest import timestamp

__all__ = ["RESOURCE"]

RESOURCE = Resource("status", "The server itself.")


@RESOURCE.endpoint("GET", "/v1/status", answers={200: Answer("How the server is, and what it knows.", "Status")})
def show_status(call: Call) -> Response:
    """Tell the schedulers and backends there are, and how much of everything."""
    plane, view = call.plane, call.plane.view
    status = plane.status()
    schedulers = plane.schedulers
    return json_reply(
        {
            "version": __version__,
            "ready": status.ready,
            "reason": status.reason,
            "startedAt": timestamp(status.started_at_ms),
            "defaultScheduler": schedulers[0],
            "schedulers": list(schedulers),
            "backends": list(plane.backends),
            "nodes": Counter(node.phase.value for node in view.nodes()),
            "pods": Counter(pod.phase.value for pod in view.pods()),
            "deployments": view.counts()[2],
            "lastEventId": status.last_event_id,
            "storeOk": status.store_ok,
        }
    )
