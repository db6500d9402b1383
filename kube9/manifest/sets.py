"""Documents that belong together: read with each other's configs, and every problem of all of them told at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, TextIO

from attrs import evolve, frozen

from kube9.core.containers import Config
from kube9.core.deployments import DeploymentSpec
from kube9.core.errors import ManifestError, Problem
from kube9.core.nodes import NodeSpec
from kube9.core.pods import PodSpec
from kube9.manifest.configs import read_config_document
from kube9.manifest.manifest import Manifest, Manifests
from kube9.manifest.parser import Parser, parse_document
from kube9.manifest.reader import Reader
from kube9.manifest.sources import documents_in, documents_of

__all__ = ["Skipped", "parse_documents", "read_manifests", "read_paths"]

#: Documents of Kubernetes that kube9 has no thing for, and that change nothing of what runs.
_SKIPPED = {
    ("v1", "Service"): "kube9 has no services; the Service is left out",
}
_CONFIGS = {("v1", "ConfigMap"), ("v1", "Secret")}

#: More than these are counted, not listed.
PROBLEMS_OF_SET_MAX = 1000

_Key = tuple[str, str, str]


@frozen
class Skipped:
    """A document that asks for nothing that kube9 makes by itself."""

    kind: str
    namespace: str
    name: str
    source: str = ""
    warnings: tuple[str, ...] = ()


def read_manifests(text: str, source: str, *, namespace: str | None = None) -> Manifests:
    """The manifests of a YAML or JSON text of any number of documents.

    :param source: the name of the text, for people.
    :param namespace: where all must be; ``None`` for what each says itself, or ``default``.
    :raises ManifestError: with every problem of all documents; there is none.
    """
    documents = documents_of(text, source)
    if not documents:
        raise ManifestError([Problem("", "there is no document in it")], source=source)
    return _manifests(parse_documents(documents, namespace=namespace))


def read_paths(paths: Iterable[str], stdin: TextIO, *, namespace: str | None = None) -> Manifests:
    """The manifests of files, folders and ``-``, as :func:`read_manifests`.

    :raises FileError: a file is not there or cannot be read.
    """
    named = list(paths)
    documents = documents_in(named, stdin)
    if not documents:
        raise ManifestError([Problem("", f"there is no document in {', '.join(named)}")])
    return _manifests(parse_documents(documents, namespace=namespace))


def _manifests(read: Sequence[Manifest | Skipped]) -> Manifests:
    warnings = [f"{each.source}: {warning}" if each.source else warning for each in read for warning in each.warnings]
    return Manifests([each for each in read if isinstance(each, Manifest)], warnings)


def parse_documents(
    documents: Sequence[tuple[str, Mapping[str, Any]]],
    *,
    namespace: str | None = None,
    parser: Parser | None = None,
    joined_by: str = ": ",
) -> list[Manifest | Skipped]:
    """What each of a set of documents asks for, in their order.

    ``v1`` ConfigMaps and Secrets become configs of the pods that name them; by themselves they are nothing, and so
    skipped, as a ``v1`` Service is.

    :param documents: each with the words for where it is from.
    :param joined_by: what stands between those words and the path in a problem.
    :raises ManifestError: with every problem of all documents.
    """
    reading = _Reading(namespace, parser or Parser(), joined_by)
    nearby = reading.configs(documents)
    read = [reading.document(source, document, nearby) for source, document in documents]
    if reading.unlisted:
        reading.problems.append(Problem("", f"and {reading.unlisted} more problems"))
    if reading.problems:
        raise ManifestError(reading.problems)
    used = {id(config) for each in read if isinstance(each, Manifest) for config in _configs_of(each)}
    unused = {key for key, config in nearby.items() if id(config) not in used}
    return [_told(each, unused) for each in read if each is not None]


def _told(read: Manifest | Skipped, unused: Collection[_Key]) -> Manifest | Skipped:
    """``read``; with a warning where it is a ConfigMap or Secret that has become part of no pod."""
    if isinstance(read, Skipped) and (read.kind, read.namespace, read.name) in unused:
        return evolve(read, warnings=(f"left out: no pod in this set names the {read.kind}",))
    return read


def _configs_of(manifest: Manifest) -> tuple[Config, ...]:
    spec = manifest.spec
    pod = spec.template if isinstance(spec, DeploymentSpec) else spec
    return pod.configs if isinstance(pod, PodSpec) else ()


class _Reading:
    """One set being read."""

    def __init__(self, namespace: str | None, parser: Parser, joined_by: str) -> None:
        self.problems: list[Problem] = []
        self.unlisted = 0
        self._namespace, self._parser, self._joined_by = namespace, parser, joined_by
        #: Where each was first.
        self._names: dict[_Key, str] = {}

    def configs(self, documents: Sequence[tuple[str, Mapping[str, Any]]]) -> dict[_Key, Config]:
        """What the set's ConfigMaps and Secrets hold."""
        nearby: dict[_Key, Config] = {}
        for source, document in documents:
            if _kind_of(document) not in _CONFIGS:
                continue
            reader = Reader(asked_namespace=self._namespace, own=False)
            found = read_config_document(reader, dict(document))
            self._note(source, reader.problems)
            if found is not None:
                namespace, config = found
                key = (_kind_of(document)[1], namespace, config.name)
                self._once(source, key)
                nearby[key] = config
        return nearby

    def document(
        self, source: str, document: Mapping[str, Any], nearby: Mapping[_Key, Config]
    ) -> Manifest | Skipped | None:
        """What one document asks for; ``None`` where it has a problem."""
        said = _kind_of(document)
        if said in _CONFIGS:
            return self._skipped(source, document)
        if said in _SKIPPED:
            return self._skipped(source, document, _SKIPPED[said])
        try:
            manifest = (
                parse_document(document, namespace=self._namespace, source=source, nearby=nearby)
                if nearby
                else self._parser.document(document, namespace=self._namespace, source=source)
            )
        except ManifestError as exc:
            self._note(source, exc.problems)
            return None
        spec = manifest.spec
        self._once(source, (manifest.kind, "" if isinstance(spec, NodeSpec) else spec.namespace, spec.name))
        return manifest

    def _skipped(self, source: str, document: Mapping[str, Any], *warnings: str) -> Skipped:
        metadata = document.get("metadata")
        said = metadata if isinstance(metadata, dict) else {}
        namespace, name = said.get("namespace") or self._namespace or "default", said.get("name")
        namespace, name = (each if isinstance(each, str) else "" for each in (namespace, name))
        return Skipped(_kind_of(document)[1], namespace, name, source, warnings)

    def _once(self, source: str, key: _Key) -> None:
        if key in self._names:
            kind, _, name = key
            other = f" ({self._names[key]})" if self._names[key] else ""
            self._note(source, [Problem("metadata.name", f"there is another {kind} {name!r} in this set{other}")])
        self._names.setdefault(key, source)

    def _note(self, source: str, problems: Iterable[Problem]) -> None:
        for path, message in problems:
            place = self._joined_by.join(part for part in (source, path) if part)
            if len(self.problems) < PROBLEMS_OF_SET_MAX:
                self.problems.append(Problem(place, message))
            else:
                self.unlisted += 1


def _kind_of(document: Any) -> tuple[str, str]:
    said = document if isinstance(document, Mapping) else {}
    version, kind = said.get("apiVersion"), said.get("kind")
    return (version, kind) if isinstance(version, str) and isinstance(kind, str) else ("", "")
