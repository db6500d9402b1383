"""Deployments: a number of equal pods that is kept up."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import Attribute, field, frozen

from kube9.core.errors import InvalidInput
from kube9.core.frozen import FrozenMap, text_map
from kube9.core.pods import PodSpec
from kube9.core.validation import not_negative, positive, valid_name

__all__ = ["Deployment", "DeploymentSpec"]

#: Leaves room in the names of its pods for the numbers of more pods than a cluster ever has.
_NAME_LENGTH_MAX = 240
#: All are launched in one turn, so that one digit too many must not be the end of the control plane.
_REPLICAS_MAX = 100_000


def _short_name(_: object, attribute: Attribute[str], value: str) -> None:
    valid_name(_, attribute, value)
    if len(value) > _NAME_LENGTH_MAX:
        raise InvalidInput(
            f"{attribute.name} of a deployment must have at most {_NAME_LENGTH_MAX} characters, got {len(value)}; the "
            "names of its pods add a number"
        )


def _sensible_number(_: object, attribute: Attribute[int], value: int) -> None:
    not_negative(_, attribute, value)
    if value > _REPLICAS_MAX:
        raise InvalidInput(f"{attribute.name} must be at most {_REPLICAS_MAX}, got {value}")


@frozen(kw_only=True)
class DeploymentSpec:
    """A deployment as it was asked for."""

    name: str = field(validator=_short_name)
    namespace: str = field(default="default", validator=valid_name)
    replicas: int = field(default=1, validator=_sensible_number)
    #: What each of its pods is; its name and namespace are the deployment's, and each pod's name adds a number.
    template: PodSpec
    #: How many of its pods may be missing at a time while they are replaced by those of a new template.
    max_unavailable: int = field(default=1, validator=positive)
    labels: Mapping[str, str] = field(factory=FrozenMap, converter=text_map)
    annotations: Mapping[str, str] = field(factory=FrozenMap, converter=text_map)


@frozen(kw_only=True)
class Deployment:
    """A deployment at one moment."""

    uid: str
    spec: DeploymentSpec
    ordinal: int
    created_at_ms: int
    #: Grows with every new template; its pods carry the one they were made of.
    revision: int = 1
    #: How many pods it has ever asked for; the next one's number.
    launched: int = 0
    #: Pods that ended, one after the other, since one last ran for long: replacing them waits longer each time.
    failures: int = 0
    #: Deletion was asked for; it goes with the last of its pods.
    deleting: bool = False

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def namespace(self) -> str:
        return self.spec.namespace
