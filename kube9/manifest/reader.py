"""Where in a document the reading is, and what was found wrong or left out on the way."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Final

from attrs import define, field

from kube9.core.containers import Config
from kube9.core.errors import InvalidInput, Problem

__all__ = ["NOTHING", "PROBLEMS_MAX", "ConfigsNearby", "Read", "Reader", "Step", "got", "quotes_hint", "shown"]

#: What a read function gives back where it found a problem instead of a value.
NOTHING: Final[Any] = object()

#: More than these are counted, not listed: nobody reads them, and each costs the time to word it.
PROBLEMS_MAX = 100

#: One part of a path: the name of a field, or the place in a list.
Step = str | int

#: Kind ("ConfigMap" or "Secret"), namespace and name -> the config that a document beside this one makes of it.
ConfigsNearby = Mapping[tuple[str, str, str], Config]

_SHOWN_CHARS = 60


@define
class Reader:
    """One document being read. A problem never stops the reading, so that all are told at once."""

    #: Whether it says ``kube9/v1``, so that kube9's own fields are allowed.
    own: bool = True
    nearby: ConfigsNearby = field(factory=dict)
    path: list[Step] = field(factory=list)
    problems: list[Problem] = field(factory=list)
    warnings: list[str] = field(factory=list)
    #: How many private fields the present place is inside of; above 0 no message quotes what was written.
    private: int = 0
    #: Problems past those that are listed.
    unlisted: int = 0
    #: The namespace that was said beside the document.
    asked_namespace: str | None = None
    #: Name, namespace, labels and annotations of what is being read.
    metadata: dict[str, Any] = field(factory=dict)
    namespace: str = "default"
    # What later parts of the same pod may name.
    configs: dict[str, Config] = field(factory=dict)
    volumes: set[str] = field(factory=set)
    #: Port number by name, of the present container.
    ports: dict[str, int] = field(factory=dict)
    #: Whether the present pod has the node's network.
    host_network: bool = False

    @property
    def faults(self) -> int:
        """Problems so far; the same before and after a part means that the part is sound."""
        return len(self.problems) + self.unlisted

    @property
    def full(self) -> bool:
        """Whether further problems are only counted."""
        return len(self.problems) >= PROBLEMS_MAX

    def problem(self, message: str, *below: Step) -> None:
        """Note what is wrong here, or at a place ``below``."""
        if self.full:
            self.unlisted += 1
        else:
            self.problems.append(Problem(_path([*self.path, *below]), message))

    def warn(self, message: str, *below: Step) -> None:
        """Note what is left out here, or at a place ``below``, and changes nothing that runs."""
        if len(self.warnings) < PROBLEMS_MAX:
            self.warnings.append(f"{_path([*self.path, *below])}: {message}")

    def expected(self, what: str, value: object, hint: str = "") -> Any:
        """Note that ``value`` is not what belongs here; gives back ``NOTHING``, for the caller to return."""
        self.problem(f"expected {what}, got {got(value, quoted=not self.private)}{hint}")
        return NOTHING

    def below(self, step: Step, read: Read, value: Any) -> Any:
        """What ``read`` makes of a value one step down."""
        self.path.append(step)
        result = read(self, value)
        self.path.pop()
        return result

    def named(self, kind: Callable[..., Any], values: Mapping[str, Any], faults_before: int) -> Any:
        """As :meth:`made`, with the metadata; ``NOTHING`` where that has no name, which is told elsewhere."""
        return self.made(kind, {**values, **self.metadata}, faults_before) if "name" in self.metadata else NOTHING

    def made(self, kind: Callable[..., Any], values: Mapping[str, Any], faults_before: int) -> Any:
        """``kind(**values)``; ``NOTHING`` where a part of it had a problem or the core refuses the whole."""
        if self.faults != faults_before:
            return NOTHING
        try:
            return kind(**values)
        except InvalidInput as exc:
            self.problem(str(exc))
            return NOTHING


#: Makes a value of what was written at the reader's place, or notes problems and gives back ``NOTHING``.
Read = Callable[[Reader, Any], Any]


def got(value: object, *, quoted: bool = True) -> str:
    """``value`` as a message names it: by its type, and where it is short and ``quoted``, by itself."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return f"the boolean {str(value).lower()}" if quoted else "a boolean"
    if isinstance(value, int | float):
        return f"the number {_number(value)}" if quoted else "a number"
    if isinstance(value, str):
        return f"the text {shown(value)}" if quoted else "a text"
    if isinstance(value, Mapping):
        return "an object"
    return "a list" if isinstance(value, list | tuple) else f"a {type(value).__name__}"


def quotes_hint(value: object) -> str:
    """How to say ``value`` as a text, for the end of a message; empty where that cannot be meant."""
    if isinstance(value, bool):
        return "; put it in quotes (without them YAML takes yes, no, on and off, too, for true and false)"
    return "; put it in quotes" if isinstance(value, int | float) else ""


def shown(value: str) -> str:
    """A text in quotes, cut where it is long."""
    return ascii_safe(value) if len(value) <= _SHOWN_CHARS else f"{ascii_safe(value[:50])}... ({len(value)} characters)"


def ascii_safe(value: str) -> str:
    """``repr``, with what cannot be written as UTF-8 escaped."""
    return repr(value).encode("utf-8", "backslashreplace").decode("utf-8")


def _number(value: float) -> str:
    if isinstance(value, float) or abs(value) < 10**_SHOWN_CHARS:
        return repr(value)
    return f"of about {int(math.log10(abs(value)))} digits"  # Python refuses to write numbers of thousands of digits


def _path(steps: list[Step]) -> str:
    """``spec.containers[0].image``; a name with other than letters, digits, ``-`` and ``_`` stands in brackets."""
    parts: list[str] = []
    for step in steps:
        if isinstance(step, int):
            parts.append(f"[{step}]")
        elif isinstance(step, str) and step.replace("_", "").replace("-", "").isalnum() and len(step) <= _SHOWN_CHARS:
            parts.append(f".{step}")
        else:
            parts.append(f"[{shown(step) if isinstance(step, str) else got(step)}]")
    return "".join(parts).removeprefix(".")
