"""Volumes of a pod."""

from __future__ import annotations

from typing import Any

from kube9.core.containers import ConfigVolume, EmptyDir, NamedVolume, Volume
from kube9.core.frozen import FrozenMap
from kube9.core.limits import MODE_MAX
from kube9.core.texts import stays_below
from kube9.manifest.configs import referred
from kube9.manifest.names import data_key, name_label, subdomain
from kube9.manifest.reader import NOTHING, Read, Reader
from kube9.manifest.scalars import boolean, choice, filled_text, list_of, quantity, unique, whole
from kube9.manifest.shape import Shape, honoured, refused

__all__ = ["CONFIG_ITEM", "CONFIG_VOLUME", "EMPTY_DIR", "NAMED_VOLUME", "SECRET_VOLUME", "VOLUME", "read_volumes"]


def relative_path(reader: Reader, value: Any) -> Any:
    """A path that stays below where it begins."""
    found = filled_text(reader, value)
    if found is not NOTHING and not stays_below(found):
        return reader.expected("a path without '/' at its start and without '..'", value)
    return found


EMPTY_DIR = Shape(
    "emptyDir",
    honoured("medium", choice({"": False, "Memory": True}), "`Memory` or empty", to="in_memory"),
    honoured("sizeLimit", quantity("memory"), "quantity", to="size_limit_bytes"),
)
CONFIG_ITEM = Shape(
    "item of a configMap or secret volume",
    honoured("key", data_key, "name", required=True),
    honoured("path", relative_path, "relative path", required=True, says="The file's name in the volume."),
    refused("mode", "all files of a volume have its defaultMode"),
)


def _read_item(reader: Reader, value: Any) -> Any:
    before = reader.faults
    found = CONFIG_ITEM.read(reader, value)
    return NOTHING if reader.faults != before or found is None else (found["key"], found["path"])


def _read_items(reader: Reader, value: Any) -> Any:
    found = list_of(_read_item)(reader, value)
    if found is NOTHING:
        return NOTHING
    unique(reader, value, "item with key", "key")
    return FrozenMap(found)


def _config_shape(title: str, name_field: str) -> Shape:
    return Shape(
        title,
        honoured(name_field, subdomain, "name", to="config", required=True),
        honoured("items", _read_items, "list of items", says="Only these keys, and under which names."),
        honoured("defaultMode", whole(0, MODE_MAX), "whole number", to="mode", says="Permissions of the files: 0644."),
        honoured("optional", boolean, "boolean", says="Empty, with a warning, where there is none."),
    )


CONFIG_VOLUME = _config_shape("configMap volume", "name")
SECRET_VOLUME = _config_shape("secret volume", "secretName")


def _read_empty_dir(reader: Reader, value: Any) -> Any:
    before = reader.faults
    found = EMPTY_DIR.read(reader, value)
    return NOTHING if found is None else reader.made(EmptyDir, found, before)


def _config_volume(shape: Shape, *, secret: bool) -> Read:
    def read(reader: Reader, value: Any) -> Any:
        before = reader.faults
        found = shape.read(reader, value)
        if found is None or reader.faults != before:
            return NOTHING
        optional = found.pop("optional", False)
        config = referred(reader, found["config"], secret=secret, optional=optional, step=shape.fields[0].name)
        if config is None:
            return EmptyDir() if optional else NOTHING
        missing = [key for key in found.get("items", ()) if key not in config.data]
        for key in missing:
            if optional:
                reader.warn(f"left out, since it is optional and config {config.name!r} has no key {key!r}", "items")
            else:
                reader.problem(f"config {config.name!r} has no key {key!r}", "items")
        if missing:
            found["items"] = FrozenMap({key: path for key, path in found["items"].items() if key not in missing})
            if not found["items"]:
                return EmptyDir()  # no items would be all keys
        return reader.made(ConfigVolume, found, before)

    return read


NAMED_VOLUME = Shape("namedVolume", honoured("name", subdomain, "name", to="volume", required=True))


def _read_named(reader: Reader, value: Any) -> Any:
    before = reader.faults
    found = NAMED_VOLUME.read(reader, value)
    return NOTHING if found is None else reader.made(NamedVolume, found, before)


_ELSEWHERE = "kube9 has emptyDir, configMap, secret and, in kube9/v1, namedVolume"
_SOURCES = ("emptyDir", "configMap", "secret", "namedVolume")

VOLUME = Shape(
    "volume",
    honoured("name", name_label, "name", required=True),
    honoured("emptyDir", _read_empty_dir, "emptyDir", says="A folder that begins empty; also where no source is said."),
    honoured("configMap", _config_volume(CONFIG_VOLUME, secret=False), "configMap volume", says="A file for each key."),
    honoured("secret", _config_volume(SECRET_VOLUME, secret=True), "secret volume", says="A file for each key."),
    honoured("namedVolume", _read_named, "namedVolume", own=True, says="A folder of the node that outlives the pod."),
    refused(
        "persistentVolumeClaim",
        "kube9 has no storage that follows a pod from node to node; a folder that stays on the node is namedVolume, in "
        "apiVersion kube9/v1",
    ),
    refused("hostPath", "a pod sees none of the node's files"),
    *(
        refused(name, _ELSEWHERE)
        for name in (
            *("awsElasticBlockStore", "azureDisk", "azureFile", "cephfs", "cinder", "csi", "downwardAPI", "ephemeral"),
            *("fc", "flexVolume", "flocker", "gcePersistentDisk", "gitRepo", "glusterfs", "image", "iscsi", "nfs"),
            *("photonPersistentDisk", "portworxVolume", "projected", "quobyte", "rbd", "scaleIO", "storageos"),
            "vsphereVolume",
        )
    ),
)


def _read_volume(reader: Reader, value: Any) -> Any:
    before = reader.faults
    found = VOLUME.read(reader, value)
    if found is None:
        return NOTHING
    given = [name for name in _SOURCES if isinstance(value.get(name), dict)]
    if isinstance(value.get("name"), str):
        reader.volumes.add(value["name"])  # even where it has a problem, it is there to be mounted
    if len(given) > 1:
        reader.problem(f"expected one source, got {' and '.join(given)}")
    source = {"source": found[given[0]]} if given and given[0] in found else {}
    return reader.made(Volume, {"name": found.get("name"), **source}, before)


def read_volumes(reader: Reader, value: Any) -> Any:
    """The volumes of a pod, which its containers may mount."""
    found = list_of(_read_volume)(reader, value)
    if found is not NOTHING:
        unique(reader, value, "volume")
    return found
