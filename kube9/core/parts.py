"""The parts of one pod: that each has a name of its own, and that what they name is there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from kube9.core.affinity import NodeSelectorTerm
from kube9.core.containers import Config, ConfigVolume, Container, Volume
from kube9.core.errors import InvalidInput
from kube9.core.quantities import QUANTITY_MAX
from kube9.core.texts import LABEL_KEY, check_text, check_unique

__all__ = ["NODE_NAME", "check_affinity", "check_parts", "check_total"]

#: The only field of a node that can be asked for.
NODE_NAME = "metadata.name"

#: The texts of configs, by key, by the config's name.
Texts = Mapping[str, Mapping[str, str]]


def check_parts(
    containers: Sequence[Container],
    init_containers: Sequence[Container],
    volumes: Sequence[Volume],
    configs: Sequence[Config],
) -> None:
    """:raises InvalidInput: two of a kind have one name, or something names what is not there."""
    check_unique("containers", (each.name for each in (*containers, *init_containers)))
    check_unique("volumes", (each.name for each in volumes))
    check_unique("configs", (each.name for each in configs))
    texts = {config.name: config.data for config in configs}
    for volume in volumes:
        if isinstance(volume.source, ConfigVolume):
            _check_keys(f"volumes: {volume.name}", volume.source.config, volume.source.items, texts)
    mountable = {volume.name for volume in volumes}
    for container in (*containers, *init_containers):
        _check_container(container, mountable, texts)
    for container in init_containers:
        if container.liveness or container.readiness or container.startup:
            raise InvalidInput(f"init_containers: {container.name} has a probe, which an init container cannot have")


def _check_container(container: Container, mountable: set[str], texts: Texts) -> None:
    for mount in container.mounts:
        if mount.name not in mountable:
            raise InvalidInput(
                f"containers: {container.name} mounts {mount.name!r}; the pod's volumes are {_listed(mountable)}"
            )
    for variable in container.env:
        if variable.source is not None:
            what = f"containers: {container.name}: {variable.name}"
            _check_keys(what, variable.source.config, (variable.source.key,), texts)


def _check_keys(what: str, config: str, keys: Iterable[str], texts: Texts) -> None:
    if config not in texts:
        raise InvalidInput(f"{what} is from the config {config!r}; the pod's configs are {_listed(texts)}")
    for key in keys:
        if key not in texts[config]:
            there = _listed(texts[config])
            raise InvalidInput(f"{what} is from the key {key!r} of the config {config!r}, whose keys are {there}")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none"


def check_total(requests: Mapping[str, int]) -> None:
    """:raises InvalidInput: containers, none of which asks for too much, do so together."""
    for resource, amount in requests.items():
        if amount > QUANTITY_MAX:
            raise InvalidInput(
                f"containers: they ask for {amount} of {resource} in all, expected at most {QUANTITY_MAX}"
            )


def check_affinity(terms: Sequence[NodeSelectorTerm]) -> None:
    """:raises InvalidInput: a term is about what no node has, or against what cannot be stored."""
    for term in terms:
        for asked in term.expressions:
            if not LABEL_KEY.allows(asked.key):
                raise InvalidInput(f"node_affinity: {asked.key!r:.70} must be {LABEL_KEY.words}")
        for asked in term.fields:
            if asked.key != NODE_NAME:
                raise InvalidInput(
                    f"node_affinity: a field must be {NODE_NAME}, the only one there is, got {asked.key!r:.70}"
                )
        for asked in (*term.expressions, *term.fields):
            for value in asked.values:
                check_text(f"node_affinity: a value of {asked.key}", value)
