"""What a pod's containers are where they are processes, and what is needed for that. Nothing here changes anything."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from kube9.agent.brain import StartOrder
from kube9.agent.environment import config_text, config_texts, variables
from kube9.agent.quantities import read_quantity

__all__ = ["VOLUMES", "Link", "ProcessRecipe", "TextFile", "folder_name", "log_path", "process_recipe"]

#: The variable that says where the pod's volumes are.
VOLUMES = "KUBE9_VOLUMES"
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_FOLDER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}\Z")
_FILE_MODE = 0o600
#: By how much more a process gets than one that stands a step further back.
_NICE_STEP, _NICE_MAX = 1.25, 19


class TextFile(NamedTuple):
    path: str
    data: bytes
    mode: int

    def __repr__(self) -> str:
        """Without what is in it, which may be secret."""
        return f"TextFile({self.path!r}, {len(self.data)} bytes)"


class Link(NamedTuple):
    """A place where a container expects a volume."""

    path: str
    to: str


class ProcessRecipe(NamedTuple):
    """One container."""

    argv: tuple[str, ...]
    env: Mapping[str, str]
    cwd: str
    #: 0 for none.
    cpu_milli: int
    memory_bytes: int
    #: How far it stands back where its share of the machine cannot be counted.
    nice: int
    #: Made before it starts, if they are not there.
    folders: tuple[str, ...]
    files: tuple[TextFile, ...]
    links: tuple[Link, ...]


def folder_name(uid: str, epoch: int) -> str:
    """Of a copy.

    :raises ValueError: none can be called so.
    """
    return f"{_name(uid, 'the uid')}-{epoch}"


def log_path(folder: str, container: str, run: int) -> str:
    """Where a container of the copy in that folder writes to, each time that it is started."""
    return f"{folder}/logs/{_name(container, 'the container')}/{run}.log"


def process_recipe(
    order: StartOrder, container: Mapping[str, Any], folder: str, kept: str, cpu_milli: int
) -> ProcessRecipe:
    """:param folder: of the copy.

    :param kept: where volumes are that outlive it.
    :param cpu_milli: of the node.
    :raises ValueError: this cannot be had of a process.
    """
    return _Kitchen(order, container, folder, kept, cpu_milli).recipe()


class _Kitchen:
    def __init__(self, order: StartOrder, container: Mapping[str, Any], folder: str, kept: str, cpu_milli: int) -> None:
        self._spec, self._container, self._order = order.spec, container, order
        self._name = _name(container["name"], "the container")
        self._kept, self._node_cpu_milli = kept, cpu_milli
        self._home, self._volumes = f"{folder}/files/{self._name}", f"{folder}/volumes"
        self._cwd = os.path.normpath(os.path.join(self._home, container.get("workingDir") or "."))

    def recipe(self) -> ProcessRecipe:
        command = self._container.get("command")
        if not command:
            raise ValueError(f"container {self._name}: a process needs a command; its image means nothing here")
        folders = [self._home, self._volumes]
        files: list[TextFile] = []
        links: list[Link] = []
        if _is_below(self._cwd, self._home):
            folders.append(self._cwd)
        for volume in self._spec.get("volumes", ()):
            place = f"{self._volumes}/{_name(volume['name'], 'the volume')}"
            if "namedVolume" in volume:
                source = f"{self._kept}/{_name(volume['namedVolume']['name'], 'the namedVolume')}"
                folders.append(source)
                links.append(Link(place, source))
            else:
                folders.append(place)
                files += self._texts(volume, place)
        links += self._mounts()
        cpu_milli = self._limit("cpu")
        return ProcessRecipe(
            (*command, *self._container.get("args", ())),
            self._env(),
            self._cwd,
            cpu_milli,
            self._limit("memory"),
            _nice(cpu_milli, self._node_cpu_milli),
            tuple(folders),
            tuple(files),
            tuple(links),
        )

    def _env(self) -> dict[str, str]:
        given = (each.partition("=") for each in variables(self._container, self._spec, self._order.devices))
        return {
            "PATH": _PATH,
            "LANG": "C.UTF-8",
            "HOME": self._home,
            **{name: value for name, _, value in given},
            VOLUMES: self._volumes,
        }

    def _limit(self, resource: str) -> int:
        limits = self._container.get("resources", {}).get("limits", {})
        return read_quantity(limits.get(resource, "0"), resource)

    def _texts(self, volume: Mapping[str, Any], place: str) -> Iterator[TextFile]:
        source = volume.get("secret") or volume.get("configMap")
        if source is None:
            if (volume.get("emptyDir") or {}).get("medium") == "Memory":
                raise ValueError(f"volume {volume['name']}: a process node has no emptyDir of medium Memory")
            return
        name, items = source.get("secretName") or source.get("name", ""), source.get("items")
        texts = (
            {item["path"]: config_text(self._spec, name, item["key"]) for item in items}
            if items
            else config_texts(self._spec, name)
        )
        # The machine has other users, whatever the mode says of them.
        mode = source.get("defaultMode", _FILE_MODE) & 0o700
        for at, text in texts.items():
            yield TextFile(f"{place}/{_inside(at, volume['name'])}", text.encode("utf-8"), mode)

    def _mounts(self) -> Iterator[Link]:
        volumes = {volume["name"]: volume for volume in self._spec.get("volumes", ())}
        for each in self._container.get("volumeMounts", ()):
            volume = volumes.get(each["name"])
            if volume is None:
                raise ValueError(f"the pod has no volume {each['name']!r}")
            if each.get("readOnly") and not ("secret" in volume or "configMap" in volume):
                raise ValueError(f"volume {each['name']}: a process node cannot keep it from being written to")
            path = os.path.normpath(each["mountPath"])
            if path == self._cwd or not _is_below(path, self._cwd):
                raise ValueError(
                    f"volume {each['name']}: mountPath {each['mountPath']} is not below the workingDir of container "
                    f"{self._name}, where alone a process node makes it; it is at ${VOLUMES}/{each['name']} in any case"
                )
            part = _inside(each["subPath"], each["name"]) if each.get("subPath") else ""
            yield Link(path, os.path.join(self._volumes, each["name"], part).rstrip("/"))


def _nice(cpu_milli: int, node_cpu_milli: int) -> int:
    """So that those who may take a tenth of the machine have a tenth of the weight."""
    if not 0 < cpu_milli < node_cpu_milli:
        return 0
    return min(_NICE_MAX, round(math.log(node_cpu_milli / cpu_milli, _NICE_STEP)))


def _name(text: str, what: str) -> str:
    if not _FOLDER_NAME.match(text):
        raise ValueError(f"{what} {text!r:.70} cannot be the name of a folder")
    return text


def _inside(path: str, volume: str) -> str:
    """A path that stays in its volume."""
    clean = os.path.normpath(path)
    if clean.startswith(("/", "..")) or clean == "." or "\0" in clean:
        raise ValueError(f"volume {volume}: the path {path!r:.70} leads out of it")
    return clean


def _is_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder.rstrip('/')}/")
