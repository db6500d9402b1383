"""Deployments."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from kube9.core.affinity import NodeRequirement, Operator
from kube9.core.containers import RestartPolicy
from kube9.core.deployments import NAME_CHARS_MAX, DeploymentSpec
from kube9.core.limits import REPLICAS_MAX
from kube9.manifest.metadata import read_metadata, read_template_metadata
from kube9.manifest.names import label_key
from kube9.manifest.pods import read_pod_spec
from kube9.manifest.reader import NOTHING, Reader
from kube9.manifest.scalars import choice, labels, list_of, text, texts, whole
from kube9.manifest.shape import Shape, honoured, refused, warned

__all__ = [
    "DEPLOYMENT",
    "DEPLOYMENT_SPEC",
    "EXPRESSION",
    "ROLLING_UPDATE",
    "SELECTOR",
    "STRATEGY",
    "TEMPLATE",
]

_PERCENT = re.compile(r"([0-9]{1,3})%", re.ASCII)


def _missing_allowed(reader: Reader, value: Any) -> Any:
    """A number of pods, or a percentage as a negative number."""
    match = _PERCENT.fullmatch(value) if isinstance(value, str) else None
    if match is not None and 0 < int(match[1]) <= 100:
        return -int(match[1])
    if value == 0 or (match is not None and int(match[1]) == 0):
        reader.problem("must be at least 1: kube9 stops a pod before it starts the next one")
        return NOTHING
    if type(value) is int and 0 < value <= REPLICAS_MAX:
        return value
    return reader.expected("a whole number of pods, or a percentage such as 25%", value)


ROLLING_UPDATE = Shape(
    "rollingUpdate",
    honoured("maxUnavailable", _missing_allowed, "whole number or percentage", says="1 where it is unsaid."),
    warned("maxSurge", "kube9 starts no pod before the one that it replaces has stopped", quiet=(0, "0%")),
)


def _strategy_type(reader: Reader, value: Any) -> Any:
    if value == "Recreate":
        reader.problem("Recreate is not supported: kube9 replaces pods a few at a time; see rollingUpdate")
        return NOTHING
    return choice({"RollingUpdate": "RollingUpdate"})(reader, value)


def _read_rolling_update(reader: Reader, value: Any) -> Any:
    found = ROLLING_UPDATE.read(reader, value)
    return NOTHING if found is None else found.get("maxUnavailable", NOTHING)


STRATEGY = Shape(
    "strategy",
    honoured("type", _strategy_type, "`RollingUpdate`", says="`Recreate` is refused."),
    honoured("rollingUpdate", _read_rolling_update, "rollingUpdate"),
)


def _read_strategy(reader: Reader, value: Any) -> Any:
    found = STRATEGY.read(reader, value)
    return NOTHING if found is None else found.get("rollingUpdate", NOTHING)


_SELECTING = {each.value: each for each in (Operator.IN, Operator.NOT_IN, Operator.EXISTS, Operator.DOES_NOT_EXIST)}

EXPRESSION = Shape(
    "requirement of selector",
    honoured("key", label_key, "name", required=True),
    honoured("operator", choice(_SELECTING), ", ".join(f"`{name}`" for name in _SELECTING), required=True),
    honoured("values", texts, "list of texts"),
)


def _read_expression(reader: Reader, value: Any) -> Any:
    before = reader.faults
    found = EXPRESSION.read(reader, value)
    return NOTHING if found is None else reader.made(NodeRequirement, found, before)


SELECTOR = Shape(
    "selector",
    honoured("matchLabels", labels, "labels"),
    honoured("matchExpressions", list_of(_read_expression), "list of requirements"),
)


def _read_selector(reader: Reader, value: Any) -> Any:
    before = reader.faults
    found = SELECTOR.read(reader, value)
    if found is None or reader.faults != before:
        return NOTHING
    if not any(found.values()):
        reader.problem("must not be empty")
    return found


TEMPLATE = Shape(
    "template",
    honoured("metadata", read_template_metadata, "metadata of a Deployment's template"),
    honoured("spec", read_pod_spec, "spec of a Pod", required=True, says="Its restartPolicy is `Always`."),
    first=("metadata",),
)


def _read_template(reader: Reader, value: Any) -> Any:
    deployment = reader.metadata
    reader.metadata = {name: deployment[name] for name in ("name", "namespace") if name in deployment}
    found = TEMPLATE.read(reader, value)
    reader.metadata = deployment
    if found is None or "spec" not in found:
        return NOTHING
    spec = found["spec"]
    if spec.restart_policy is not RestartPolicy.ALWAYS:
        reader.problem(
            f"must be Always, got {spec.restart_policy.value}: a deployment keeps its pods up", "spec", "restartPolicy"
        )
    return spec


_AS_THEY_COME = "kube9 counts a pod as there as soon as it runs"

DEPLOYMENT_SPEC = Shape(
    "spec of a Deployment",
    honoured("replicas", whole(0, REPLICAS_MAX), "whole number", says="1 where it is unsaid."),
    honoured(
        "selector",
        _read_selector,
        "selector",
        says="Must match the template's labels; a deployment knows its pods without it. Required in `apps/v1`.",
    ),
    honoured("template", _read_template, "template", required=True),
    honoured("strategy", _read_strategy, "strategy", to="max_unavailable"),
    warned("minReadySeconds", _AS_THEY_COME, quiet=(0,)),
    warned("progressDeadlineSeconds", "kube9 tries for as long as it takes"),
    warned("revisionHistoryLimit", "kube9 keeps no templates of the past"),
    refused("paused", "kube9 takes up a new template as soon as it comes"),
)


def read_deployment_spec(reader: Reader, value: Any) -> Any:
    before = reader.faults
    found = DEPLOYMENT_SPEC.read(reader, value)
    if found is None:
        return NOTHING
    selector = found.pop("selector", None)
    if not reader.own and value.get("selector") is None:
        reader.problem("is required", "selector")
    if "template" in found and selector:
        _check_selector(reader, selector, found["template"].labels)
    if "max_unavailable" in found:
        found["max_unavailable"] = _pods(found["max_unavailable"], found.get("replicas", 1))
    return reader.named(DeploymentSpec, found, before)


def _check_selector(reader: Reader, selector: dict[str, Any], template: Mapping[str, str]) -> None:
    for key, value in selector.get("matchLabels", {}).items():
        if template.get(key) != value:
            reader.problem(
                f"the template's labels do not have {key}: {value}; a selector must match them",
                *("selector", "matchLabels", key),
            )
    for index, requirement in enumerate(selector.get("matchExpressions", ())):
        if not requirement.matches(template):
            reader.problem(
                f"the template's labels do not meet {requirement}; a selector must match them",
                *("selector", "matchExpressions", index),
            )


def _pods(allowed: int, replicas: int) -> int:
    """A share of the replicas, which stands as a negative number, in pods: rounded down, but at least one."""
    return allowed if allowed > 0 else max(1, replicas * -allowed // 100)


def _read_own_metadata(reader: Reader, value: Any) -> Any:
    found = read_metadata(reader, value)
    if found is not NOTHING and len(found.get("name", "")) > NAME_CHARS_MAX:
        reader.problem(f"has at most {NAME_CHARS_MAX} characters for a Deployment; its pods add a number", "name")
        del found["name"]  # which the core would refuse once more
    return found


DEPLOYMENT = Shape(
    "Deployment",
    honoured("apiVersion", text, "`kube9/v1` or `apps/v1`"),
    honoured("kind", text, "`Deployment`"),
    honoured("metadata", _read_own_metadata, "metadata", required=True),
    honoured("spec", read_deployment_spec, "spec of a Deployment", required=True),
    warned("status", "kube9 keeps this itself"),
    first=("metadata",),
)
