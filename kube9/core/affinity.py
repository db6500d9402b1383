"""Which nodes a pod asks for by more than equality of labels: required node affinity.

Source: https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/#node-affinity
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum

from attrs import field, frozen

from kube9.core.errors import InvalidInput
from kube9.core.frozen import frozen_tuple

__all__ = ["NodeRequirement", "NodeSelectorTerm", "Operator"]

#: As many digits as a 64-bit number has, since a label's value is short anyway.
_WHOLE = re.compile(r"[+-]?[0-9]{1,19}")


class Operator(str, Enum):
    """How a label is held against the values of a requirement."""

    IN = "In"
    NOT_IN = "NotIn"
    EXISTS = "Exists"
    DOES_NOT_EXIST = "DoesNotExist"
    GT = "Gt"
    LT = "Lt"


@frozen(kw_only=True)
class NodeRequirement:
    """One condition on a label of a node."""

    key: str
    operator: Operator = field(converter=Operator)
    values: tuple[str, ...] = field(default=(), converter=frozen_tuple)

    def __attrs_post_init__(self) -> None:
        operator, count = self.operator, len(self.values)
        if operator in (Operator.IN, Operator.NOT_IN) and not count:
            raise InvalidInput(f"values: {operator.value} needs at least one")
        if operator in (Operator.EXISTS, Operator.DOES_NOT_EXIST) and count:
            raise InvalidInput(f"values: {operator.value} takes none, got {list(self.values)}")
        if operator in (Operator.GT, Operator.LT) and (count != 1 or _whole(self.values[0]) is None):
            raise InvalidInput(f"values: {operator.value} needs one whole number, got {list(self.values)}")

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether a node with ``labels`` meets it. ``NotIn`` is also met by a node without the label."""
        value = labels.get(self.key)
        if self.operator is Operator.IN:
            return value in self.values
        if self.operator is Operator.NOT_IN:
            return value not in self.values
        if self.operator is Operator.EXISTS:
            return value is not None
        if self.operator is Operator.DOES_NOT_EXIST:
            return value is None
        number, bound = _whole(value), _whole(self.values[0])
        if number is None or bound is None:
            return False
        return number > bound if self.operator is Operator.GT else number < bound

    def __str__(self) -> str:
        return " ".join((self.key, self.operator.value, *([",".join(self.values)] if self.values else [])))


@frozen(kw_only=True)
class NodeSelectorTerm:
    """Met where every one of its requirements is."""

    #: On labels.
    expressions: tuple[NodeRequirement, ...] = field(default=(), converter=frozen_tuple)
    #: On ``metadata.name``, the only field of a node that can be asked for.
    fields: tuple[NodeRequirement, ...] = field(default=(), converter=frozen_tuple)

    def matches(self, name: str, labels: Mapping[str, str]) -> bool:
        """Whether a node of that name and labels meets it; a term without requirements is met by none."""
        if not self.expressions and not self.fields:
            return False
        asked = {"metadata.name": name}
        return all(each.matches(labels) for each in self.expressions) and all(
            each.matches(asked) for each in self.fields
        )


def _whole(text: str | None) -> int | None:
    """``text`` as Kubernetes reads a whole number; ``None`` where it is none."""
    return int(text) if text is not None and _WHOLE.fullmatch(text) else None
