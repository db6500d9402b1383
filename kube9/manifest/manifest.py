"""What a manifest says, read and checked."""

from __future__ import annotations

from attrs import field, frozen

from kube9.core.deployments import DeploymentSpec
from kube9.core.frozen import frozen_tuple
from kube9.core.nodes import NodeSpec
from kube9.core.pods import PodSpec

__all__ = ["Manifest", "Manifests"]


@frozen
class Manifest:
    """One document."""

    #: "Pod", "Deployment" or "Node".
    kind: str
    spec: PodSpec | DeploymentSpec | NodeSpec
    #: The file and document it is from, for people; may be empty.
    source: str = ""
    #: What is left out and changes nothing that runs, each with its path.
    warnings: tuple[str, ...] = ()


@frozen
class Manifests:
    """The documents of a set, in their order."""

    manifests: tuple[Manifest, ...] = field(converter=frozen_tuple)
    #: Those of all documents and those of the set itself, each with its source.
    warnings: tuple[str, ...] = field(default=(), converter=frozen_tuple)
