"""What documents would lead to, were they applied now, and what would become of the cluster."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from attrs import evolve
from flask import Response

from kube9.api import parameters as p
from kube9.api.endpoint import Answer, Call, Resource
from kube9.api.manifests import set_in, warnings_of
from kube9.api.reply import json_reply
from kube9.api.whatif import FIELDS, prospect_document, supposed
from kube9.controlplane import View
from kube9.core.deployments import DeploymentSpec
from kube9.core.errors import ManifestError, Problem, UnknownName
from kube9.core.plan import Planned
from kube9.core.pods import Pod, PodSpec, renamed
from kube9.core.whatif import WhatIf
from kube9.manifest import Manifest, Skipped

__all__ = ["RESOURCE"]

RESOURCE = Resource("plan", "What would land where.")

Document = dict[str, Any]


@RESOURCE.endpoint(
    "POST",
    "/v1/plan",
    query=(p.namespace("Where all must be; else where each says itself, or `default`.", None),),
    body="PlanRequest",
    answers={200: Answer("Where each pod would go, or why it would wait.", "Plan")},
    problems=(503,),
)
def plan_documents(call: Call) -> Response:
    """Tell which node each pod of some documents would get now, or why it would wait; changes nothing.

    Of a deployment those pods are planned that it has not yet. A pod that is there already is told with the node it is
    on. Nodes among the documents are not counted on.

    Nodes may be supposed to fail, to be drained, or to be there beside the others. Then the answer tells as well which
    pods would move, and how many nodes could be lost after all that; the documents may then be left out.
    """
    body = call.json()
    supposing = any(field in body for field in FIELDS)
    if supposing:
        body.setdefault("items", [])
    manifests, what_if, warnings = _read(call, body)
    view = call.plane.view
    wanted = _wanted(view, manifests, call.services.limits.items)
    pods = [each for each in wanted if isinstance(each, PodSpec)]
    more: Document = {}
    if supposing:
        prospect = call.plane.foresee(evolve(what_if, pods=pods))
        planned, more = iter(prospect.planned), prospect_document(prospect)
    else:
        planned = iter(call.plane.plan(pods))
    items = [_planned(next(planned)) if isinstance(each, PodSpec) else _present(view, each) for each in wanted]
    return json_reply({"items": items, **more, "warnings": warnings})


def _read(call: Call, body: Document) -> tuple[list[Manifest | Skipped], WhatIf, list[str]]:
    """What a body asks for and what it supposes, and what of it is not honoured.

    :raises ManifestError: with all that is wrong with either.
    """
    problems: list[Problem] = []
    manifests: list[Manifest | Skipped] = []
    what_if, warnings = WhatIf(), list[str]()
    try:
        manifests = set_in(call, body, also=FIELDS)
    except ManifestError as exc:
        problems += exc.problems
    try:
        what_if, warnings = supposed(call, body)
    except ManifestError as exc:
        problems += exc.problems
    if problems:
        raise ManifestError(problems)
    return manifests, what_if, [*warnings_of(manifests), *_nodes_left_out(manifests), *warnings]


def _wanted(view: View, manifests: Sequence[Manifest | Skipped], most: int) -> list[PodSpec | Pod]:
    """Every pod that is asked for; those that are there already as they are.

    :raises ManifestError: they are more than ``most``.
    """
    wanted: list[PodSpec | Pod] = []
    for manifest in manifests:
        spec = manifest.spec if isinstance(manifest, Manifest) else None
        if isinstance(spec, DeploymentSpec):
            if len(wanted) + spec.replicas > most:
                message = f"expected at most {most} pods at a time in all"
                raise ManifestError([Problem(f"{manifest.source}.spec.replicas", message)])
            wanted += _pods_of(view, spec)
        elif isinstance(spec, PodSpec):
            wanted.append(_existing(view, spec) or spec)
    return wanted


def _pods_of(view: View, spec: DeploymentSpec) -> Iterator[PodSpec]:
    """The pods that a deployment would ask for."""
    try:
        deployment = view.deployment(spec.namespace, spec.name)
    except UnknownName:
        launched, there = 0, 0
    else:
        launched = deployment.launched
        there = sum(not pod.phase.finished and not pod.deleting for pod in view.pods_of(deployment.uid))
    for number in range(launched + 1, launched + 1 + max(0, spec.replicas - there)):
        yield renamed(spec.template, spec.namespace, f"{spec.name}-{number}")


def _existing(view: View, spec: PodSpec) -> Pod | None:
    try:
        return view.pod(spec.namespace, spec.name)
    except UnknownName:
        return None


def _nodes_left_out(manifests: Sequence[Manifest | Skipped]) -> list[str]:
    return [
        f"{manifest.source}: a node is not counted on before it is there"
        for manifest in manifests
        if isinstance(manifest, Manifest) and manifest.kind == "Node"
    ]


def _planned(planned: Planned) -> Document:
    spec = planned.spec
    return _item(spec, planned.node_name, planned.reason, exists=False)


def _present(view: View, pod: Pod) -> Document:
    return _item(pod.spec, view.node_name(pod.node_uid), pod.reason, exists=True)


def _item(spec: PodSpec, node_name: str | None, reason: str, *, exists: bool) -> Document:
    return {
        "name": spec.name,
        "namespace": spec.namespace,
        "nodeName": node_name,
        "reason": reason,
        "exists": exists,
    }
