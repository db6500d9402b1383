"""Pods: launching them, looking at them, and why they are where they are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response

from kube9.api import parameters as p
from kube9.api.batches import LIST_KINDS, launch_batch
from kube9.api.endpoint import Answer, Call, Resource
from kube9.api.identity import uid_for
from kube9.api.later import Later
from kube9.api.manifests import pod_of, warning_headers
from kube9.api.paging import page_of
from kube9.api.podlogs import log_reply
from kube9.api.reply import Headers, json_reply
from kube9.controlplane import Launched
from kube9.core.pipeline import Explanation
from kube9.core.pods import Pod, PodPhase
from kube9.core.ports import LogOptions
from kube9.manifest import pod_document

__all__ = ["RESOURCE"]

RESOURCE = Resource("pods", "What runs, and what waits to.")

_TAIL_MAX = 2**31 - 1
_NAMESPACE = p.namespace("The pod's namespace.", "default")


@RESOURCE.endpoint(
    "POST",
    "/v1/pods",
    query=(p.namespace("Where the pod must be; else where it says itself, or `default`.", None),),
    body="PodManifestOrList",
    keyed=True,
    answers={
        200: Answer(
            "It was there already, asked for in the same words. For a list: one answer for each.", "PodOrBatch"
        ),
        201: Answer("It is durable and decided: bound to a node, or pending with the reason.", "Pod"),
    },
    problems=(404, 409, 503),
)
def launch_pod(call: Call) -> Response:
    """Launch a pod, or with a list as many as it has.

    Answers after the decision: `status.nodeName` is the node it got, or `status.reason` counts why it fits on none yet.
    Under a list, each item is answered for itself, and one that is refused stops no other.
    """
    document = call.json()
    if document.get("kind") in LIST_KINDS:
        return json_reply({"items": launch_batch(call, document)})
    spec, warnings = pod_of(call, document)

    def reply(launched: Launched) -> Response:
        pod = launched.pod
        headers = [("Location", f"/v1/pods/{pod.name}?namespace={pod.namespace}"), *warning_headers(warnings)]
        return _reply(call, pod, 201 if launched.created else 200, headers)

    return Later(call.plane.ask_for_pod(spec, uid=uid_for("Pod", call.key)), reply)


@RESOURCE.endpoint(
    "GET",
    "/v1/pods",
    query=(
        p.namespace("Only those in this namespace.", None),
        p.phase(PodPhase),
        p.name("nodeName", "Only those on this node; finished ones are still on theirs."),
        p.text("owner", "Only those of the deployment with this uid."),
        p.LABEL_SELECTOR,
        p.LIMIT,
        p.CONTINUE,
    ),
    answers={200: Answer("Pods in the order they were asked for.", "PodList")},
    problems=(404,),
)
def list_pods(call: Call) -> Response:
    """List pods."""
    page = page_of(_candidates(call), after=call.query["continue"], limit=call.query["limit"], wanted=_wanted(call))
    items = call.services.pod_documents.documents(page.items)
    return json_reply({"apiVersion": "kube9/v1", "kind": "PodList", "metadata": page.metadata(), "items": items})


@RESOURCE.endpoint(
    "GET", "/v1/pods/<name>", query=(_NAMESPACE,), answers={200: Answer("The pod.", "Pod")}, problems=(404,)
)
def show_pod(call: Call, name: str) -> Response:
    """Show one pod."""
    return _reply(call, call.plane.view.pod(call.query["namespace"], name))


@RESOURCE.endpoint(
    "DELETE",
    "/v1/pods/<name>",
    query=(_NAMESPACE, p.GRACE),
    answers={200: Answer("The pod as it was last, or as it is while it is being stopped.", "Pod")},
    problems=(404, 503),
)
def delete_pod(call: Call, name: str) -> Response:
    """Stop a pod and forget it; answers at once, while it ends."""
    return _reply(call, call.plane.delete_pod(call.query["namespace"], name, call.query["gracePeriodSeconds"]))


@RESOURCE.endpoint(
    "GET",
    "/v1/pods/<name>/explain",
    query=(_NAMESPACE,),
    answers={200: Answer("What each node has to say to the pod, were it placed now.", "Explanation")},
    problems=(404, 409, 503),
)
def explain_pod(call: Call, name: str) -> Response:
    """Explain where a pod would go now: for each node whether it fits or why not, its score, and who wins."""
    explanation = call.plane.explain_pod(call.query["namespace"], name)
    return json_reply(_explanation(explanation, call.query["namespace"], name))


@RESOURCE.endpoint(
    "GET",
    "/v1/pods/<name>/logs",
    query=(
        _NAMESPACE,
        p.name("container", "Which one; the only one, or the first that is no init container, where it is not given."),
        p.switch("follow", "Go on with what is written from now on, until the container has ended."),
        p.whole_number(
            "tail", "So many lines from the end; all there are where this is not given.", least=0, most=_TAIL_MAX
        ),
        p.switch("previous", "What its run before the present one wrote."),
    ),
    answers={200: Answer("What it has written, as it comes.", media_type="text/plain")},
    problems=(404, 409, 502, 503),
)
def pod_logs(call: Call, name: str) -> Response:
    """Read what a container of a pod has written.

    One that is followed ends with the container, with its pod, or with the server; there may be only so many at a time.
    """
    query = call.query
    options = LogOptions(
        container=query["container"] or "", follow=query["follow"], tail=query["tail"], previous=query["previous"]
    )
    return log_reply(call, name, options)


def _candidates(call: Call) -> list[Pod]:
    """The pods among which those that are wanted are."""
    view, owner = call.plane.view, call.query["owner"]
    return view.pods() if owner is None else view.pods_of(owner)


def _wanted(call: Call) -> Callable[[Pod], bool] | None:
    """Whether a pod meets every filter that was given; ``None`` where none was."""
    namespace, phase, node_name, selector = (
        call.query[key] for key in ("namespace", "phase", "nodeName", "labelSelector")
    )
    if namespace is phase is node_name is selector is None:
        return None
    node_uid = None if node_name is None else call.plane.view.node(node_name).uid

    def wanted(pod: Pod) -> bool:
        return (
            (namespace is None or pod.spec.namespace == namespace)
            and (phase is None or pod.phase.value == phase)
            and (node_uid is None or pod.node_uid == node_uid)
            and (selector is None or selector.selects(pod.spec.labels))
        )

    return wanted


def _explanation(explanation: Explanation, namespace: str, name: str) -> dict[str, Any]:
    return {
        "pod": name,
        "namespace": namespace,
        "scheduler": explanation.scheduler,
        "nodeName": explanation.node_name,
        "winner": explanation.winner,
        "tally": explanation.tally,
        "nodes": [
            {
                "name": verdict.node_name,
                "fits": not verdict.reason,
                "reason": verdict.reason,
                "score": verdict.score,
                "triedLast": verdict.tried_last,
            }
            for verdict in explanation.verdicts
        ],
    }


def _reply(call: Call, pod: Pod, status: int = 200, headers: Headers = ()) -> Response:
    use = call.plane.usage.of_pod(pod.uid, pod.epoch)
    measured = None if use is None else (use.cpu_milli, use.memory_bytes)
    return json_reply(pod_document(pod, call.plane.view.node_name(pod.node_uid), measured), status, headers=headers)
