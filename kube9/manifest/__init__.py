"""Manifests: pods, deployments and nodes as people and programs write them, in kube9's or in Kubernetes's words."""

from __future__ import annotations

from kube9.core.limits import REPLICAS_MAX
from kube9.manifest.documents import deployment_spec_document, node_spec_document, pod_spec_document
from kube9.manifest.manifest import Manifest, Manifests
from kube9.manifest.parser import API_VERSION, KINDS, Parser, parse_document
from kube9.manifest.sets import Skipped, parse_documents, read_manifests, read_paths
from kube9.manifest.sources import documents_in, documents_of
from kube9.manifest.views import deployment_document, node_document, pod_document, usage_document
from kube9.manifest.written import timestamp

__all__ = [
    "API_VERSION",
    "KINDS",
    "REPLICAS_MAX",
    "Manifest",
    "Manifests",
    "Parser",
    "Skipped",
    "deployment_document",
    "deployment_spec_document",
    "documents_in",
    "documents_of",
    "node_document",
    "node_spec_document",
    "parse_document",
    "parse_documents",
    "pod_document",
    "pod_spec_document",
    "read_manifests",
    "read_paths",
    "timestamp",
    "usage_document",
]
