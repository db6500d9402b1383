"""The value of ``--nodes``: a node file, or a line that says how many nodes of which shape."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TypeVar

from attrs import evolve, frozen

from kube9.core.errors import DuplicateName, InvalidInput
from kube9.core.nodes import DeviceGroup, NodeSpec, Taint
from kube9.files.fields import amount_of, labels, taints, whole
from kube9.files.resources import PREFIX, check_resource
from kube9.files.text import exists
from kube9.simulator.nodefile import read_nodes

__all__ = ["NodePlan", "parse_nodes"]

T = TypeVar("T")

#: The most nodes one spec may ask for: a typing error must not fill the memory.
COUNT_MAX = 1_000_000

_OPTION = "--nodes"
_AUTO = "auto:"
_COUNTED = re.compile(r"(\d{1,18})x(?=.)", re.ASCII)
_RESOURCES = ("cpu", "memory", "pods")
_KEYS = (*_RESOURCES, "gpu", "gpu_milli", "name")
_EXAMPLES = "100xcpu=32,memory=128Gi,gpu=8:V100 or auto:cpu=4"


@frozen(kw_only=True)
class NodePlan:
    """The nodes of a simulation: those there from the beginning, and the shape of those opened when needed."""

    nodes: tuple[NodeSpec, ...] = ()
    #: Opened once more whenever a pod fits on no open node; ``None`` where no further node is to be had.
    auto: NodeSpec | None = None

    def opened(self, number: int) -> NodeSpec:
        """The node opened as the ``number``-th, counted from 1; only for a plan with ``auto``."""
        if self.auto is None:
            raise InvalidInput("this plan opens no further nodes; it has no auto:")
        return evolve(self.auto, name=f"{self.auto.name}-{number:04d}")

    @classmethod
    def join(cls, plans: Iterable[NodePlan], *, option: str = _OPTION) -> NodePlan:
        """One plan of several, in order.

        :param option: what they were given to, for messages.
        :raises DuplicateName: two nodes have one name.
        :raises InvalidInput: more than one plan opens nodes as needed.
        """
        plans = tuple(plans)
        nodes = tuple(node for plan in plans for node in plan.nodes)
        autos = [plan.auto for plan in plans if plan.auto is not None]
        if len(autos) > 1:
            raise InvalidInput(f"{option}: auto: is given twice; only one shape of node can be opened as needed")
        _check_names(nodes, autos, option)
        return cls(nodes=nodes, auto=autos[0] if autos else None)


def _check_names(nodes: Iterable[NodeSpec], autos: Iterable[NodeSpec], option: str) -> None:
    names: set[str] = set()
    for node in nodes:
        if node.name in names:
            raise DuplicateName(
                f"{option}: two nodes are called {node.name!r}; give one spec a prefix, such as name=big"
            )
        names.add(node.name)
    for auto in autos:
        taken = re.compile(rf"{re.escape(auto.name)}-\d{{4,}}", re.ASCII)
        for name in filter(taken.fullmatch, names):
            raise DuplicateName(
                f"{option}: {name!r} is called like the nodes that {_AUTO} opens; give one a prefix, such as name=extra"
            )


def parse_nodes(text: str, *, option: str = _OPTION, prefix: str = "node") -> NodePlan:
    """Read one value of ``--nodes``.

    :param option: what it was given to, for messages.
    :param prefix: what nodes are called, with a number added, where a spec does not say.
    :raises FileError: it is a file, and that is malformed.
    :raises InvalidInput: it is neither a file nor a spec; the message explains both.
    """
    if exists(text):
        return NodePlan(nodes=read_nodes(text))
    if "=" not in text:
        raise InvalidInput(
            f"{option} {text!r}: expected a node file, and there is none of that name, or a spec such as {_EXAMPLES}"
        )
    try:
        return _parse_spec(text, prefix)
    except InvalidInput as exc:
        raise InvalidInput(
            f"{option} {text!r}: {exc} (there is no file of that name; a spec is like {_EXAMPLES})"
        ) from exc


def _parse_spec(text: str, prefix: str) -> NodePlan:
    if text.startswith(_AUTO):
        return NodePlan(auto=_shape(text[len(_AUTO) :], default_name="auto"))
    counted = _COUNTED.match(text)
    count = _located(counted[0], partial(whole, least=1, most=COUNT_MAX), counted[1]) if counted else 1
    shape = _shape(text[counted.end() :] if counted else text, default_name=prefix)
    width = max(4, len(str(count)))
    return NodePlan(
        nodes=tuple(evolve(shape, name=f"{shape.name}-{number:0{width}d}") for number in range(1, count + 1))
    )


def _shape(text: str, default_name: str) -> NodeSpec:
    """A node as the parts of a spec say, under its prefix as name."""
    parts = _split(text)
    capacity: dict[str, int] = {}
    tags: dict[str, str] = {}
    keeps_away: list[Taint] = []
    for key, value in parts.items():
        read = partial(_located, f"{key}={value}")
        if key.startswith("label."):
            tags.update(read(labels, f"{key.removeprefix('label.')}={value}"))
        elif key.startswith("taint."):
            keeps_away += read(taints, _taint_text(key.removeprefix("taint."), value))
        elif key not in ("gpu", "gpu_milli", "name"):
            resource = read(_resource, key)
            if resource in capacity:
                raise InvalidInput(f"{resource!r} is given twice")
            capacity[resource] = read(amount_of(resource), value)
    return NodeSpec(
        name=parts.get("name", default_name),
        capacity=capacity,
        devices=_gpus(parts),
        labels=tags,
        taints=tuple(keeps_away),
    )


def _split(text: str) -> Mapping[str, str]:
    parts: dict[str, str] = {}
    for part in text.split(","):
        key, equals, value = part.strip().partition("=")
        if not equals or not key or not value:
            raise InvalidInput(f"expected key=value between commas, got {part!r}")
        if key in parts:
            raise InvalidInput(f"{key!r} is given twice")
        parts[key] = value
    return parts


def _located(part: str, parse: Callable[[str], T], written: str) -> T:
    try:
        return parse(written)
    except InvalidInput as exc:
        raise InvalidInput(f"in {part!r}: {exc}") from exc


def _resource(key: str) -> str:
    """The resource that ``key`` stands for; a key that is nearly a known one is taken for a slip."""
    if key.startswith(PREFIX):
        return check_resource(key.removeprefix(PREFIX))
    if key in _RESOURCES:
        return key
    near = [known for known in _KEYS if known.startswith(key) or key.startswith(known)]
    near += [f"{known}.KEY" for known in ("label", "taint") if key.startswith(known)]
    near = near or difflib.get_close_matches(key, _KEYS, n=1, cutoff=0.7)
    if near:
        raise InvalidInput(f"did you mean {near[0]!r}? A resource that is really called so is {PREFIX}{key}")
    return key


def _taint_text(key: str, value: str) -> str:
    # `taint.spot=NoExecute` has no value, `taint.dedicated=gpu:NoSchedule` has one.
    return f"{key}={value}" if ":" in value else f"{key}:{value}"


def _gpus(parts: Mapping[str, str]) -> tuple[DeviceGroup, ...]:
    if "gpu" not in parts:
        if "gpu_milli" in parts:
            raise InvalidInput("gpu_milli needs a count in gpu as well, such as gpu=8")
        return ()
    count_text, _, model = parts["gpu"].partition(":")
    count = _located(f"gpu={parts['gpu']}", whole, count_text)
    milli_text = parts.get("gpu_milli", "1000")
    milli = _located(f"gpu_milli={milli_text}", partial(whole, least=1), milli_text)
    return (DeviceGroup(kind="gpu", count=count, milli=milli, model=model),) if count else ()
