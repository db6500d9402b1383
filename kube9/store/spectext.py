"""Specs as the text of their manifests, without the names that have columns of their own.

Pods of one kind then share one text, which is made and read once for all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from typing import Any, TypeVar

import orjson
from attrs import evolve

from kube9.core.deployments import DeploymentSpec
from kube9.core.nodes import NodeSpec
from kube9.core.pods import PodSpec
from kube9.manifest import deployment_spec_document, node_spec_document, parse_document, pod_spec_document

__all__ = ["SpecReader", "SpecWriter"]

#: After so many different texts a memo begins anew; it is there for few kinds and many of each.
KINDS_MAX = 10_000

#: Stands for the name while a text is read; what it says of itself is in columns.
_NAMELESS = "x"

S = TypeVar("S", PodSpec, NodeSpec, DeploymentSpec)


class SpecWriter:
    """Makes texts of specs. Texts of pods are remembered by everything that is in them."""

    def __init__(self) -> None:
        #: The text, and the parts whose ids are in the key, which must live as long as it does.
        self._pods: dict[tuple[object, ...], tuple[str, object]] = {}

    def pod(self, spec: PodSpec) -> str:
        # What scheduling goes by is compared by value. The rest is deep and dear to compare; pods of one manifest or
        # deployment share it, and for those that do not the key misses, which costs time and nothing else.
        parts = (spec.containers, spec.init_containers, spec.volumes, spec.configs)
        key = (
            spec.shape,
            *map(id, parts),
            spec.annotations,
            spec.restart_policy,
            spec.grace_ms,
            spec.host_network,
        )
        known = self._pods.get(key)
        if known is None:
            if len(self._pods) >= KINDS_MAX:
                self._pods.clear()
            known = self._pods[key] = (_text(pod_spec_document(spec)), parts)
        return known[0]

    def node(self, spec: NodeSpec) -> str:
        return _text(node_spec_document(spec))

    def deployment(self, spec: DeploymentSpec) -> str:
        return _text(deployment_spec_document(spec))


class SpecReader:
    """Makes specs of texts and names, each text read once. Equal texts share all that is not a name."""

    def __init__(self) -> None:
        self._pods: dict[str, PodSpec] = {}
        self._nodes: dict[str, NodeSpec] = {}

    def pod(self, text: str, namespace: str, name: str) -> PodSpec:
        """:raises ValueError: the text is none that was written here."""
        return _named(_remembered(self._pods, text, lambda: _read(text, "Pod", PodSpec)), namespace, name)

    def node(self, text: str, name: str) -> NodeSpec:
        """:raises ValueError: as :meth:`pod`."""
        return _named(_remembered(self._nodes, text, lambda: _read(text, "Node", NodeSpec)), None, name)

    def deployment(self, text: str, namespace: str, name: str) -> DeploymentSpec:
        """:raises ValueError: as :meth:`pod`."""
        spec = _read(text, "Deployment", DeploymentSpec)
        return evolve(spec, namespace=namespace, name=name, template=_named(spec.template, namespace, name))


def _named(spec: S, namespace: str | None, name: str) -> S:
    """``spec`` under other names. All else that was checked and worked out once is shared, in time and in memory."""
    twin = copy(spec)
    object.__setattr__(twin, "name", name)
    if namespace is not None:
        object.__setattr__(twin, "namespace", namespace)
    return twin


def _remembered(memo: dict[str, S], text: str, read: Callable[[], S]) -> S:
    spec = memo.get(text)
    if spec is None:
        if len(memo) >= KINDS_MAX:
            memo.clear()
        spec = memo[text] = read()
    return spec


def _text(document: dict[str, Any]) -> str:
    metadata = {key: value for key, value in document["metadata"].items() if key not in ("name", "namespace")}
    return orjson.dumps({**document, "metadata": metadata}).decode()


def _read(text: str, kind: str, expected: type[S]) -> S:
    document = orjson.loads(text)
    document = {**document, "metadata": {**document["metadata"], "name": _NAMELESS}}
    spec = parse_document(document, kind=kind).spec
    assert isinstance(spec, expected), f"the text of a {kind} was read as {type(spec).__name__}"
    return spec
