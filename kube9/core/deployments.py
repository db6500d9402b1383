"""Deployments: a number of equal pods that is kept up."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import Attribute, field, frozen

from kube9.core.containers import RestartPolicy
from kube9.core.errors import InvalidInput
from kube9.core.frozen import FrozenMap, text_map
from kube9.core.limits import REPLICAS_MAX, whole
from kube9.core.pods import PodSpec, renamed
from kube9.core.texts import label_map, texts_by_label
from kube9.core.validation import valid_name

__all__ = ["NAME_CHARS_MAX", "Deployment", "DeploymentSpec"]

#: Leaves room in the names of its pods for the numbers of more pods than a cluster ever has.
NAME_CHARS_MAX = 240


def _short_name(_: object, attribute: Attribute[str], value: str) -> None:
    valid_name(_, attribute, value)
    if len(value) > NAME_CHARS_MAX:
        raise InvalidInput(
            f"{attribute.name} of a deployment must have at most {NAME_CHARS_MAX} characters, got {len(value)}; the "
            "names of its pods add a number"
        )


def _kept_up(_: object, attribute: Attribute[PodSpec], value: PodSpec) -> None:
    if value.restart_policy is not RestartPolicy.ALWAYS:
        raise InvalidInput(
            f"{attribute.name}: restart_policy must be Always, got {value.restart_policy.value}: a deployment keeps "
            "its pods up"
        )


@frozen(kw_only=True)
class DeploymentSpec:
    """A deployment as it was asked for."""

    name: str = field(validator=_short_name)
    namespace: str = field(default="default", validator=valid_name)
    replicas: int = field(default=1, validator=whole(0, REPLICAS_MAX))
    #: What each of its pods is; its name and namespace become the deployment's, and each pod's name adds a number.
    template: PodSpec = field(validator=_kept_up)
    #: How many of its pods may be missing at a time while they are replaced by those of a new template.
    max_unavailable: int = field(default=1, validator=whole(1, REPLICAS_MAX))
    labels: Mapping[str, str] = field(factory=FrozenMap, converter=text_map, validator=label_map)
    annotations: Mapping[str, str] = field(factory=FrozenMap, converter=text_map, validator=texts_by_label)

    def __attrs_post_init__(self) -> None:
        template = self.template
        if (template.namespace, template.name) != (self.namespace, self.name):
            object.__setattr__(self, "template", renamed(template, self.namespace, self.name))


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
