"""Manifests in request bodies: the values they ask for."""

from __future__ import annotations

from typing import Any, TypeVar

from kube9.api.endpoint import Call
from kube9.core.errors import ManifestError, Problem
from kube9.manifest import Manifest, parse_document

__all__ = ["below", "checked", "spec_of"]

T = TypeVar("T")


def spec_of(call: Call, kind: type[T], word: str) -> T:
    """The spec that the body asks for.

    :param word: what the body is, whether it says so or not.
    :raises ManifestError: it is none.
    """
    manifest = parse_document(call.json(), kind=word)
    assert isinstance(manifest.spec, kind), f"a manifest of kind {word} has a spec of its kind"
    return manifest.spec


def checked(documents: list[Any], *, kinds: tuple[str, ...], namespace: str | None) -> list[Manifest]:
    """What all of ``documents`` ask for.

    :param kinds: what they may be.
    :raises ManifestError: some cannot be used; every fault of each of them.
    """
    manifests: list[Manifest] = []
    problems: list[Problem] = []
    for index, document in enumerate(documents):
        try:
            manifest = parse_document(document, namespace=namespace)
            if manifest.kind not in kinds:
                raise ManifestError([Problem("kind", f"expected {' or '.join(kinds)} here, got {manifest.kind}")])
            manifests.append(manifest)
        except ManifestError as exc:
            problems += below(f"items[{index}]", exc)
    if problems:
        raise ManifestError(problems)
    return manifests


def below(place: str, error: ManifestError) -> list[Problem]:
    """The problems of a document that stands at ``place`` in a larger one."""
    return [Problem(f"{place}.{path}" if path else place, message) for path, message in error.problems]
