"""Environment variables of a container."""

from __future__ import annotations

from typing import Any

from kube9.core.containers import ConfigKey, EnvVar
from kube9.manifest.configs import key_reference, referred
from kube9.manifest.names import env_name, subdomain
from kube9.manifest.reader import NOTHING, Read, Reader
from kube9.manifest.scalars import boolean, list_of, text
from kube9.manifest.shape import Shape, honoured, refused

__all__ = ["CONFIG_SOURCE", "ENV_FROM", "ENV_SOURCE", "ENV_VAR", "merged", "read_env", "read_env_from"]

_DOWNWARD = "kube9 has no downward API; write the value itself"

ENV_SOURCE = Shape(
    "valueFrom of env",
    honoured("configMapKeyRef", key_reference(secret=False), "reference to a key"),
    honoured("secretKeyRef", key_reference(secret=True), "reference to a key"),
    refused("fieldRef", _DOWNWARD),
    refused("resourceFieldRef", _DOWNWARD),
    refused("fileKeyRef", "kube9 reads variables from configs only"),
)


def _read_source(reader: Reader, value: Any) -> Any:
    before = reader.faults
    found = ENV_SOURCE.read(reader, value)
    if found is None or reader.faults != before:
        return NOTHING
    given = [name for name in ("configMapKeyRef", "secretKeyRef") if value.get(name) is not None]
    if len(given) != 1:
        reader.problem(f"expected exactly one of configMapKeyRef and secretKeyRef, got {len(given) or 'none'}")
        return NOTHING
    return found.get(given[0])  # None: optional, and there is none


ENV_VAR = Shape(
    "variable of env",
    honoured("name", env_name, "name", required=True),
    honoured("value", text, "text", private=True),
    honoured("valueFrom", _read_source, "source", to="source"),
)


def _read_variable(reader: Reader, value: Any) -> Any:
    before = reader.faults
    found = ENV_VAR.read(reader, value)
    if found is None or reader.faults != before:
        return NOTHING
    if "source" in found:
        if found.get("value"):
            reader.problem("expected value or valueFrom, got both")
            return NOTHING
        if found["source"] is None:
            return NOTHING
        found.pop("value", None)
    return EnvVar(**found)


read_env = list_of(_read_variable)

CONFIG_SOURCE = Shape(
    "source of envFrom",
    honoured("name", subdomain, "name", required=True),
    honoured("optional", boolean, "boolean", says="Left out, with a warning, where there is none."),
)


def _config_source(*, secret: bool) -> Read:
    def read(reader: Reader, value: Any) -> Any:
        before = reader.faults
        found = CONFIG_SOURCE.read(reader, value)
        if found is None or reader.faults != before:
            return NOTHING
        return referred(reader, found["name"], secret=secret, optional=found.get("optional", False)) or NOTHING

    return read


ENV_FROM = Shape(
    "item of envFrom",
    honoured("prefix", text, "text", says="Stands before each key."),
    honoured("configMapRef", _config_source(secret=False), "source"),
    honoured("secretRef", _config_source(secret=True), "source"),
)


def _read_from(reader: Reader, value: Any) -> Any:
    before = reader.faults
    found = ENV_FROM.read(reader, value)
    if found is None or reader.faults != before:
        return NOTHING
    given = [name for name in ("configMapRef", "secretRef") if value.get(name) is not None]
    if len(given) != 1:
        reader.problem(f"expected exactly one of configMapRef and secretRef, got {len(given) or 'none'}")
        return NOTHING
    config, prefix = found.get(given[0]), found.get("prefix", "")
    if config is None:
        return ()
    longest = prefix + max(config.data, key=len, default="")
    if prefix and reader.below("prefix", env_name, longest) is NOTHING:
        return ()
    return tuple(EnvVar(name=prefix + key, source=ConfigKey(config.name, key)) for key in config.data)


def read_env_from(reader: Reader, value: Any) -> Any:
    """One variable for each key of each of the configs, in order."""
    found = list_of(_read_from)(reader, value)
    return found if found is NOTHING else tuple(variable for each in found for variable in each)


def merged(reader: Reader, env_from: tuple[EnvVar, ...], env: tuple[EnvVar, ...]) -> tuple[EnvVar, ...]:
    """One variable of each name: ``env`` wins over ``env_from``, and later over earlier."""
    variables = {variable.name: variable for variable in env_from}
    if not variables and len({variable.name for variable in env}) == len(env):
        return env
    seen: set[str] = set()
    for variable in env:
        if variable.name in seen:
            reader.warn(f"{variable.name!r} is there more than once; the last one counts", "env")
        seen.add(variable.name)
        variables.pop(variable.name, None)  # so that it stands where its last one does
        variables[variable.name] = variable
    return tuple(variables.values())
