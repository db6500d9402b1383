"""YAML text into plain dicts and lists and back, read in one pass over the parser's events and within limits.

A loader of PyYAML's own would take yes for true in keys, ``22:22`` for a number, the second of two equal keys for
the right one, and a few lines of nested aliases for gigabytes.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

import yaml
from attrs import define, field

from kube9.core.errors import ManifestError, Problem

__all__ = ["ALIASED_MAX", "DEPTH_MAX", "yaml_documents", "yaml_text"]

DEPTH_MAX = 100
#: Values that aliases may repeat in one text, each counted with all that is in it.
ALIASED_MAX = 100_000

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast where libyaml is there

_INT = re.compile(r"[-+]?(?:0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|(?:0|[1-9][0-9_]*))", re.ASCII)
_FLOAT = re.compile(r"[-+]?(?:(?:[0-9][0-9_]*)?\.[0-9_]*(?:[eE][-+]?[0-9]+)?|[0-9][0-9_]*[eE][-+]?[0-9]+)", re.ASCII)
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)", re.ASCII)
_BOOLEANS = {
    form: meaning
    for word, meaning in (("yes", True), ("no", False), ("true", True), ("false", False), ("on", True), ("off", False))
    for form in (word, word.capitalize(), word.upper())
}
_NULLS = {"", "~", "null", "Null", "NULL"}
_TAGS = {f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null", "map", "seq")}


def yaml_documents(text: str) -> Iterator[Any]:
    """Each document of a text as plain values; ``None`` for an empty one.

    :raises ManifestError: it is no YAML, or says something that no manifest may; with line and column.
    """
    builder = _Builder()
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            builder.take(event)
            if isinstance(event, yaml.DocumentEndEvent):
                builder.raise_problems()
                yield builder.document
    except yaml.MarkedYAMLError as exc:
        # Without the lines around it, which may hold a secret.
        raise ManifestError([Problem(_place(exc.problem_mark), exc.problem or "is no YAML")]) from exc
    except yaml.reader.ReaderError as exc:
        raise ManifestError([Problem("", f"is no YAML: {exc.reason} at character {exc.position}")]) from exc
    except UnicodeError as exc:
        raise ManifestError([Problem("", "expected a text of Unicode characters")]) from exc
    except yaml.YAMLError as exc:
        raise ManifestError([Problem("", "is no YAML")]) from exc


class _Dumper(yaml.SafeDumper):
    """PyYAML's, with quotes where it leaves them out and a reader takes the text for something else."""


def _text_node(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    # Otherwise these are written as if they were ends of lines, and are gone.
    style = '"' if any(end in text for end in "\x85\u2028\u2029") else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text_node)
# Numbers to YAML 1.2 and to Kubernetes, such as 12e4567 and 0o17, and texts to PyYAML.
_Dumper.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(rf"(?:{_INT.pattern})\Z"), list("-+0123456789"))
_Dumper.add_implicit_resolver("tag:yaml.org,2002:float", re.compile(rf"(?:{_FLOAT.pattern})\Z"), list("-+.0123456789"))


def yaml_text(document: object) -> str:
    """Plain values as a document that :func:`yaml_documents` reads as the same, keys in their order."""
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True)


def _place(mark: Any) -> str:
    return f"line {mark.line + 1}, column {mark.column + 1}" if mark is not None else ""


@define
class _Open:
    """A list or an object whose end has not come."""

    value: Any
    anchor: str | None
    nodes: int = 1
    depth: int = 1
    #: The key whose value comes next; ``None`` where a key does.
    key: str | None = None
    merged: list[dict[str, Any]] = field(factory=list)
    merging: bool = False


@define
class _Anchored:
    value: Any
    nodes: int
    depth: int


@define
class _Builder:
    """Puts values together as the events come."""

    document: Any = None
    problems: list[Problem] = field(factory=list)
    _open: list[_Open] = field(factory=list)
    _anchors: dict[str, _Anchored] = field(factory=dict)
    _aliased: int = 0

    def raise_problems(self) -> None:
        if self.problems:
            raise ManifestError(self.problems)

    def take(self, event: Any) -> None:
        if isinstance(event, yaml.ScalarEvent):
            self._scalar(event)
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            self._begin(event, {} if isinstance(event, yaml.MappingStartEvent) else [])
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            self._end(event)
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event)
        elif isinstance(event, yaml.DocumentStartEvent):
            self.document, self._anchors = None, {}

    def _problem(self, event: Any, message: str) -> None:
        self.problems.append(Problem(_place(event.start_mark), message))

    def _stop(self, event: Any, message: str) -> None:
        """Note a problem past which reading on would cost too much."""
        self._problem(event, message)
        self.raise_problems()

    def _begin(self, event: Any, value: Any) -> None:
        self._check_tag(event)
        if len(self._open) >= DEPTH_MAX:
            self._stop(event, f"nested deeper than {DEPTH_MAX} levels")
        if self._awaits_key():
            self._stop(event, "expected a text as key, got a list or an object")
        self._open.append(_Open(value, event.anchor))

    def _end(self, event: Any) -> None:
        closed = self._open.pop()
        for merged in closed.merged:
            for key, value in merged.items():
                closed.value.setdefault(key, value)
        if closed.anchor is not None:
            self._anchors[closed.anchor] = _Anchored(closed.value, closed.nodes, closed.depth)
        self._put(event, closed.value, closed.nodes, closed.depth)

    def _alias(self, event: Any) -> None:
        anchored = self._anchors.get(event.anchor)
        if anchored is None:
            self._stop(event, f"there is no anchor {event.anchor!r} before this, or it is around it")
            return
        self._aliased += anchored.nodes
        if self._aliased > ALIASED_MAX:
            self._stop(event, f"aliases repeat more than {ALIASED_MAX} values")
        if len(self._open) + anchored.depth > DEPTH_MAX:
            self._stop(event, f"nested deeper than {DEPTH_MAX} levels")
        if self._awaits_key():
            if not isinstance(anchored.value, str):
                self._stop(event, "expected a text as key")
            self._key(event, anchored.value)
        else:
            self._put(event, anchored.value, anchored.nodes, anchored.depth)

    def _scalar(self, event: Any) -> None:
        self._check_tag(event)
        if self._awaits_key():
            if event.anchor is not None:
                self._anchors[event.anchor] = _Anchored(event.value, 1, 0)
            self._key(event, event.value, plain=event.implicit[0])
            return
        value = self._resolved(event)
        if event.anchor is not None:
            self._anchors[event.anchor] = _Anchored(value, 1, 0)
        self._put(event, value, 1, 0)

    def _awaits_key(self) -> bool:
        return bool(self._open) and isinstance(self._open[-1].value, dict) and self._open[-1].key is None

    def _key(self, event: Any, key: str, *, plain: bool = False) -> None:
        around = self._open[-1]
        around.merging = plain and key == "<<"
        if not around.merging and key in around.value:
            self._problem(event, f"the key {key[:60]!r} is there twice in one object")
        around.key = key

    def _put(self, event: Any, value: Any, nodes: int, depth: int) -> None:
        if not self._open:
            self.document = value
            return
        around = self._open[-1]
        around.nodes += nodes
        around.depth = max(around.depth, depth + 1)
        if isinstance(around.value, list):
            around.value.append(value)
        elif around.merging:
            self._merge(event, around, value)
        else:
            around.value[around.key] = value
        around.key = None

    def _merge(self, event: Any, around: _Open, value: Any) -> None:
        merged = value if isinstance(value, list) else [value]
        if all(isinstance(each, dict) for each in merged):
            around.merged.extend(merged)
        else:
            self._problem(event, "expected an object, or a list of objects, to merge by '<<'")

    def _check_tag(self, event: Any) -> None:
        if event.tag is not None and event.tag not in _TAGS and event.tag != "!":
            self._problem(event, f"the tag {event.tag[:60]!r} is not supported")

    def _resolved(self, event: Any) -> Any:
        """What a scalar stands for."""
        written: str = event.value
        tag = (event.tag or "").rpartition(":")[2]
        if tag in ("str", "!") or not (event.implicit[0] or tag):
            return written
        if written in _NULLS:
            return None
        if written in _BOOLEANS:
            return _BOOLEANS[written]
        if _INT.fullmatch(written):
            return self._integer(event, written)
        if _FLOAT.fullmatch(written) and any(map(str.isdigit, written)):
            number = float(written.replace("_", ""))
            if math.isfinite(number):
                return number
        elif not _NOT_FINITE.fullmatch(written):
            return written
        self._problem(event, "expected a finite number; put it in quotes if a text is meant")
        return None

    def _integer(self, event: Any, written: str) -> Any:
        digits = written.replace("_", "").lower()
        sign, digits = (-1, digits[1:]) if digits.startswith("-") else (1, digits.removeprefix("+"))
        if len(digits) > 400:  # Python refuses to read numbers of thousands of digits
            self._problem(event, "expected a number of at most 400 digits; put it in quotes if a text is meant")
            return None
        try:
            if len(digits) > 1 and digits[0] == "0" and digits[1].isdigit():
                return sign * int(digits, 8)  # as YAML 1.1 and Kubernetes have it: 0644 is octal
            return sign * int(digits, 0)
        except ValueError:  # underscores only
            return written
