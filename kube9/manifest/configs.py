"""Configs of a pod, and what in it refers to them by name."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from kube9.core.containers import Config, ConfigKey
from kube9.core.frozen import FrozenMap
from kube9.manifest.metadata import read_metadata
from kube9.manifest.names import data_key, subdomain
from kube9.manifest.reader import NOTHING, Read, Reader
from kube9.manifest.scalars import boolean, list_of, text, unique
from kube9.manifest.shape import Shape, honoured, refused

__all__ = [
    "CONFIG",
    "CONFIG_MAP",
    "KEY_REFERENCE",
    "SECRET",
    "key_reference",
    "read_config_document",
    "read_configs",
    "referred",
]


def _data(read_text: Read) -> Read:
    def read(reader: Reader, value: Any) -> Any:
        if not isinstance(value, dict):
            return reader.expected("an object of texts", value)
        found = {}
        for key, given in value.items():
            read_text_here = _absent if given is None else read_text
            sound = reader.below(key, data_key, key)
            result = reader.below(key, read_text_here, given)
            if sound is not NOTHING and result is not NOTHING:
                found[key] = result
        return FrozenMap(found)

    return read


def _absent(reader: Reader, value: Any) -> Any:
    return reader.expected("a text", value, "; secrets' texts are in nothing that kube9 shows, so write them anew")


def _base64(reader: Reader, value: Any) -> Any:
    try:
        if isinstance(value, str):
            return text(reader, base64.b64decode("".join(value.split()), validate=True).decode())
    except (binascii.Error, ValueError):
        pass  # told below, as is what is no text at all
    reader.problem("expected a UTF-8 text in base64; stringData takes it as it is")
    return NOTHING


CONFIG = Shape(
    "config of a Pod",
    honoured("name", subdomain, "name", required=True),
    honoured("data", _data(text), "texts by key", private=True, says="What the containers read."),
    honoured("secret", boolean, "boolean", says="Its texts are shown in no list, event or log."),
)
CONFIG_MAP = Shape(
    "ConfigMap",
    honoured("apiVersion", text, "text", required=True),
    honoured("kind", text, "text", required=True),
    honoured("metadata", read_metadata, "metadata", required=True),
    honoured("data", _data(text), "texts by key", private=True),
    refused("binaryData", "the texts of a config are UTF-8"),
    honoured("immutable", boolean, "boolean", says="Each pod has its own copy, which never changes."),
)
SECRET = Shape(
    "Secret",
    honoured("apiVersion", text, "text", required=True),
    honoured("kind", text, "text", required=True),
    honoured("metadata", read_metadata, "metadata", required=True),
    honoured("data", _data(_base64), "texts in base64 by key", private=True),
    honoured("stringData", _data(text), "texts by key", private=True, says="Wins over `data`."),
    honoured("type", text, "text", says="Of no meaning to kube9."),
    honoured("immutable", boolean, "boolean", says="Each pod has its own copy, which never changes."),
)


def _read_config(reader: Reader, value: Any) -> Any:
    before = reader.faults
    found = CONFIG.read(reader, value)
    return NOTHING if found is None else reader.made(Config, found, before)


def read_configs(reader: Reader, value: Any) -> Any:
    """The configs of a pod, which what is read after them may name."""
    reader.private += 1
    found = list_of(_read_config)(reader, value)
    reader.private -= 1
    if found is not NOTHING:
        unique(reader, value, "config")
        reader.configs.update((config.name, config) for config in found)
    return found


def read_config_document(reader: Reader, document: dict[str, Any]) -> tuple[str, Config] | None:
    """The namespace of a ``v1`` ConfigMap or Secret, and the config that pods get which name it."""
    before, secret = reader.faults, document.get("kind") == "Secret"
    found = (SECRET if secret else CONFIG_MAP).read(reader, document)
    if found is None or reader.faults != before:
        return None
    data = FrozenMap({**found.get("data", {}), **found.get("stringData", {})})
    return reader.namespace, Config(name=reader.metadata["name"], data=data, secret=secret)


def referred(reader: Reader, name: str, *, secret: bool, optional: bool, step: str = "name") -> Config | None:
    """The config called ``name``, which becomes the pod's own where it comes from a document beside it.

    ``None`` where there is none: a problem, unless it is ``optional``.
    """
    kind = "Secret" if secret else "ConfigMap"
    beside = reader.nearby.get((kind, reader.namespace, name))
    config = reader.configs.get(name)
    if config is None and beside is not None:
        config = reader.configs[name] = beside
    if config is None:
        if optional:
            reader.warn(f"left out, since it is optional and there is no {kind} {name!r}")
        else:
            reader.problem(_missing(reader, kind, name), step)
        return None
    if config.secret != secret:
        reader.problem(_other_kind(config), step)
        return None
    return config


def _missing(reader: Reader, kind: str, name: str) -> str:
    if reader.own:
        known = ", ".join(sorted(reader.configs)) or "none"
        return f"there is no config {name!r} under spec.configs; there: {known}"
    return (
        f"there is no {kind} {name!r}: kube9 keeps no {kind}s by themselves. Put a v1 {kind} of that name into the "
        "same set of documents, or its texts under spec.configs of the pod with apiVersion: kube9/v1"
    )


def _other_kind(config: Config) -> str:
    is_secret, how = ("a secret", "secret") if config.secret else ("no secret", "configMap")
    return f"config {config.name!r} is {is_secret}; refer to it as {how}, or give the other one another name"


def _key_shape(kind: str) -> Shape:
    return Shape(
        f"reference to a key of a {kind}",
        honoured("name", subdomain, "name", required=True),
        honoured("key", data_key, "name", required=True),
        honoured("optional", boolean, "boolean", says="Left out, with a warning, where there is none."),
    )


#: By whether it is of a secret.
KEY_REFERENCE = {False: _key_shape("config"), True: _key_shape("secret")}


def key_reference(*, secret: bool) -> Read:
    """``{name, key, optional}`` as a :class:`ConfigKey`; ``NOTHING`` where it is optional and there is none."""

    def read(reader: Reader, value: Any) -> Any:
        before = reader.faults
        found = KEY_REFERENCE[secret].read(reader, value)
        if found is None or reader.faults != before:
            return NOTHING
        name, key, optional = found["name"], found["key"], found.get("optional", False)
        config = referred(reader, name, secret=secret, optional=optional)
        if config is None:
            return NOTHING
        if key not in config.data:
            if optional:
                reader.warn(f"left out, since it is optional and config {name!r} has no key {key!r}")
            else:
                reader.problem(f"config {name!r} has no key {key!r}; it has: {', '.join(config.data) or 'none'}", "key")
            return NOTHING
        return ConfigKey(name, key)

    return read
