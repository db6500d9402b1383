"""Manifests put together from options, such as ``--cpu 2 --label app=web --taint spot:NoExecute``.

Only their form is read here; whether a pod or node can be like that is for the server to say.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kube9.core.errors import InvalidInput
from kube9.files.fields import taints, tolerations

__all__ = ["added_documents", "device", "key_values", "node_document", "pod_document", "taint", "toleration"]


#: What a machine has is for its backend to find out.
AUTO = "auto"


def key_values(option: str, texts: Iterable[str]) -> dict[str, str]:
    """``key=value`` each, as it was given to ``option``.

    :raises InvalidInput: one of another form, or a key that is given twice.
    """
    values: dict[str, str] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not key or not equals:
            raise InvalidInput(f"{option}: expected key=value, got {text!r}")
        if key in values:
            raise InvalidInput(f"{option}: {key!r} is given twice")
        values[key] = value
    return values


def taint(text: str) -> dict[str, str]:
    """``dedicated=gpu:NoSchedule`` or ``spot:NoExecute``."""
    try:
        (read,) = taints(text)
    except ValueError as exc:
        raise InvalidInput(f"--taint: {exc}") from exc
    return _given(key=read.key, value=read.value, effect=read.effect.value)


def toleration(text: str) -> dict[str, str]:
    """``dedicated=gpu:NoSchedule``, ``spot`` with any value and effect, or ``*`` for every taint."""
    try:
        (read,) = tolerations(text)
    except ValueError as exc:
        raise InvalidInput(f"--toleration: {exc}") from exc
    operator = "Exists" if read.exists else "Equal"
    effect = read.effect.value if read.effect else ""
    return _given(key=read.key, operator=operator, value=read.value, effect=effect)


def device(text: str, *, model_key: str) -> dict[str, Any]:
    """``kind=gpu,count=8,milli=1000,model=V100``, of which only the kind must be there."""
    parts = key_values("--device", text.split(","))
    if unknown := sorted(parts.keys() - {"kind", "count", "milli", "model"}):
        raise InvalidInput(f"--device: there is no {unknown[0]!r}; expected kind, count, milli and model")
    if "kind" not in parts:
        raise InvalidInput(f"--device: the kind is missing in {text!r}, as in kind=gpu,count=8")
    numbers: dict[str, Any] = {key: _whole(key, parts[key]) for key in ("count", "milli") if key in parts}
    model = parts.get("model")
    models: dict[str, Any] = {} if model is None else {model_key: model.split("|") if model_key == "models" else model}
    return {"kind": parts["kind"], "count": 1, **numbers, **models}


def _whole(key: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise InvalidInput(f"--device: {key} must be a whole number, got {text!r}")
    return int(text)


def node_document(name: str, **given: Any) -> dict[str, Any]:
    """The manifest of a node from the options of ``kube9 node add``."""
    amounts = {key: given[key] for key in ("cpu", "memory", "pods") if given[key] != AUTO}
    reached = _given(**{key: given.get(key) for key in ("host", "user", "port", "key")})
    options = key_values("--option", given["options"])
    if twice := sorted(reached.keys() & options.keys()):
        raise InvalidInput(f"--option: {twice[0]!r} is given by --{twice[0]} too")
    capacity = {
        **_given(**amounts),
        **key_values("--capacity", given["capacity"]),
    }
    spec = _given(
        backend=given["backend"],
        capacity=capacity,
        devices=[device(text, model_key="model") for text in given["devices"]],
        taints=[taint(text) for text in given["taints"]],
        options={**options, **reached},
    )
    return _document("Node", _given(name=name, labels=key_values("--label", given["labels"])), spec)


def added_documents(specs: Iterable[str]) -> list[dict[str, Any]]:
    """The manifests of the nodes that each ``--add`` stands for, under names of their own where a spec says none.

    :raises InvalidInput: one is neither a spec nor a node file, or does not say how many.
    """
    from kube9.manifest import node_spec_document
    from kube9.simulator.nodespec import NodePlan, parse_nodes

    plans = [
        parse_nodes(text, option="--add", prefix=f"new{number if number > 1 else ''}")
        for number, text in enumerate(specs, start=1)
    ]
    plan = NodePlan.join(plans, option="--add")
    if plan.auto is not None:
        raise InvalidInput("--add: auto: is for simulations; say how many, as in 4xcpu=4,memory=8Gi")
    return [node_spec_document(node) for node in plan.nodes]


def pod_document(name: str, **given: Any) -> dict[str, Any]:
    """The manifest of a pod from the options of ``kube9 pod run``."""
    requests = {**_given(cpu=given["cpu"], memory=given["memory"]), **key_values("--requests", given["requests"])}
    env = [{"name": key, "value": value} for key, value in key_values("--env", given["env"]).items()]
    runs = given["image"] or given["command"] or env
    container = _given(
        name="main",
        image=given["image"],
        command=list(given["command"]),
        env=env,
        resources=_given(requests=requests),
    )
    spec = _given(
        schedulerName=given["scheduler"],
        priority=given["priority"],
        restartPolicy=given["restart"],
        nodeSelector=key_values("--node-selector", given["node_selector"]),
        tolerations=[toleration(text) for text in given["tolerations"]],
        devices=[device(text, model_key="models") for text in given["devices"]],
        containers=[container] if runs else None,
        requests=None if runs else requests,
    )
    metadata = _given(name=name, namespace=given["namespace"], labels=key_values("--label", given["labels"]))
    return _document("Pod", metadata, spec)


def _document(kind: str, metadata: dict[str, Any], spec: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": "kube9/v1", "kind": kind, "metadata": metadata, "spec": spec}


def _given(**parts: Any) -> dict[str, Any]:
    """Those parts that say something."""
    return {key: value for key, value in parts.items() if value is not None and value != "" and value not in ([], {})}
