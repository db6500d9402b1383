"""What a container sees of its pod's volumes: mounts for the engine, and files to be put into it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kube9.agent import labels
from kube9.agent.archive import File
from kube9.agent.environment import config_text, config_texts
from kube9.agent.quantities import read_quantity

__all__ = ["SUBPATH_API", "files", "holding_mounts", "mounts"]

#: The engine's first version that mounts a part of a volume. Before it, the only way is by the folder's path on the
#: machine, and a link in a volume would then lead a pod to any file there is.
SUBPATH_API = (1, 45)
_FILE_MODE = 0o644
_HELD = "/kube9"


def mounts(
    container: Mapping[str, Any],
    spec: Mapping[str, Any],
    copy_labels: Mapping[str, str],
    api: tuple[int, int],
) -> list[dict[str, Any]]:
    """As the engine takes them; the volumes are made with them.

    :param copy_labels: what is written on everything of this copy of the pod.
    :raises ValueError: it asks for what this engine cannot do.
    """
    return [
        _mount(each, volume, copy_labels, api) for each, volume in _mounted(container, spec) if not _is_config(volume)
    ]


def holding_mounts(spec: Mapping[str, Any], copy_labels: Mapping[str, str]) -> list[dict[str, Any]]:
    """Of the pod's volumes in memory, for a container that lasts: the engine drops what no container uses just now."""
    return [
        _mount({"mountPath": f"{_HELD}/{volume['name']}"}, volume, copy_labels, SUBPATH_API)
        for volume in spec.get("volumes", ())
        if (volume.get("emptyDir") or {}).get("medium") == "Memory"
    ]


def files(container: Mapping[str, Any], spec: Mapping[str, Any]) -> list[File]:
    """Of its config volumes.

    :raises ValueError: one names a text that is not there.
    """
    return [
        file for each, volume in _mounted(container, spec) if _is_config(volume) for file in _files(each, volume, spec)
    ]


def _mounted(
    container: Mapping[str, Any], spec: Mapping[str, Any]
) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    volumes = {volume["name"]: volume for volume in spec.get("volumes", ())}
    for each in container.get("volumeMounts", ()):
        if each["name"] not in volumes:
            raise ValueError(f"the pod has no volume {each['name']!r}")
        yield each, volumes[each["name"]]


def _is_config(volume: Mapping[str, Any]) -> bool:
    return "configMap" in volume or "secret" in volume


def _mount(
    each: Mapping[str, Any], volume: Mapping[str, Any], copy_labels: Mapping[str, str], api: tuple[int, int]
) -> dict[str, Any]:
    part = each.get("subPath", "")
    if part and api < SUBPATH_API:
        raise ValueError(f"volume {volume['name']}: this node's engine mounts no subPath; Docker 26 or later does")
    options = {"NoCopy": True, **_volume(volume, copy_labels), **({"Subpath": part} if part else {})}
    name = options.pop("Name")
    mount = {"Type": "volume", "Source": name, "Target": each["mountPath"], "VolumeOptions": options}
    return {**mount, "ReadOnly": True} if each.get("readOnly") else mount


def _volume(volume: Mapping[str, Any], copy_labels: Mapping[str, str]) -> dict[str, Any]:
    named = volume.get("namedVolume")
    if named is not None:
        # It outlives the pod and the node's restarts, so that nothing of either is written on it.
        kept = {label: copy_labels[label] for label in (labels.CLUSTER, labels.NODE, labels.NODE_UID)}
        name = f"kube9_{kept[labels.CLUSTER]}_{kept[labels.NODE]}_{named['name']}"
        return {"Name": name, "Labels": {**kept, labels.ROLE: "volume"}}
    empty = volume.get("emptyDir") or {}
    marks = [copy_labels[label] for label in (labels.CLUSTER, labels.POD_UID, labels.EPOCH)]
    made = {
        "Name": "_".join(["kube9", *marks, volume["name"]]),
        "Labels": {**copy_labels, labels.ROLE: "volume"},
    }
    if empty.get("medium") != "Memory":
        return made
    options = {"type": "tmpfs", "device": "tmpfs"}
    if empty.get("sizeLimit") is not None:
        options["o"] = f"size={read_quantity(empty['sizeLimit'], 'memory')}"
    return {**made, "DriverConfig": {"Name": "local", "Options": options}}


def _files(each: Mapping[str, Any], volume: Mapping[str, Any], spec: Mapping[str, Any]) -> Iterator[File]:
    source = volume.get("secret") or volume.get("configMap") or {}
    name = source.get("secretName") or source.get("name", "")
    mode, path, part = source.get("defaultMode", _FILE_MODE), each["mountPath"], each.get("subPath", "").strip("/")
    items = source.get("items")
    inside = (
        {item["path"]: config_text(spec, name, item["key"]) for item in items} if items else config_texts(spec, name)
    )
    if part and not any(at == part or at.startswith(f"{part}/") for at in inside):
        raise ValueError(f"volume {volume['name']}: it has no file {part!r}")
    for at, text in inside.items():
        data = text.encode("utf-8")
        if part and at == part:
            yield File(path, data, mode, path.rpartition("/")[0])
        elif not part or at.startswith(f"{part}/"):
            yield File(f"{path.rstrip('/')}/{at[len(part) :].lstrip('/')}", data, mode, path.rstrip("/"))
