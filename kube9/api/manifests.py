"""Manifests in request bodies: the values they ask for, and what of them is not honoured."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kube9.api.body import items_of
from kube9.api.endpoint import Call
from kube9.core.errors import ManifestError, Problem
from kube9.core.pods import PodSpec
from kube9.manifest import Manifest, Skipped, parse_documents

__all__ = ["below", "manifest_of", "pod_of", "set_in", "set_of", "warning_headers", "warnings_of"]

#: Headers are not the place for more.
_WARNINGS_MAX = 20
_WARNING_LENGTH_MAX = 300


def manifest_of(call: Call, kind: str) -> Manifest:
    """What the body, which must be of ``kind`` whether it says so or not, asks for.

    :raises ManifestError: it is none.
    """
    return call.services.parser.document(call.json(), kind=kind, namespace=call.query.get("namespace"))


def pod_of(call: Call, document: Any) -> tuple[PodSpec, tuple[str, ...]]:
    """The pod that one document asks for, and what of it is not honoured.

    :raises ManifestError: it is none.
    """
    manifest = call.services.parser.document(document, kind="Pod", namespace=call.query["namespace"])
    assert isinstance(manifest.spec, PodSpec), "a document of kind Pod asks for a pod"
    return manifest.spec, manifest.warnings


def set_of(call: Call) -> list[Manifest | Skipped]:
    """What the documents under ``items`` of the body ask for.

    :raises ManifestError: some cannot be used; every fault of each of them.
    """
    return set_in(call, call.json())


def set_in(call: Call, body: dict[str, Any], *, also: tuple[str, ...] = ()) -> list[Manifest | Skipped]:
    """The same of a body that is read already.

    :param also: fields that it may have beside those of a list.
    """
    items = items_of(body, call.services.limits, "List", also=also)
    documents = [(f"items[{index}]", item) for index, item in enumerate(items)]
    namespace = call.query["namespace"]
    return parse_documents(documents, namespace=namespace, parser=call.services.parser, joined_by=".")


def below(place: str, error: ManifestError) -> ManifestError:
    """The same error of a document that stands at ``place`` in a larger one."""
    problems = [Problem(f"{place}.{path}" if path else place, message) for path, message in error.problems]
    return ManifestError(problems)


def warnings_of(manifests: Iterable[Manifest | Skipped]) -> list[str]:
    """What of some documents is not honoured, each with its place in the body."""
    return [f"{manifest.source}: {warning}" for manifest in manifests for warning in manifest.warnings]


def warning_headers(warnings: Iterable[str]) -> list[tuple[str, str]]:
    """What of one document is not honoured, as Kubernetes tells it: a header ``Warning`` for each."""
    return [("Warning", f'299 kube9 "{_quotable(warning)}"') for warning in tuple(warnings)[:_WARNINGS_MAX]]


def _quotable(text: str) -> str:
    """``text`` without what may not stand in a header between quotes."""
    plain = text.encode("ascii", "replace").decode().replace("\\", "/").replace('"', "'")
    return "".join(char if char.isprintable() else " " for char in plain)[:_WARNING_LENGTH_MAX]
