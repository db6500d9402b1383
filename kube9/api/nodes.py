"""Nodes: asking for them, looking at them, and what can be done to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response

from kube9.api import parameters as p
from kube9.api.beats import answer_document, read_beat, read_wait_ms
from kube9.api.drainoptions import DRAIN_FIELDS, read_drain
from kube9.api.endpoint import Access, Answer, Call, Resource
from kube9.api.identity import uid_for
from kube9.api.later import Later
from kube9.api.manifests import manifest_of, warning_headers
from kube9.api.paging import page_of
from kube9.api.reply import json_reply
from kube9.core.errors import InvalidInput, ManifestError, Problem
from kube9.core.nodes import Node, NodePhase, NodeSpec
from kube9.core.ports import JoinTicket
from kube9.manifest import node_document

__all__ = ["RESOURCE"]

RESOURCE = Resource("nodes", "The machines that pods run on.")

_NODE = {200: Answer("The node.", "Node")}
_CHANGED = {200: Answer("The node as it is now.", "Node")}


@RESOURCE.endpoint(
    "POST",
    "/v1/nodes",
    body="NodeManifest",
    keyed=True,
    answers={
        200: Answer("It was there already, and asked for in the same words; it gets no second ticket.", "AddedNode"),
        201: Answer("It is being made.", "AddedNode"),
    },
    problems=(404, 409, 503),
)
def add_node(call: Call) -> Response:
    """Ask for a node.

    Answers at once with the node's identity and with the ticket it introduces itself by, which is shown this once only.
    """
    manifest = manifest_of(call, "Node")
    assert isinstance(manifest.spec, NodeSpec), "a document of kind Node asks for a node"
    added = call.plane.add_node(manifest.spec, uid=uid_for("Node", call.key))
    document = {"node": _document(call, added.node), "ticket": None if added.ticket is None else _ticket(added.ticket)}
    headers = [("Location", f"/v1/nodes/{added.node.name}"), *warning_headers(manifest.warnings)]
    return json_reply(document, 201 if added.created else 200, headers=headers)


@RESOURCE.endpoint(
    "GET",
    "/v1/nodes",
    query=(p.LIMIT, p.CONTINUE, p.LABEL_SELECTOR, p.phase(NodePhase)),
    answers={200: Answer("Nodes in the order they were asked for, with what is used of each.", "NodeList")},
)
def list_nodes(call: Call) -> Response:
    """List nodes."""
    selector, phase = call.query["labelSelector"], call.query["phase"]

    def wanted(node: Node) -> bool:
        return (phase is None or node.phase.value == phase) and (selector is None or selector.selects(node.spec.labels))

    page = page_of(call.plane.view.nodes(), after=call.query["continue"], limit=call.query["limit"], wanted=wanted)
    items = [_document(call, node) for node in page.items]
    return json_reply({"apiVersion": "kube9/v1", "kind": "NodeList", "metadata": page.metadata(), "items": items})


@RESOURCE.endpoint("GET", "/v1/health", answers={200: Answer("Each node, as it is heard.", "NodeHealthList")})
def node_health(call: Call) -> Response:
    """Tell how all nodes are: when each was last heard, and what the health check makes of it.

    Where most seem to be dead at once, the fault may be the server's own, and no pods move for as long.
    """
    items = [
        {
            "name": health.name,
            "uid": health.uid,
            "phase": health.phase,
            "lastHeardMillisAgo": health.last_heard_ms_ago,
            "suspicion": health.suspicion,
            "failures": health.failures,
            "reason": health.reason,
        }
        for health in call.plane.health()
    ]
    held = call.plane.status().moves_held
    return json_reply({"apiVersion": "kube9/v1", "kind": "NodeHealthList", "movesHeld": held or None, "items": items})


@RESOURCE.endpoint("GET", "/v1/nodes/<name>", answers=_NODE, problems=(404,))
def show_node(call: Call, name: str) -> Response:
    """Show one node, with what is used of it."""
    return _reply(call, call.plane.view.node(name))


@RESOURCE.endpoint(
    "DELETE",
    "/v1/nodes/<name>",
    query=(
        p.switch(
            "force",
            "Strike out a node that is down, whatever its backend says. One that may still run something is refused.",
        ),
    ),
    answers={200: Answer("It is being taken away.", "Node"), 204: Answer("It is gone.")},
    problems=(404, 409, 503),
)
def delete_node(call: Call, name: str) -> Response:
    """Take a node away; its pods run elsewhere once it is gone."""
    node = call.plane.delete_node(name, force=call.query["force"])
    return Response(status=204) if node is None else _reply(call, node)


@RESOURCE.endpoint("POST", "/v1/nodes/<name>/cordon", answers=_CHANGED, problems=(404, 503))
def cordon_node(call: Call, name: str) -> Response:
    """Keep new pods off a node."""
    return _reply(call, call.plane.cordon_node(name, True))


@RESOURCE.endpoint("POST", "/v1/nodes/<name>/uncordon", answers=_CHANGED, problems=(404, 503))
def uncordon_node(call: Call, name: str) -> Response:
    """Let new pods onto a node again, which ends a drain."""
    return _reply(call, call.plane.cordon_node(name, False))


@RESOURCE.endpoint(
    "POST",
    "/v1/nodes/<name>/drain",
    body="DrainOptions",
    body_required=False,
    answers={200: Answer("It is cordoned, and its pods begin to go.", "Node")},
    problems=(404, 409, 503),
)
def drain_node(call: Call, name: str) -> Response:
    """Cordon a node and move its pods; answers at once, while they go, and `status.drain` tells how far that is.

    They go a few at a time, and none before there is room for it elsewhere. Those of a deployment run on until others
    run in their place; any other is stopped before it starts again. At the deadline whatever is left is stopped. Asked
    again, a drain goes on with the new options, and the time to the deadline begins anew.
    """
    return _reply(call, call.plane.drain_node(name, **read_drain(call.fields(*DRAIN_FIELDS))))


@RESOURCE.endpoint(
    "DELETE",
    "/v1/nodes/<name>/drain",
    query=(p.switch("keepCordoned", "New pods are kept off it all the same."),),
    answers={200: Answer("The node as it is now.", "Node")},
    problems=(404, 503),
)
def cancel_drain(call: Call, name: str) -> Response:
    """Undo a drain: what is left stays, and new pods come again. Those that were told to stop do, and run elsewhere."""
    return _reply(call, call.plane.cancel_drain(name, cordoned=call.query["keepCordoned"]))


@RESOURCE.endpoint(
    "POST",
    "/v1/nodes/<name>/fail",
    body="FailOptions",
    body_required=False,
    answers={200: Answer("It is down, which nobody was told: that is for its heartbeats to show.", "Node")},
    problems=(404, 409, 502, 503),
)
def fail_node(call: Call, name: str) -> Response:
    """Break a node on purpose, where its backend can do such a thing."""
    fields = call.fields("downForSeconds", "permanent")
    permanent = fields.get("permanent", False)
    if not isinstance(permanent, bool):
        raise ManifestError([Problem("permanent", "expected true or false")])
    down_for_ms = _milliseconds(fields, "downForSeconds")
    return _reply(call, call.plane.fail_node(name, down_for_ms=down_for_ms, permanent=permanent))


@RESOURCE.endpoint(
    "POST",
    "/v1/nodes/<name>/heartbeat",
    access=Access.NODE,
    body="Beat",
    body_required=False,
    answers={200: Answer("When to beat next, and for how long its pods may run without.", "HeartbeatAnswer")},
    problems=(404, 503),
)
def beat(call: Call, name: str) -> Response:
    """Take a heartbeat; the one thing that a node's own token is good for.

    With a body the node's agent tells all that runs there. Without one it says no more than that the node is there.
    """
    if call.has_body:
        document = call.json()
        beat = read_beat(document, call.services.limits)
        wanted = call.plane.ask_for_lease(name, beat, read_wait_ms(document))
        return Later(wanted, lambda answer: json_reply(answer_document(answer)))
    answer = call.plane.heartbeat(name)
    return json_reply({"intervalMillis": answer.interval_ms, "leaseMillis": answer.lease_ms})


def _document(call: Call, node: Node) -> dict[str, Any]:
    used = call.plane.view.used(node.uid)
    return node_document(node, used.amounts, used.pods, call.plane.usage.of_node(node.uid))


def _reply(call: Call, node: Node) -> Response:
    return json_reply(_document(call, node))


def _ticket(ticket: JoinTicket) -> dict[str, str]:
    return {"nodeUid": ticket.node_uid, "serverUrl": ticket.server_url, "token": ticket.token}


def _milliseconds(fields: Mapping[str, Any], key: str) -> int | None:
    try:
        return p.milliseconds(fields.get(key))
    except InvalidInput as exc:
        raise ManifestError([Problem(key, str(exc))]) from exc
