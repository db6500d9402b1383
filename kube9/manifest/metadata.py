"""``metadata``: what a thing is called and labelled."""

from __future__ import annotations

from typing import Any

from kube9.manifest.names import name_label, subdomain
from kube9.manifest.reader import NOTHING, Reader
from kube9.manifest.scalars import annotation_texts, labels
from kube9.manifest.shape import Field, Shape, honoured, refused, warned

__all__ = [
    "METADATA",
    "NODE_METADATA",
    "TEMPLATE_METADATA",
    "read_metadata",
    "read_node_metadata",
    "read_template_metadata",
]

_KEPT_BY_KUBE9 = "kube9 keeps this itself"

#: What servers write there, which comes back when what they answered is applied.
_BOOKKEEPING = tuple(
    warned(name, _KEPT_BY_KUBE9)
    for name in (
        "uid",
        "creationTimestamp",
        "deletionGracePeriodSeconds",
        "deletionTimestamp",
        "generation",
        "managedFields",
        "ownerReferences",
        "resourceVersion",
        "selfLink",
    )
)
_LABELS = honoured("labels", labels, "labels")
_ANNOTATIONS = honoured(
    "annotations",
    annotation_texts,
    "texts by name",
    says="Kept and shown. A queue may go by `kube9/expected-run`, such as `2h`.",
)
_FINALIZERS = warned("finalizers", "nothing in kube9 waits for them")


def _named(*more: Field) -> tuple[Field, ...]:
    return (
        honoured("name", subdomain, "name", required=True),
        *more,
        _LABELS,
        refused("generateName", "kube9 makes up no names; give it a name"),
        _FINALIZERS,
        *_BOOKKEEPING,
    )


METADATA = Shape(
    "metadata",
    *_named(honoured("namespace", name_label, "name", says="`default` where it is unsaid."), _ANNOTATIONS),
)
NODE_METADATA = Shape("metadata of a Node", *_named(warned("annotations", "a node keeps labels only")))
TEMPLATE_METADATA = Shape(
    "metadata of a Deployment's template",
    _LABELS,
    _ANNOTATIONS,
    warned("name", "its pods are named for the deployment"),
    warned("namespace", "its pods are in the deployment's namespace"),
    warned("generateName", "its pods are named for the deployment"),
    _FINALIZERS,
    *_BOOKKEEPING,
)


def read_metadata(reader: Reader, value: Any) -> Any:
    """Name, namespace, labels and annotations of a pod or a deployment, as keyword arguments of its spec."""
    found = METADATA.read(reader, value)
    if found is None:
        return NOTHING
    given, asked = found.get("namespace"), reader.asked_namespace
    if asked is not None:
        if given is not None and given != asked:
            reader.problem(f"is {given!r}, but namespace {asked!r} was asked for", "namespace")
        found["namespace"] = asked
    reader.namespace = found.get("namespace", "default")
    reader.metadata = found
    return found


def read_node_metadata(reader: Reader, value: Any) -> Any:
    """Name and labels of a node."""
    found = NODE_METADATA.read(reader, value)
    if found is None:
        return NOTHING
    reader.metadata = found
    return found


def read_template_metadata(reader: Reader, value: Any) -> Any:
    """Labels and annotations of a deployment's pods; the rest is the deployment's."""
    found = TEMPLATE_METADATA.read(reader, value)
    if found is None:
        return NOTHING
    owners: dict[str, Any] = {name: reader.metadata[name] for name in ("name", "namespace") if name in reader.metadata}
    reader.metadata = {**found, **owners}
    return found
