"""What pods write, for as long as somebody wants to know."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from flask import Response

from kube9.api.endpoint import Call
from kube9.api.relay import Relay
from kube9.api.streams import PATIENCE_S
from kube9.core.ports import LogOptions

__all__ = ["log_reply"]


def log_reply(call: Call, name: str, options: LogOptions) -> Response:
    """The answer that is the log of a pod; one that is followed holds a place among the streams until it is over."""
    namespace = call.query["namespace"]
    if not options.follow:
        return _reply(call.plane.containers.logs(namespace, name, options))
    pod = call.plane.view.pod(namespace, name)
    place = call.services.streams.enter()
    log = call.plane.containers.logs(namespace, name, options)
    relay = Relay(log, getattr(log, "close", _nothing))

    def leave() -> None:
        relay.leave()
        place.leave()

    def is_there() -> bool:
        now = call.plane.view.pod_by_uid(pod.uid)
        return now is not None and (now.epoch, now.node_uid) == (pod.epoch, pod.node_uid)

    response = _reply(_follow(relay, is_there, call.services.streams.closing.is_set, leave))
    # Proxies that wait for the whole answer would wait for ever.
    response.headers["X-Accel-Buffering"] = "no"
    response.call_on_close(leave)
    return response


def _reply(parts: Iterator[bytes]) -> Response:
    return Response(parts, content_type="text/plain; charset=utf-8")


def _follow(
    relay: Relay[bytes], is_there: Callable[[], bool], closing: Callable[[], Any], leave: Callable[[], None]
) -> Iterator[bytes]:
    try:
        while not closing():
            if pieces := relay.take(PATIENCE_S):
                yield b"".join(pieces)
            elif relay.ended or not is_there():
                return
            else:
                # Writing is how it is noticed that nobody reads any more; of nothing nobody reads anything.
                yield b""
    finally:
        leave()


def _nothing() -> None:
    return None
