"""The built-in filter for what runs pods on a node: containers, or processes of the machine itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from posixpath import normpath
from typing import TYPE_CHECKING

from kube9.core.containers import ConfigVolume, Container, EmptyDir

if TYPE_CHECKING:
    from kube9.core.pods import PodSpec
    from kube9.core.ports import BoolArray
    from kube9.core.table import NodeTable

__all__ = ["LABEL", "Runtimes", "container_objection", "process_objection"]

# Reasons are read after a count of nodes as well as after the name of one: "2 limited to processes while ...".

#: Told by nodes whose machine has one or the other; those without it take whatever their backend does.
LABEL = "kube9.io/runtime"


class Runtimes:
    """A node that runs containers needs an image for each, one that runs processes a command, and no more than they."""

    reason = "runtime"
    local = monotone = True

    def fits(self, pod: PodSpec, nodes: NodeTable) -> BoolArray | None:
        mask = None
        for _, refused in self.rejections(pod, nodes):
            mask = ~refused if mask is None else mask & ~refused
        return mask

    def rejections(self, pod: PodSpec, nodes: NodeTable) -> Iterator[tuple[str, BoolArray]]:
        told = nodes.label_values.get(LABEL)
        if not told:
            return
        for runtime, objection in _OBJECTIONS.items():
            if runtime in told and (reason := objection(pod)):
                yield reason, nodes.has_label(LABEL, runtime)


def container_objection(pod: PodSpec) -> str:
    """What a node cannot do with a pod that runs containers; empty if nothing."""
    for container in (*pod.init_containers, *pod.containers):
        if not container.image:
            return f"limited to containers while {container.name} has no image"
    return ""


def process_objection(pod: PodSpec) -> str:
    """What a node cannot do with a pod that runs processes; empty if nothing."""
    for volume in pod.volumes:
        if isinstance(volume.source, EmptyDir) and volume.source.in_memory:
            return f"limited to processes while volume {volume.name} is to be in memory"
    for container in (*pod.init_containers, *pod.containers):
        if not container.command:
            return f"limited to processes while {container.name} has no command"
        if problem := _mount_objection(pod, container):
            return problem
    return ""


def _mount_objection(pod: PodSpec, container: Container) -> str:
    """A process sees the machine's own files: only below its working directory is there a place for others."""
    configs = {volume.name for volume in pod.volumes if isinstance(volume.source, ConfigVolume)}
    place = normpath(container.working_dir) if container.working_dir.startswith("/") else ""
    for mount in container.mounts:
        if not place or not normpath(mount.path).startswith(f"{place.rstrip('/')}/"):
            return f"limited to processes while {mount.path} is not below the workingDir of {container.name}"
        if mount.read_only and mount.name not in configs:
            return f"limited to processes while {mount.path} is not to be written to"
    return ""


_OBJECTIONS: dict[str, Callable[[PodSpec], str]] = {"docker": container_objection, "process": process_objection}
