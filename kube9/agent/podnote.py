"""Which containers a copy of a pod has, by what is written in its folder or on the engine's containers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kube9.agent.commands import CommandFailed

__all__ = ["chosen"]


def chosen(spec: Mapping[str, Any], name: str, pod: str) -> str:
    """The container that is meant: the only one, or the first that is no init container, where none is said.

    :raises CommandFailed: there is none of that name.
    """
    names: Sequence[str] = [each["name"] for each in spec.get("containers", ())]
    all_names = [*(each["name"] for each in spec.get("initContainers", ())), *names]
    if not name and names:
        return names[0]
    if name not in all_names:
        raise CommandFailed("InvalidInput", f"pod {pod!r} has no container {name!r}; it has {', '.join(all_names)}")
    return name
