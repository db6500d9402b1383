"""Commands in containers that run: no connection here goes both ways, so there is a path for each thing to be told."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Response

from kube9.api import parameters as p
from kube9.api.endpoint import BYTES, Answer, Call, Resource
from kube9.api.execoptions import EXEC_FIELDS, read_exec, read_size
from kube9.api.frames import ENDED, FAILED, NOTHING, frame
from kube9.api.relay import Relay
from kube9.api.reply import json_reply
from kube9.api.sessions import Session
from kube9.api.streams import PATIENCE_S, StreamPlace
from kube9.core.errors import Kube9Error

__all__ = ["RESOURCE"]

RESOURCE = Resource("exec", "Commands in the containers of pods.")

_FRAMES = "application/octet-stream"


@RESOURCE.endpoint(
    "POST",
    "/v1/pods/<name>/exec",
    query=(p.namespace("The pod's namespace.", "default"),),
    body="ExecOptions",
    answers={201: Answer("It runs, or is about to.", "Command")},
    problems=(404, 409, 502, 503),
)
def exec_pod(call: Call, name: str) -> Response:
    """Run a command in a container of a pod.

    What it writes is to be read at `/v1/exec/{id}/output`, and soon: a command that nobody reads for a while is left.
    Its input stays open until it is closed at `/v1/exec/{id}/input`, also where there is none. There may be only so
    many commands at a time, and some backends can run none, which is answered with 409.
    """
    options = read_exec(call.fields(*EXEC_FIELDS))
    plane, namespace = call.plane, call.query["namespace"]
    pod = plane.view.pod(namespace, name)
    session = call.services.sessions.begin(
        pod,
        lambda: plane.containers.run_command(
            namespace, name, options.container, options.command, terminal=options.terminal
        ),
    )
    if options.terminal and options.size is not None:
        session.command.resize(*options.size)
    return json_reply({"id": session.id, "idleMillis": call.services.sessions.idle_ms}, 201)


@RESOURCE.endpoint(
    "GET",
    "/v1/exec/<id>/output",
    answers={200: Answer("Frames, until it has ended.", media_type=_FRAMES)},
    problems=(404, 409, 503),
)
def exec_output(call: Call, id: str) -> Response:
    """Read what a command writes, as it comes; once, and when that is over so is the command, as far as it is known.

    A frame is one byte that says what it is, four that are its length (a whole number without a sign, the highest byte
    first), and so many bytes. 1 is what went to stdout and 2 what went to stderr. The last is 3, with the exit code in
    decimal digits, or 4, with the reason why none is known, in UTF-8. 0 is empty and says that the server is there.
    """
    session = call.services.sessions.get(id)
    if call.request.method == "HEAD":
        return Response(content_type=_FRAMES)  # who asks so reads nothing, and leaves it to be read
    place = call.services.streams.enter()
    session.begin_reading()
    relay = Relay(session.command.output(), session.command.close)

    def leave() -> None:
        relay.leave()
        call.services.sessions.end(session)
        place.leave()

    response = Response(_frames(call, session, relay, place), content_type=_FRAMES)
    # Proxies that wait for the whole answer would wait for ever.
    response.headers["X-Accel-Buffering"] = "no"
    response.call_on_close(leave)
    return response


@RESOURCE.endpoint(
    "POST",
    "/v1/exec/<id>/input",
    query=(p.switch("close", "Its input ends with this."),),
    body=BYTES,
    body_required=False,
    answers={204: Answer("The command has it, or will read it; nothing if that has ended.")},
    problems=(404, 409, 502),
)
def exec_input(call: Call, id: str) -> Response:
    """Give a command something to read; answered when it was taken, so the next part is to be sent after that."""
    call.services.sessions.get(id).write(call.bytes(), close=call.query["close"])
    return Response(status=204)


@RESOURCE.endpoint(
    "POST",
    "/v1/exec/<id>/resize",
    body="TerminalSize",
    answers={204: Answer("Its terminal has that size now, if it has one.")},
    problems=(404, 502),
)
def exec_resize(call: Call, id: str) -> Response:
    """Tell a command the size of its terminal."""
    rows, columns = read_size(call.fields("rows", "columns"))
    call.services.sessions.get(id).command.resize(rows, columns)
    return Response(status=204)


@RESOURCE.endpoint("DELETE", "/v1/exec/<id>", answers={204: Answer("It is forgotten.")}, problems=(404,))
def leave_exec(call: Call, id: str) -> Response:
    """Forget a command: its input ends, and what it writes goes nowhere."""
    call.services.sessions.end(call.services.sessions.get(id))
    return Response(status=204)


def _frames(call: Call, session: Session, relay: Relay[tuple[int, bytes]], place: StreamPlace) -> Iterator[bytes]:
    services, view, pod = call.services, call.plane.view, session.pod
    silent_s, ping_s = 0.0, services.limits.ping_ms / 1000
    try:
        while not services.streams.closing.is_set():
            services.sessions.touch(session)
            if pieces := relay.take(min(PATIENCE_S, ping_s)):
                yield b"".join(frame(stream, data) for stream, data in pieces)
                silent_s = 0.0
                continue
            if relay.ended:
                yield _last(session.exit_code(services.streams.closing))
                return
            if view.pod_by_uid(pod.uid) is None:
                yield frame(FAILED, f"pod {pod.name!r} is gone".encode())
                return
            silent_s += min(PATIENCE_S, ping_s)
            # Nothing at all is enough to notice here that nobody reads; the other side needs to be told something.
            yield frame(NOTHING) if silent_s >= ping_s else b""
            silent_s = 0.0 if silent_s >= ping_s else silent_s
    except Kube9Error as exc:
        yield frame(FAILED, str(exc).encode())
    finally:
        relay.leave()
        services.sessions.end(session)
        place.leave()


def _last(code: int | None) -> bytes:
    if code is None:
        return frame(FAILED, b"the command was left, or its container ended, before it was known how it ends")
    return frame(ENDED, str(code).encode())
