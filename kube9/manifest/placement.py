"""Where a pod may go: tolerations, node affinity, devices; and a node's side of it, taints and devices."""

from __future__ import annotations

from typing import Any

from kube9.core.affinity import NodeRequirement, NodeSelectorTerm, Operator
from kube9.core.limits import DEVICES_MAX
from kube9.core.nodes import DeviceGroup, Taint, TaintEffect
from kube9.core.parts import NODE_NAME
from kube9.core.pods import DeviceRequest, Toleration
from kube9.core.quantities import QUANTITY_MAX
from kube9.manifest.names import label_key, label_value
from kube9.manifest.reader import NOTHING, Read, Reader
from kube9.manifest.scalars import choice, filled_text, list_of, one_of, text, texts, unique, whole
from kube9.manifest.shape import Shape, honoured, refused, warned

__all__ = [
    "AFFINITY",
    "DEVICE_GROUP",
    "DEVICE_REQUEST",
    "FIELD_REQUIREMENT",
    "NODE_AFFINITY",
    "NODE_SELECTOR",
    "NODE_TERM",
    "POD_AFFINITY",
    "REQUIREMENT",
    "TAINT",
    "TOLERATION",
    "read_affinity",
    "read_device_groups",
    "read_device_requests",
    "read_taint",
    "read_toleration",
    "refused_unless_preferred",
]


def _valued(shape: Shape, kind: type) -> Read:
    """A read function that makes a value of what the shape's fields became."""

    def read(reader: Reader, value: Any) -> Any:
        before = reader.faults
        found = shape.read(reader, value)
        return NOTHING if found is None else reader.made(kind, found, before)

    return read


_EFFECT = "`NoSchedule`, `PreferNoSchedule` or `NoExecute`"


def _any_effect(reader: Reader, value: Any) -> Any:
    return None if value == "" else one_of(TaintEffect)(reader, value)


def _key_or_none(reader: Reader, value: Any) -> Any:
    return value if value == "" else label_key(reader, value)


TOLERATION = Shape(
    "toleration",
    honoured("key", _key_or_none, "name", says="Every taint where it is unsaid."),
    honoured("operator", choice({"Equal": False, "Exists": True}), "`Equal` or `Exists`", to="exists"),
    honoured("value", label_value, "text"),
    honoured("effect", _any_effect, _EFFECT, says="Every effect where it is unsaid."),
    warned("tolerationSeconds", "a taint moves no pod that runs already"),
)


def read_toleration(reader: Reader, value: Any) -> Any:
    before = reader.faults
    found = TOLERATION.read(reader, value)
    if found is None:
        return NOTHING
    if found.get("exists") and found.get("value") and not reader.own:
        reader.problem("must be empty where the operator is Exists", "value")
    if reader.faults == before and not found.get("key") and not found.get("exists"):
        reader.problem("must be Exists where there is no key", "operator")
    return reader.made(Toleration, found, before)


TAINT = Shape(
    "taint",
    honoured("key", label_key, "name", required=True),
    honoured("value", label_value, "text"),
    honoured("effect", one_of(TaintEffect), _EFFECT, required=True),
    warned("timeAdded", "kube9 keeps this itself"),
)
read_taint = _valued(TAINT, Taint)


def _field_key(reader: Reader, value: Any) -> Any:
    return value if value == NODE_NAME else reader.expected(f"{NODE_NAME}, the only field there is", value)


def _requirement(title: str, key: Read) -> Shape:
    return Shape(
        title,
        honoured("key", key, "name", required=True),
        honoured("operator", one_of(Operator), ", ".join(f"`{each.value}`" for each in Operator), required=True),
        honoured("values", texts, "list of texts"),
    )


REQUIREMENT = _requirement("requirement on a label", label_key)
FIELD_REQUIREMENT = _requirement("requirement on a field", _field_key)

NODE_TERM = Shape(
    "nodeSelectorTerm",
    honoured(
        "matchExpressions",
        list_of(_valued(REQUIREMENT, NodeRequirement)),
        "list of requirements",
        to="expressions",
        says="On labels.",
    ),
    honoured(
        "matchFields",
        list_of(_valued(FIELD_REQUIREMENT, NodeRequirement)),
        "list of requirements",
        to="fields",
        says="On `metadata.name`.",
    ),
)


def _read_terms(reader: Reader, value: Any) -> Any:
    if value == []:
        return reader.expected("at least one term", value, " with none")
    return list_of(_valued(NODE_TERM, NodeSelectorTerm))(reader, value)


NODE_SELECTOR = Shape(
    "requiredDuringSchedulingIgnoredDuringExecution of nodeAffinity",
    honoured("nodeSelectorTerms", _read_terms, "list of terms", required=True, says="The node must meet one of them."),
)
_PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"


def _read_required(reader: Reader, value: Any) -> Any:
    found = NODE_SELECTOR.read(reader, value)
    return NOTHING if found is None else found.get("nodeSelectorTerms", NOTHING)


NODE_AFFINITY = Shape(
    "nodeAffinity",
    honoured(_REQUIRED, _read_required, "nodeSelectorTerms"),
    warned(_PREFERRED, "which of the nodes that fit is best, the scheduler says"),
)


def _read_node_affinity(reader: Reader, value: Any) -> Any:
    found = NODE_AFFINITY.read(reader, value)
    return NOTHING if found is None else found.get(_REQUIRED, NOTHING)


POD_AFFINITY = Shape(
    "podAffinity and podAntiAffinity",
    refused(_REQUIRED, "no pod's place depends on that of others; label nodes, and use nodeAffinity"),
    warned(_PREFERRED, "which of the nodes that fit is best, the scheduler says"),
)


def _read_pod_affinity(reader: Reader, value: Any) -> Any:
    POD_AFFINITY.read(reader, value)
    return NOTHING


AFFINITY = Shape(
    "affinity",
    honoured("nodeAffinity", _read_node_affinity, "nodeAffinity"),
    honoured("podAffinity", _read_pod_affinity, "podAffinity", says="Refused where it requires anything."),
    honoured("podAntiAffinity", _read_pod_affinity, "podAffinity", says="Refused where it requires anything."),
)


def read_affinity(reader: Reader, value: Any) -> Any:
    """The terms of which a node must meet one."""
    found = AFFINITY.read(reader, value)
    return NOTHING if found is None else found.get("nodeAffinity", NOTHING)


def refused_unless_preferred(reader: Reader, value: Any) -> Any:
    """``topologySpreadConstraints``: a wish is left out with a warning, a condition refused."""
    for index, each in enumerate(value if isinstance(value, list) else [value]):
        if isinstance(each, dict) and each.get("whenUnsatisfiable") == "ScheduleAnyway":
            reader.warn("which of the nodes that fit is best, the scheduler says", index)
        else:
            reader.problem("is not supported: kube9 spreads pods as the scheduler sees fit", index)
    return NOTHING


def _device_kind(reader: Reader, value: Any) -> Any:
    if value in ("cpu", "memory", "pods"):
        return reader.expected("a kind of device, such as gpu", value)
    return label_key(reader, value)


_COUNT = whole(1, DEVICES_MAX)
_MILLI = whole(1, QUANTITY_MAX)

DEVICE_REQUEST = Shape(
    "device of a Pod",
    honoured("kind", _device_kind, "name", required=True, says="Such as `gpu`."),
    honoured("count", _COUNT, "whole number", required=True),
    honoured("milli", _MILLI, "whole number", says="Of each, in thousandths: 1000, a whole one, where it is unsaid."),
    honoured("models", list_of(filled_text), "list of texts", says="Any of these; any at all where it is unsaid."),
)
DEVICE_GROUP = Shape(
    "device of a Node",
    honoured("kind", _device_kind, "name", required=True, says="Such as `gpu`."),
    honoured("count", _COUNT, "whole number", required=True),
    honoured("milli", _MILLI, "whole number", says="What each has to give: 1000 where it is unsaid."),
    honoured("model", text, "text"),
)


def _devices(shape: Shape, kind: type) -> Read:
    read_list = list_of(_valued(shape, kind))

    def read(reader: Reader, value: Any) -> Any:
        found = read_list(reader, value)
        if found is not NOTHING:
            unique(reader, value, "entry for", "kind")
        return found

    return read


read_device_requests = _devices(DEVICE_REQUEST, DeviceRequest)
read_device_groups = _devices(DEVICE_GROUP, DeviceGroup)
