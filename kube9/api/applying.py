"""Documents of any kind at once: all are checked before anything is done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flask import Response

from kube9.api import parameters as p
from kube9.api.endpoint import Answer, Call, Resource
from kube9.api.identity import uid_for
from kube9.api.manifests import set_of, warnings_of
from kube9.api.reply import json_reply
from kube9.controlplane import ControlPlane, Launched
from kube9.core.deployments import DeploymentSpec
from kube9.core.errors import Kube9Error, ManifestError, Problem
from kube9.core.nodes import NodeSpec
from kube9.core.pods import PodSpec
from kube9.manifest import Manifest, Skipped

__all__ = ["RESOURCE"]

RESOURCE = Resource("apply", "Documents of any kind at once.")

Document = dict[str, Any]


@RESOURCE.endpoint(
    "POST",
    "/v1/apply",
    query=(p.namespace("Where all must be; else where each says itself, or `default`.", None),),
    body="ManifestList",
    answers={200: Answer("What became of each document, in their order.", "Applied")},
    problems=(404, 409, 503),
)
def apply_documents(call: Call) -> Response:
    """Create or change what documents describe; all of them are checked before anything is done.

    Nodes come first, then pods, then deployments. What is as it should be already is left alone, so that the same may
    be asked again, also after an error in the middle. A pod cannot be changed; delete it first.
    """
    manifests = set_of(call)
    _check_names(call.plane, manifests)
    results = _apply(call.plane, manifests)
    return json_reply({"items": results, "warnings": warnings_of(manifests)})


def _check_names(plane: ControlPlane, manifests: Sequence[Manifest | Skipped]) -> None:
    """:raises ManifestError: some name a scheduler or backend that is not there; nothing was done yet."""
    problems = []
    for manifest in manifests:
        spec = manifest.spec if isinstance(manifest, Manifest) else None
        pod = spec.template if isinstance(spec, DeploymentSpec) else spec
        if isinstance(pod, PodSpec) and pod.scheduler_name and pod.scheduler_name not in plane.schedulers:
            path = "spec.schedulerName" if pod is spec else "spec.template.spec.schedulerName"
            there = ", ".join(plane.schedulers)
            message = f"there is no scheduler {pod.scheduler_name!r}; there are: {there}"
            problems.append(Problem(f"{manifest.source}.{path}", message))
        elif isinstance(pod, NodeSpec) and pod.backend and pod.backend not in plane.backends:
            message = f"there is no backend {pod.backend!r}; there are: {', '.join(plane.backends)}"
            problems.append(Problem(f"{manifest.source}.spec.backend", message))
    if problems:
        raise ManifestError(problems)


def _apply(plane: ControlPlane, manifests: Sequence[Manifest | Skipped]) -> list[Document]:
    """Carry all of them out; one result for each, in their order."""
    results: dict[int, Document] = {}
    by_kind: tuple[tuple[type, Callable[[ControlPlane, list[Any]], list[Document]]], ...] = (
        (NodeSpec, _add_nodes),
        (PodSpec, _launch_pods),
        (DeploymentSpec, _apply_deployments),
    )
    for kind, carry_out in by_kind:
        chosen = [
            (place, manifest.spec)
            for place, manifest in enumerate(manifests)
            if isinstance(manifest, Manifest) and isinstance(manifest.spec, kind)
        ]
        done = carry_out(plane, [spec for _, spec in chosen])
        results.update({place: result for (place, _), result in zip(chosen, done, strict=True)})
    return [results.get(place) or _skipped(manifest) for place, manifest in enumerate(manifests)]


def _add_nodes(plane: ControlPlane, specs: list[NodeSpec]) -> list[Document]:
    added = [plane.add_node(spec, uid=uid_for("Node", None)) for spec in specs]
    return [
        {
            "kind": "Node",
            "namespace": "",
            "name": each.node.name,
            "uid": each.node.uid,
            "result": "created" if each.created else "unchanged",
        }
        for each in added
    ]


def _launch_pods(plane: ControlPlane, specs: list[PodSpec]) -> list[Document]:
    answers = plane.launch_pods([(uid_for("Pod", None), spec) for spec in specs]) if specs else []
    return [_launched(plane, answer) for answer in answers]


def _launched(plane: ControlPlane, answer: Launched | Kube9Error) -> Document:
    if isinstance(answer, Kube9Error):
        raise answer
    pod = answer.pod
    return {
        "kind": "Pod",
        "namespace": pod.namespace,
        "name": pod.name,
        "uid": pod.uid,
        "result": "created" if answer.created else "unchanged",
        "nodeName": plane.view.node_name(pod.node_uid),
        "reason": pod.reason,
    }


def _apply_deployments(plane: ControlPlane, specs: list[DeploymentSpec]) -> list[Document]:
    applied = [plane.apply_deployment(spec, uid=uid_for("Deployment", None)) for spec in specs]
    return [
        {
            "kind": "Deployment",
            "namespace": each.deployment.namespace,
            "name": each.deployment.name,
            "uid": each.deployment.uid,
            "result": "created" if each.created else "configured" if each.changed else "unchanged",
        }
        for each in applied
    ]


def _skipped(manifest: Manifest | Skipped) -> Document:
    assert isinstance(manifest, Skipped), "every manifest is of one of the kinds above"
    return {"kind": manifest.kind, "namespace": "", "name": manifest.name, "uid": "", "result": "skipped"}
