"""One document, as JSON or YAML reads it, made into a value of the core."""

from __future__ import annotations

import difflib
import marshal
import threading
from collections.abc import Mapping
from typing import Any

from kube9.core.errors import ManifestError, Problem
from kube9.core.frozen import FrozenMap
from kube9.core.pods import renamed
from kube9.manifest.deployments import DEPLOYMENT
from kube9.manifest.manifest import Manifest
from kube9.manifest.names import is_subdomain
from kube9.manifest.nodes import NODE
from kube9.manifest.pods import POD
from kube9.manifest.reader import ConfigsNearby, Reader, got
from kube9.manifest.shape import Shape

__all__ = ["API_VERSION", "KINDS", "Parser", "parse_document"]

#: That of kube9's own documents.
API_VERSION = "kube9/v1"

_SHAPES: Mapping[str, Shape] = {"Deployment": DEPLOYMENT, "Node": NODE, "Pod": POD}
KINDS = tuple(sorted(_SHAPES))

#: What may be said; the value is whether it is kube9's own.
_KNOWN: Mapping[tuple[str, str], bool] = {
    **{(API_VERSION, kind): True for kind in KINDS},
    ("v1", "Pod"): False,
    ("apps/v1", "Deployment"): False,
}
_NONE_NEARBY: ConfigsNearby = FrozenMap()

#: Kinds of Kubernetes that people will try, and what to do instead.
_ELSEWHERE = {
    "ConfigMap": "put its texts under spec.configs of the pod, or apply it together with the pods that name it",
    "Secret": "put its texts under spec.configs of the pod, or apply it together with the pods that name it",
    "DaemonSet": "kube9 has no DaemonSets; apply a pod for each node",
    "Job": "kube9 has no Jobs; apply a pod with restartPolicy OnFailure or Never",
    "ReplicaSet": "kube9 has no ReplicaSets; apply a Deployment",
    "Service": "kube9 has no Services",
    "StatefulSet": "kube9 has no StatefulSets; apply a pod for each member",
}

MEMO_ENTRIES = 1024
#: A document of more is read anew each time, so that the memo stays within a few tens of megabytes.
MEMO_KEY_BYTES_MAX = 16 * 1024


def parse_document(
    document: Mapping[str, Any],
    *,
    kind: str | None = None,
    namespace: str | None = None,
    source: str = "",
    nearby: ConfigsNearby = _NONE_NEARBY,
) -> Manifest:
    """Read one document.

    :param kind: what it must be; ``apiVersion`` (kube9's own) and ``kind`` may then be left out.
    :param namespace: where it must be; ``None`` for what it says itself, or ``default``.
    :param source: the file or document, for messages.
    :param nearby: configs of documents in the same set, which pods may name.
    :raises ManifestError: with every problem in it.
    """
    if not isinstance(document, Mapping):
        raise ManifestError([Problem("", f"expected an object, got {got(document)}")], source=source)
    reader = Reader(asked_namespace=namespace, nearby=nearby)
    said = _kind_of(reader, document, kind)
    spec = _SHAPES[said].read(reader, dict(document)) if said else None
    if reader.problems:
        if reader.unlisted:
            reader.problems.append(Problem("", f"and {reader.unlisted} more problems"))
        raise ManifestError(reader.problems, source=source)
    assert spec is not None, "a document that is no manifest has a problem"
    return Manifest(said, spec["spec"], source, tuple(reader.warnings))


def _kind_of(reader: Reader, document: Mapping[str, Any], kind: str | None) -> str:
    """The document's kind; empty where there is none such. Sets whether it is kube9's own."""
    before = reader.faults
    said: dict[str, str] = {"apiVersion": API_VERSION, "kind": kind or ""}
    for name in said:
        value = document.get(name)
        if isinstance(value, str):
            said[name] = value
        elif value is not None:
            reader.path.append(name)
            reader.expected("a text", value)
            reader.path.pop()
        elif kind is None:
            reader.problem(f"is required, such as {API_VERSION if name == 'apiVersion' else 'Pod'}", name)
    if reader.faults != before:
        return ""
    if kind is not None and said["kind"] != kind:
        reader.problem(f"expected {kind}, got {got(said['kind'])}", "kind")
        return ""
    own = _KNOWN.get((said["apiVersion"], said["kind"]))
    if own is None:
        reader.problem(*_unknown_kind(said["apiVersion"], said["kind"]))
        return ""
    reader.own = own
    return said["kind"]


def _unknown_kind(version: str, kind: str) -> tuple[str, str]:
    """The message and the field it is about."""
    versions = [known for known, its_kind in _KNOWN if its_kind == kind]
    if versions:
        return f"expected {' or '.join(versions)} for a {kind}, got {got(version)}", "apiVersion"
    if kind in _ELSEWHERE:
        return f"{_ELSEWHERE[kind]}; expected one of {', '.join(KINDS)}, got {got(kind)}", "kind"
    near = difflib.get_close_matches(kind[:60], KINDS, n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    return f"expected one of {', '.join(KINDS)}, got {got(kind)}{hint}", "kind"


class Parser:
    """Reads documents, and remembers pods by all but their names, so that the next of the same shape costs little.

    Safe to be shared by threads.
    """

    def __init__(self) -> None:
        self._memo: dict[bytes, Manifest] = {}
        self._lock = threading.Lock()

    def document(
        self, document: Mapping[str, Any], *, kind: str | None = None, namespace: str | None = None, source: str = ""
    ) -> Manifest:
        """As :func:`parse_document`."""
        key, name = _memo_key(document, kind, namespace)
        if key is None:
            return parse_document(document, kind=kind, namespace=namespace, source=source)
        known = self._memo.get(key)
        if known is not None and is_subdomain(name):
            spec: Any = known.spec  # of a pod, as nothing else is remembered
            return Manifest("Pod", renamed(spec, spec.namespace, name), source, known.warnings)
        made = parse_document(document, kind=kind, namespace=namespace, source=source)
        if made.kind == "Pod":
            self._remember(key, made)
        return made

    def _remember(self, key: bytes, made: Manifest) -> None:
        with self._lock:
            if len(self._memo) >= MEMO_ENTRIES:
                del self._memo[next(iter(self._memo))]
            self._memo[key] = made


def _memo_key(document: Mapping[str, Any], kind: str | None, namespace: str | None) -> tuple[bytes | None, str]:
    """All of a document but its name, and the name; no key where it cannot be a pod that is remembered."""
    metadata = document.get("metadata") if type(document) is dict else None
    if type(metadata) is not dict:
        return None, ""
    name = metadata.get("name")
    if not isinstance(name, str):
        return None, ""
    try:
        # The fastest there is that tells 1 from True and 1.0. Version 0 writes equal values alike whatever else
        # refers to them. It is never read back.
        key = marshal.dumps((kind, namespace, {**document, "metadata": {**metadata, "name": None}}), 0)
    except ValueError:  # something in it that no JSON has, or nested too deep
        return None, ""
    return (key, name) if len(key) <= MEMO_KEY_BYTES_MAX else (None, "")
