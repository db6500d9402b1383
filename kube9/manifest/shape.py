"""What an object of a manifest may hold: a table of its fields, and the reading by that table.

This is a reader of kube9's own rather than cattrs. A manifest says things that no field of a value is: what is
warned about, what is refused and why, what a reference in one place must find in another. cattrs would read the
rest, but leaves paths and messages to be rebuilt from its exceptions, and takes several times as long.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any

from attrs import field, frozen

from kube9.manifest.reader import NOTHING, Read, Reader

__all__ = ["Field", "Shape", "Treatment", "honoured", "refused", "warned"]


class Treatment(str, Enum):
    """What becomes of a field."""

    HONOURED = "honoured"
    #: Changes nothing that runs: left out, and said.
    WARNED = "warned about"
    #: Would change what runs: the manifest is not taken.
    REFUSED = "refused"


@frozen(kw_only=True)
class Field:
    """One field of an object, as it is read and as it is told in the documentation."""

    name: str
    treatment: Treatment
    read: Read
    #: What it is: "text", "list of containers"; empty where it is not honoured.
    type: str = ""
    #: What it does; why it is not honoured.
    says: str = ""
    #: The attribute it becomes; empty for its own name.
    to: str = ""
    required: bool = False
    #: Only in ``kube9/v1``.
    own: bool = False
    #: Values that need no word, since kube9 does that anyway.
    quiet: tuple[object, ...] = ()


def honoured(
    name: str,
    read: Read,
    type: str,
    *,
    to: str = "",
    says: str = "",
    required: bool = False,
    own: bool = False,
    private: bool = False,
) -> Field:
    """A field that kube9 carries out. What is in a ``private`` one is quoted in no message."""
    read = _hushed(read) if private else read
    return Field(
        name=name,
        treatment=Treatment.HONOURED,
        read=_own_only(read) if own else read,
        type=type,
        says=says,
        to=to or name,
        required=required,
        own=own,
    )


def warned(name: str, why: str, *, quiet: Iterable[object] = ()) -> Field:
    """A field that is left out with a warning, unless it is empty or says what kube9 does anyway (``quiet``)."""
    silent = tuple(quiet)

    def read(reader: Reader, value: Any) -> Any:
        if not (_empty(value) or value in silent):
            reader.warn(why)
        return NOTHING

    return Field(name=name, treatment=Treatment.WARNED, read=read, says=why, quiet=silent)


def refused(name: str, why: str, *, quiet: Iterable[object] = ()) -> Field:
    """A field that may only be empty, or say what kube9 does anyway (``quiet``)."""
    silent = tuple(quiet)

    def read(reader: Reader, value: Any) -> Any:
        if not (_empty(value) or value in silent):
            reader.problem(f"is not supported: {why}")
        return NOTHING

    return Field(name=name, treatment=Treatment.REFUSED, read=read, says=why, quiet=silent)


def _empty(value: object) -> bool:
    """Whether it asks for nothing. ``0`` may ask for something."""
    return value is None or value is False or value in ("", {}, [])


def _hushed(read: Read) -> Read:
    def hushed(reader: Reader, value: Any) -> Any:
        reader.private += 1
        result = read(reader, value)
        reader.private -= 1
        return result

    return hushed


def _own_only(read: Read) -> Read:
    def own_only(reader: Reader, value: Any) -> Any:
        if reader.own:
            return read(reader, value)
        reader.problem("is a field of kube9's own; say apiVersion: kube9/v1 to use it")
        return NOTHING

    return own_only


@frozen(init=False)
class Shape:
    """The fields of one kind of object."""

    title: str
    fields: tuple[Field, ...]
    #: Read before the others, which may name what is in them.
    first: tuple[str, ...]
    _reads: Mapping[str, tuple[str, Read]] = field(repr=False)
    _required: tuple[str, ...] = field(repr=False)

    def __init__(self, title: str, *fields: Field, first: tuple[str, ...] = ()) -> None:
        reads = {each.name: (each.to, each.read) for each in fields}
        if len(reads) != len(fields):
            raise AssertionError(f"{title}: a field is listed twice")
        required = tuple(each.name for each in fields if each.required)
        self.__attrs_init__(title, fields, first, reads, required)

    def read(self, reader: Reader, value: Any) -> dict[str, Any] | None:
        """What the fields became, by attribute; those with problems are missing. ``None`` where it is no object."""
        if not isinstance(value, dict):
            reader.expected("an object", value)
            return None
        found: dict[str, Any] = {}
        reads, path = self._reads, reader.path
        for name, given in self._in_order(value) if self.first else value.items():
            entry = reads.get(name)
            if entry is None:
                self._unknown(reader, name)
            elif given is not None:  # null says nothing, as in Kubernetes
                path.append(name)
                result = entry[1](reader, given)
                path.pop()
                if result is not NOTHING:
                    found[entry[0]] = result
        for name in self._required:
            if value.get(name) is None:
                reader.problem("is required", name)
        return found

    def _in_order(self, value: dict[str, Any]) -> list[tuple[str, Any]]:
        early = [(name, value[name]) for name in self.first if name in value]
        return early + [item for item in value.items() if item[0] not in self.first]

    def _unknown(self, reader: Reader, name: object) -> None:
        if not isinstance(name, str):
            reader.problem(f"expected names of fields as texts, got {type(name).__name__}")
            return
        # Looking for the nearest takes a millisecond, so not for the thousandth, and not in a text of a megabyte.
        near = difflib.get_close_matches(name, self._reads, n=1) if len(name) < 64 and not reader.full else []
        reader.problem(f"unknown field; did you mean {near[0]!r}?" if near else "unknown field", name)
