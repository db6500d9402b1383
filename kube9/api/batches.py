"""Many pods in one request."""

from __future__ import annotations

from typing import Any

from kube9.api.body import items_of
from kube9.api.endpoint import Call
from kube9.api.errors import problem_document
from kube9.api.identity import uid_for
from kube9.api.manifests import below, pod_of
from kube9.controlplane import Launched
from kube9.core.errors import Kube9Error, ManifestError
from kube9.core.pods import PodSpec

__all__ = ["LIST_KINDS", "launch_batch"]

#: What a list of pods may say that it is.
LIST_KINDS = ("PodList", "List")

Document = dict[str, Any]


def launch_batch(call: Call, document: Document) -> list[Document]:
    """Launch the pods of a list document; an answer for each, in their order."""
    refused: dict[int, ManifestError] = {}
    warnings: dict[int, tuple[str, ...]] = {}
    wanted: list[tuple[str, PodSpec]] = []
    items = items_of(document, call.services.limits, *LIST_KINDS)
    for index, item in enumerate(items):
        try:
            spec, warned = pod_of(call, item)
        except ManifestError as exc:
            refused[index] = below(f"items[{index}]", exc)
            continue
        wanted.append((uid_for("Pod", call.key, index), spec))
        if warned:
            warnings[index] = warned
    launched = iter(call.plane.launch_pods(wanted) if wanted else ())
    answers = [_answer(call, refused.get(index) or next(launched)) for index in range(len(items))]
    for index, warned in warnings.items():
        answers[index]["warnings"] = list(warned)
    return answers


def _answer(call: Call, launched: Launched | Kube9Error) -> Document:
    if isinstance(launched, Kube9Error):
        return {"problem": problem_document(launched)}
    pod = launched.pod
    return {
        "name": pod.spec.name,
        "namespace": pod.spec.namespace,
        "uid": pod.uid,
        "nodeName": call.plane.view.node_name(pod.node_uid),
        "phase": pod.phase.value,
        "reason": pod.reason,
        "created": launched.created,
    }
