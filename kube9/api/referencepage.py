"""The OpenAPI document as chapters, for pages that people read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from attrs import frozen

__all__ = ["Chapter", "Operation", "Result", "Row", "Shape", "chapters", "errors", "shapes"]

_Document = Mapping[str, Any]

_REF = "#/components/schemas/"

#: The schema of every error.
_PROBLEM = "Problem"

#: A number up to here has no limit that anybody would meet.
_LARGE = 2**53


@frozen
class Row:
    """One parameter, or one field of an object."""

    name: str
    #: What it takes, in words, with names of shapes in it.
    type: str
    about: str
    required: bool = False
    #: Of a parameter: ``query``, ``path`` or ``header``.
    where: str = ""


@frozen
class Result:
    """One way to answer."""

    status: str
    about: str
    #: What its body is, in words; empty where there is none.
    body: str


@frozen
class Operation:
    """One method under one path."""

    name: str
    method: str
    path: str
    summary: str
    #: Paragraphs.
    story: tuple[str, ...]
    #: Who may ask; empty where it is as for everything else.
    access: str
    parameters: tuple[Row, ...]
    #: What its body is, in words; empty where it takes none.
    body: str
    #: How it answers when all is well.
    results: tuple[Result, ...]
    #: The statuses of its errors, each of which means the same everywhere: see :func:`errors`.
    errors: tuple[str, ...]


@frozen
class Chapter:
    """All that is to do with one resource."""

    name: str
    about: str
    operations: tuple[Operation, ...]


@frozen
class Shape:
    """One schema that has a name."""

    name: str
    about: str
    #: What it is, in words, where it is no object with fields.
    type: str
    rows: tuple[Row, ...]
    #: Where it is one of several objects that have no name: these.
    choices: tuple[Shape, ...] = ()


def chapters(openapi: _Document) -> tuple[Chapter, ...]:
    """The operations by resource, in the order of the document."""
    operations: dict[str, list[Operation]] = {}
    for path, methods in openapi["paths"].items():
        for method, told in methods.items():
            operations.setdefault(told["tags"][0], []).append(_operation(path, method, told))
    return tuple(
        Chapter(tag["name"], tag["description"], tuple(operations.get(tag["name"], ()))) for tag in openapi["tags"]
    )


def shapes(openapi: _Document) -> tuple[Shape, ...]:
    """The schemas that have a name."""
    return tuple(_shape(name, schema) for name, schema in openapi["components"]["schemas"].items())


def errors(openapi: _Document) -> tuple[Result, ...]:
    """What the statuses of errors mean, each told once."""
    found = {
        result.status: result
        for methods in openapi["paths"].values()
        for told in methods.values()
        for result in _results(told)
        if result.body == _PROBLEM
    }
    return tuple(found[status] for status in sorted(found))


def words(schema: _Document) -> str:
    """What a schema takes, in words."""
    if "$ref" in schema:
        return f"{schema['$ref'].removeprefix(_REF)}"
    for key in ("oneOf", "anyOf"):
        if key in schema:
            return _either([words(each) for each in schema[key]])
    if "const" in schema:
        return f"`{schema['const']}`"
    if "enum" in schema:
        return _either([f"`{word}`" for word in schema["enum"]])
    given = schema.get("type", "")
    types = given if isinstance(given, list) else [given] if given else []
    return _either([_type_words(each, schema) for each in types])


def _either(choices: list[str]) -> str:
    *most, last = choices or [""]
    return f"{', '.join(most)} or {last}" if most else last


def _type_words(type: str, schema: _Document) -> str:
    if type == "array":
        item = words(schema.get("items", {}))
        return f"list of {item}" if item else "list"
    if type == "object" and isinstance(schema.get("additionalProperties"), Mapping):
        return f"{words(schema['additionalProperties'])} by name"
    if type in ("integer", "number") and "minimum" in schema and schema.get("maximum", _LARGE) < _LARGE:
        return f"{type} from {schema['minimum']} to {schema['maximum']}"
    return {"null": "null", "string": "text"}.get(type, type)


def _shape(name: str, schema: _Document) -> Shape:
    choices = [each for each in schema.get("oneOf", ()) if "properties" in each]
    return Shape(
        name=name,
        about=schema.get("description", ""),
        type="" if choices else words(schema),
        rows=tuple(_fields(schema)),
        choices=tuple(_shape("", each) for each in choices),
    )


def _fields(schema: _Document, prefix: str = "") -> Iterator[Row]:
    """Every field, those of inner objects below the field that they are in."""
    required = schema.get("required", ())
    for name, inner in schema.get("properties", {}).items():
        item = inner.get("items", {})
        about = inner.get("description") or item.get("description", "")
        yield Row(f"{prefix}{name}", words(inner), about, name in required)
        yield from _fields(inner, f"{prefix}{name}.")
        yield from _fields(item, f"{prefix}{name}[].")


def _operation(path: str, method: str, told: _Document) -> Operation:
    parameters = [
        Row(each["name"], words(each["schema"]), each["description"], each.get("required", False), each["in"])
        for each in told["parameters"]
    ]
    body = told.get("requestBody")
    results = _results(told)
    return Operation(
        name=told["operationId"],
        method=method.upper(),
        path=path,
        summary=told["summary"],
        story=tuple(" ".join(part.split()) for part in told.get("description", "").split("\n\n") if part),
        access=_access(told.get("security")),
        parameters=tuple(parameters),
        body="" if body is None else _content(body) + ("" if body["required"] else ", may be left out"),
        results=tuple(each for each in results if each.body != _PROBLEM),
        errors=tuple(each.status for each in results if each.body == _PROBLEM),
    )


def _results(told: _Document) -> list[Result]:
    return [
        Result(status, response["description"], _content(response)) for status, response in told["responses"].items()
    ]


def _content(carrier: _Document) -> str:
    """What a body is, in words."""
    for media_type, content in carrier.get("content", {}).items():
        return words(content["schema"]) if media_type.endswith("json") else media_type
    return ""


def _access(security: list[dict[str, Any]] | None) -> str:
    if security is None:
        return ""
    if not security:
        return "Needs no token."
    return {
        "nodeToken": "The node's own token is good for this, too.",
        "password": "A browser asks for the token as a password, with any name.",
    }[next(iter(security[-1]))]
