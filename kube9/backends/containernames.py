"""Which container of a pod is meant."""

from __future__ import annotations

from kube9.core.errors import InvalidInput
from kube9.core.pods import PodSpec

__all__ = ["meant_container"]


def meant_container(spec: PodSpec, name: str = "") -> str:
    """The container ``name`` or, where that is empty, the first that is no init container; empty if there is none.

    :raises InvalidInput: there is none of that name.
    """
    names = [container.name for container in spec.containers]
    if not name:
        return names[0] if names else ""
    names += [container.name for container in spec.init_containers]
    if name not in names:
        there = f"it has {', '.join(names)}" if names else "it has none"
        raise InvalidInput(f"pod {spec.name!r} has no container {name!r}; {there}")
    return name
