"""Many pods in one request."""

from __future__ import annotations

from typing import Any

from kube9.api.body import items_of
from kube9.api.endpoint import Call
from kube9.api.errors import problem_document
from kube9.api.identity import uid_for
from kube9.api.manifests import below
from kube9.core.errors import Kube9Error, ManifestError
from kube9.core.pods import Pod, PodSpec

__all__ = ["launch_batch"]

Document = dict[str, Any]


def launch_batch(call: Call, document: Document) -> list[Document]:
    """Launch the pods of a list document; an answer for each, in their order."""
    items = items_of(document, call.services.limits, "PodList", "List")
    answers: list[Document | None] = []
    wanted: list[tuple[str, PodSpec]] = []
    for index, item in enumerate(items):
        try:
            spec = call.services.parser.document(item, kind="Pod").spec
            wanted.append((uid_for("Pod", call.key, index), spec))
            answers.append(None)
        except ManifestError as exc:
            answers.append({"problem": problem_document(ManifestError(below(f"items[{index}]", exc)))})
    launched = iter(call.plane.launch_pods(wanted))
    return [_answer(call, next(launched)) if answer is None else answer for answer in answers]


def _answer(call: Call, launched: Any) -> Document:
    if isinstance(launched, Kube9Error):
        return {"problem": problem_document(launched)}
    pod: Pod = launched.pod
    return {
        "name": pod.spec.name,
        "namespace": pod.spec.namespace,
        "uid": pod.uid,
        "nodeName": call.plane.view.node_name(pod.node_uid),
        "phase": pod.phase.value,
        "reason": pod.reason,
        "created": launched.created,
    }
