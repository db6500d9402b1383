"""Writes the lists of api.md, beside this file, from kube9/api; run it after a change there.

``--check`` writes nothing and fails if the lists are not what it would write.
"""
# ruff: noqa: INP001  (a script beside the page that it makes, never imported)

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

from kube9.api import Limits
from kube9.api.application import RESOURCES
from kube9.api.openapi import openapi_document
from kube9.api.referencepage import Chapter, Operation, Result, Row, Shape, chapters, errors, shapes

PAGE = Path(__file__).with_name("api.md")

MARK = "<!-- Below here written by docs/reference/make_api.py: change kube9/api, and run the script. -->\n"

#: Errors that the page does not name with each endpoint, and what answers them.
EVERYWHERE = {
    "400": "any endpoint",
    "401": "any that needs a token",
    "403": "any that needs a token",
    "413": "any that takes a body",
    "415": "any that takes a body",
    "500": "any endpoint",
}

#: Where the page on manifests tells all of their fields, and which of Kubernetes's are not taken.
MANIFESTS = {
    "NodeManifest": "manifests.md#spec-of-a-node",
    "PodManifest": "manifests.md#spec-of-a-pod",
    "DeploymentManifest": "manifests.md#spec-of-a-deployment",
}


def page(before: str) -> str:
    """The whole page; what stands before the mark is written by hand."""
    by_hand, mark, _ = before.partition(MARK)
    if not mark:
        sys.exit(f"{PAGE} has lost its mark: {MARK}")
    return by_hand + MARK + "\n" + "\n\n".join(lists(openapi_document(RESOURCES, Limits()))) + "\n"


def lists(openapi: dict[str, Any]) -> Iterable[str]:
    """The paragraphs below the mark."""
    names = openapi["components"]["schemas"].keys()
    yield "## Errors by status"
    yield table(("status", "means", "answered by"), map(error, errors(openapi)))
    yield "## Endpoints"
    told = chapters(openapi)
    yield table(("endpoint", "does"), (overview(each) for chapter in told for each in chapter.operations))
    for each in told:
        yield from chapter(each, names)
    yield "## Shapes"
    yield (
        "What bodies look like. A field is always there unless it is optional. *Text by name* is an object whose "
        "fields may have any names, with text in each."
    )
    for one in shapes(openapi):
        yield from shape(one, names)


def error(result: Result) -> tuple[str, ...]:
    return result.status, result.about, EVERYWHERE.get(result.status, "those that name it")


def overview(told: Operation) -> tuple[str, ...]:
    return f"[{heading(told)}](#{anchor(heading(told))})", told.summary


def chapter(told: Chapter, names: Collection[str]) -> Iterable[str]:
    # With the story in the heading, none is called like a shape, and each has an anchor of its own.
    yield f"### {told.name.capitalize()}: {told.about[0].lower()}{told.about[1:].removesuffix('.')}"
    for each in told.operations:
        yield from operation(each, names)


def heading(told: Operation) -> str:
    return f"`{told.method} {told.path}`"


def anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def operation(told: Operation, names: Collection[str]) -> Iterable[str]:
    yield f"#### {heading(told)}"
    yield f"{told.summary} {told.access}".strip()
    yield from told.story
    if rows := [parameter(row, names) for row in told.parameters if row.where != "path"]:
        yield table(("parameter", "takes", "meaning"), rows)
    if told.body:
        yield f"Body: {linked(told.body, names)}."
    yield "\n".join(answers(told, names))


def parameter(row: Row, names: Collection[str]) -> tuple[str, ...]:
    where = " (header)" if row.where == "header" else ""
    return f"`{row.name}`{where}", linked(row.type, names), row.about


def answers(told: Operation, names: Collection[str]) -> Iterable[str]:
    for each in told.results:
        body = linked(each.body, names) or "without a body"
        yield f"- **{each.status}**, {body}: {each.about}"
    if own := [status for status in told.errors if status not in EVERYWHERE]:
        yield f"- Errors: {', '.join(own)}."


def shape(told: Shape, names: Collection[str]) -> Iterable[str]:
    yield f"### {told.name}"
    yield from contents(told, names)
    if told.choices:
        yield "One of these:"
    for each in told.choices:
        yield from contents(each, names)


def contents(told: Shape, names: Collection[str]) -> Iterable[str]:
    if told.about:
        yield told.about
    if told.rows:
        yield table(("field", "is", "meaning"), fields(told, names))
    elif told.type:
        yield f"In JSON: {linked(told.type, names)}."


def fields(told: Shape, names: Collection[str]) -> Iterable[tuple[str, ...]]:
    elsewhere = MANIFESTS.get(told.name)
    for row in told.rows:
        if elsewhere and row.name == "spec":
            yield "`spec`", kind(row, names), f"Its fields are told [with the manifests]({elsewhere})."
        elif not (elsewhere and row.name.startswith("spec.")):
            yield f"`{row.name}`", kind(row, names), row.about


def kind(row: Row, names: Collection[str]) -> str:
    return linked(row.type, names) + ("" if row.required else ", optional")


def linked(text: str, names: Collection[str]) -> str:
    """``text`` with each name of a shape leading there."""

    def link(word: re.Match[str]) -> str:
        return f"[{word[0]}](#{anchor(word[0])})" if word[0] in names else word[0]

    return re.sub(r"(?<![`\w])\w+(?![`\w])", link, text)


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = (" | ".join(cell.replace("|", r"\|") for cell in line) for line in (head, ("---",) * len(head), *rows))
    return "\n".join(f"| {line} |" for line in lines)


if __name__ == "__main__":
    written = PAGE.read_text(encoding="utf-8")
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(page(written), encoding="utf-8")
    elif written != page(written):
        sys.exit(f"{PAGE} is not what {Path(__file__).name} would write: run it")
