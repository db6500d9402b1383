"""Node files: kube9's own CSV or JSON lines, and the node list of the openb trace."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from kube9.core.errors import FileError, InvalidInput
from kube9.core.nodes import DeviceGroup, NodeSpec
from kube9.core.quantities import QUANTITY_MAX
from kube9.files.fields import labels, taints, text, whole
from kube9.files.records import NameBook, Record, is_json_lines, read_records
from kube9.files.resources import PREFIX, amounts, devices
from kube9.files.rows import Columns, header_of
from kube9.files.text import read_head

__all__ = ["read_nodes"]

_MIB = 2**20

_OWN = Columns(
    required=("name", "cpu"),
    optional=("memory", "pods", "gpu", "gpu_milli", "gpu_model", "labels", "taints"),
    prefix=PREFIX,
)
_OPENB = Columns(required=("sn", "cpu_milli", "memory_mib", "gpu", "model"))

_memory_mib = partial(whole, most=QUANTITY_MAX // _MIB)


def read_nodes(path: str) -> tuple[NodeSpec, ...]:
    """The nodes of a file, in its order.

    :raises FileError: the file cannot be read, a line is malformed, a name is given twice, or there is no node.
    """
    nodes = tuple(_nodes(path))
    if not nodes:
        raise FileError(path, "the file names no nodes; expected at least one after the header")
    return nodes


def _nodes(path: str) -> Iterator[NodeSpec]:
    head = read_head(path)
    columns, make = (_OPENB, _openb_node) if _is_openb(head) else (_OWN, _own_node)
    names = NameBook("node")
    for record in read_records(path, columns, json_lines=is_json_lines(head), json_only=("devices",)):
        node = _made(record, make)
        names.claim(node.name, path, record.line)
        yield node


def _is_openb(head: str) -> bool:
    header = header_of(head)
    return "sn" in header or "cpu_milli" in header


def _made(record: Record, make: Callable[[Record], NodeSpec]) -> NodeSpec:
    try:
        return make(record)
    except FileError:
        raise
    except InvalidInput as exc:
        raise record.fault(str(exc)) from exc


def _own_node(record: Record) -> NodeSpec:
    return NodeSpec(
        name=record.need("name", text),
        capacity=amounts(record, ("cpu", "memory", "pods"), needed=("cpu",)),
        devices=devices(record, DeviceGroup, {"model": text}),
        labels=record.read("labels", labels, {}),
        taints=record.read("taints", taints, ()),
    )


def _openb_node(record: Record) -> NodeSpec:
    count = record.need("gpu", whole)
    gpus = (DeviceGroup(kind="gpu", count=count, model=record.read("model", text, "")),) if count else ()
    capacity = {
        "cpu": record.need("cpu_milli", whole),
        "memory": record.need("memory_mib", _memory_mib) * _MIB,
    }
    return NodeSpec(name=record.need("sn", text), capacity=capacity, devices=gpus)
