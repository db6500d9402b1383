"""Deployments: numbers of equal pods that are kept up."""

from __future__ import annotations

from flask import Response

from kube9.api import parameters as p
from kube9.api.endpoint import Answer, Call, Resource
from kube9.api.identity import uid_for
from kube9.api.manifests import manifest_of, warning_headers
from kube9.api.paging import page_of
from kube9.api.reply import Headers, json_reply
from kube9.core.deployments import Deployment, DeploymentSpec
from kube9.core.errors import ManifestError, Problem
from kube9.manifest import REPLICAS_MAX, deployment_document

__all__ = ["RESOURCE"]

RESOURCE = Resource("deployments", "Numbers of equal pods that are kept up.")

_NAMESPACE = p.namespace("The deployment's namespace.", "default")


@RESOURCE.endpoint(
    "POST",
    "/v1/deployments",
    query=(p.namespace("Where the deployment must be; else where it says itself, or `default`.", None),),
    body="DeploymentManifest",
    keyed=True,
    answers={
        200: Answer("It was there; it is now as asked for.", "Deployment"),
        201: Answer("It is new.", "Deployment"),
    },
    problems=(404, 409, 503),
)
def apply_deployment(call: Call) -> Response:
    """Ask for a deployment, or for the next state of the one that has its name.

    A new template replaces its pods one after the other.
    """
    manifest = manifest_of(call, "Deployment")
    assert isinstance(manifest.spec, DeploymentSpec), "a document of kind Deployment asks for a deployment"
    applied = call.plane.apply_deployment(manifest.spec, uid=uid_for("Deployment", call.key))
    deployment = applied.deployment
    location = f"/v1/deployments/{deployment.name}?namespace={deployment.namespace}"
    headers = [("Location", location), *warning_headers(manifest.warnings)]
    return _reply(call, deployment, 201 if applied.created else 200, headers)


@RESOURCE.endpoint(
    "GET",
    "/v1/deployments",
    query=(p.namespace("Only those in this namespace.", None), p.LABEL_SELECTOR, p.LIMIT, p.CONTINUE),
    answers={200: Answer("Deployments in the order they were asked for.", "DeploymentList")},
)
def list_deployments(call: Call) -> Response:
    """List deployments."""
    namespace, selector = call.query["namespace"], call.query["labelSelector"]

    def wanted(deployment: Deployment) -> bool:
        in_namespace = namespace is None or deployment.spec.namespace == namespace
        return in_namespace and (selector is None or selector.selects(deployment.spec.labels))

    view = call.plane.view
    page = page_of(view.deployments(), after=call.query["continue"], limit=call.query["limit"], wanted=wanted)
    items = [deployment_document(each, view.pods_of(each.uid)) for each in page.items]
    return json_reply({"apiVersion": "kube9/v1", "kind": "DeploymentList", "metadata": page.metadata(), "items": items})


@RESOURCE.endpoint(
    "GET",
    "/v1/deployments/<name>",
    query=(_NAMESPACE,),
    answers={200: Answer("The deployment.", "Deployment")},
    problems=(404,),
)
def show_deployment(call: Call, name: str) -> Response:
    """Show one deployment, and how many of its pods there are."""
    return _reply(call, call.plane.view.deployment(call.query["namespace"], name))


@RESOURCE.endpoint(
    "PATCH",
    "/v1/deployments/<name>",
    query=(_NAMESPACE,),
    body="Scale",
    answers={200: Answer("The deployment as it is now.", "Deployment")},
    problems=(404, 409, 503),
)
def scale_deployment(call: Call, name: str) -> Response:
    """Have more or fewer pods of a deployment."""
    return _reply(call, call.plane.scale_deployment(call.query["namespace"], name, _replicas(call)))


@RESOURCE.endpoint(
    "DELETE",
    "/v1/deployments/<name>",
    query=(_NAMESPACE, p.GRACE),
    answers={200: Answer("The deployment as it was last, or as it is while its pods end.", "Deployment")},
    problems=(404, 503),
)
def delete_deployment(call: Call, name: str) -> Response:
    """Take a deployment away with all its pods; answers at once, while they end."""
    query = call.query
    return _reply(call, call.plane.delete_deployment(query["namespace"], name, query["gracePeriodSeconds"]))


def _replicas(call: Call) -> int:
    """The number in ``{"spec": {"replicas": 3}}``."""
    problems = []
    fields = call.fields("spec")
    spec = fields.get("spec")
    if not isinstance(spec, dict):
        raise ManifestError([Problem("spec", 'expected an object such as {"replicas": 3}')])
    problems += [Problem(f"spec.{key[:100]}", "unknown field; expected replicas") for key in spec if key != "replicas"]
    replicas = spec.get("replicas")
    if type(replicas) is not int or not 0 <= replicas <= REPLICAS_MAX:
        problems.append(Problem("spec.replicas", f"expected a whole number from 0 to {REPLICAS_MAX}"))
    if problems:
        raise ManifestError(problems)
    assert type(replicas) is int
    return replicas


def _reply(call: Call, deployment: Deployment, status: int = 200, headers: Headers = ()) -> Response:
    return json_reply(deployment_document(deployment, call.plane.view.pods_of(deployment.uid)), status, headers)
