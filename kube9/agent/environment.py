"""The variables of a container, and the texts of the configs of its pod."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["config_text", "config_texts", "variables"]

_DEVICES = "KUBE9_DEVICES_"


def variables(container: Mapping[str, Any], spec: Mapping[str, Any], devices: Mapping[str, Sequence[int]]) -> list[str]:
    """As the engine takes them, ``NAME=value``. Which devices the pod may use is in ``KUBE9_DEVICES_GPU`` and the like.

    :raises ValueError: one points to a text that is not there.
    """
    found: dict[str, str] = {}
    for each in container.get("env", ()):
        found[each["name"]] = _value(each, spec)
    for kind, indices in devices.items():
        found[_DEVICES + re.sub(r"[^A-Z0-9]", "_", kind.upper())] = ",".join(str(index) for index in indices)
    return [f"{name}={value}" for name, value in found.items()]


def _value(variable: Mapping[str, Any], spec: Mapping[str, Any]) -> str:
    source = variable.get("valueFrom")
    if not source:
        return str(variable.get("value") or "")
    of = source.get("secretKeyRef") or source.get("configMapKeyRef") or {}
    return config_text(spec, of.get("name", ""), of.get("key", ""))


def config_texts(spec: Mapping[str, Any], name: str) -> Mapping[str, str]:
    """The texts of one of the pod's configs, by their keys.

    :raises ValueError: it has none of that name.
    """
    for config in spec.get("configs", ()):
        if config["name"] == name:
            texts: Mapping[str, str] = config.get("data") or {}
            return texts
    raise ValueError(f"the pod brings no config {name!r}")


def config_text(spec: Mapping[str, Any], name: str, key: str) -> str:
    """:raises ValueError: there is no such config, or no such key in it."""
    text = config_texts(spec, name).get(key)
    if text is None:
        raise ValueError(f"the pod's config {name!r} has no key {key!r}")
    return text
