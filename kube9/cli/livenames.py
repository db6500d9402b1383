"""Names for shell completion, asked of the server. Where it does not answer soon there are none, and no complaint."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import click

from kube9.cli.connection import client_of

if TYPE_CHECKING:
    from kube9.client import Client

__all__ = [
    "backend_names",
    "container_names",
    "deployment_names",
    "namespace_names",
    "node_names",
    "pod_names",
    "scheduler_names",
]

_TIMEOUT_S = 1.0
#: More would fill the screen.
_NAMES_MAX = 1000
#: Among the parameters: words that belong to none of them so far.
_REST = ""

Completion = Callable[[click.Context, click.Parameter, str], list[str]]


def _completion(names: Callable[[Client, dict[str, Any]], Iterable[str]]) -> Completion:
    def complete(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[str]:
        try:
            with client_of(ctx.params, timeout_s=_TIMEOUT_S, retry_for_s=0.0) as client:
                told = {**ctx.params, _REST: ctx.args}
                found = dict.fromkeys(name for name in names(client, told) if name.startswith(incomplete))
        except Exception:
            return []  # whatever it is, half a command line is no place to say so
        return sorted(found)[:_NAMES_MAX]

    return complete


def _name(document: dict[str, Any]) -> str:
    return str(document["metadata"]["name"])


def _containers(client: Client, told: dict[str, Any]) -> Iterable[str]:
    # Click does not say which arguments the words before an option are that has no value yet.
    name = told.get("name") or told[_REST][0]
    spec = client.pod(name, namespace=_namespace(told))["spec"]
    return (each["name"] for each in (*spec.get("containers", ()), *spec.get("initContainers", ())))


def _namespace(told: dict[str, Any]) -> str:
    return told.get("namespace") or "default"


node_names = _completion(lambda client, _: map(_name, client.nodes()))
pod_names = _completion(lambda client, told: map(_name, client.pods(namespace=_namespace(told))))
container_names = _completion(_containers)
deployment_names = _completion(lambda client, told: map(_name, client.deployments(namespace=_namespace(told))))
namespace_names = _completion(lambda client, _: (pod["metadata"].get("namespace", "default") for pod in client.pods()))
scheduler_names = _completion(lambda client, _: client.status()["schedulers"])
backend_names = _completion(lambda client, _: client.status()["backends"])
