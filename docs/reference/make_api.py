"""Writes the list of endpoints in api.md, beside this file, from kube9/api; run it after a change there.

``--check`` writes nothing and fails if the list is not what it would write.
"""
# ruff: noqa: INP001  (a script beside the page that it makes, never imported)

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from kube9.api import Limits
from kube9.api.application import RESOURCES
from kube9.api.openapi import openapi_document
from kube9.api.referencepage import Chapter, Operation, Row, Shape, chapters, shapes

PAGE = Path(__file__).with_name("api.md")

MARK = "<!-- Below here written by docs/reference/make_api.py: change kube9/api, and run the script. -->\n"

#: What every endpoint may answer with, and the page says once.
EVERYWHERE = ("400", "401", "403", "413", "415", "500")


def page(before: str) -> str:
    """The whole page; what stands before the mark is written by hand."""
    by_hand, mark, _ = before.partition(MARK)
    if not mark:
        sys.exit(f"{PAGE} has lost its mark: {MARK}")
    openapi = openapi_document(RESOURCES, Limits())
    parts = [by_hand + MARK, "## Endpoints\n", *map(chapter, chapters(openapi))]
    parts += ["## Shapes\n", *map(shape, shapes(openapi))]
    return "\n".join(parts)


def chapter(told: Chapter) -> str:
    return "\n".join([f"### {told.name}\n\n{told.about}\n", *map(operation, told.operations)])


def operation(told: Operation) -> str:
    paragraphs = [f"#### `{told.method} {told.path}`", " ".join(part for part in (told.summary, told.access) if part)]
    paragraphs += told.story
    if told.parameters:
        paragraphs.append(table(("parameter", "in", "is", ""), (parameter(each) for each in told.parameters)))
    if told.body:
        paragraphs.append(f"Body: {told.body}.")
    answers = [
        (each.status, cell(each.body), cell(each.about)) for each in told.results if each.status not in EVERYWHERE
    ]
    paragraphs.append(table(("answer", "body", ""), answers))
    return "\n\n".join(paragraphs) + "\n"


def parameter(row: Row) -> tuple[str, ...]:
    return f"`{row.name}`", row.where, cell(row.type + (", required" if row.required else "")), cell(row.about)


def shape(told: Shape) -> str:
    paragraphs = [f"### {told.name}"]
    if told.about:
        paragraphs.append(told.about)
    if told.rows:
        rows = ((f"`{row.name}`", cell(row.type + (", required" if row.required else "")), cell(row.about))
                for row in told.rows)  # fmt: skip
        paragraphs.append(table(("field", "is", ""), rows))
    elif told.type:
        paragraphs.append(f"Is {told.type}.")
    return "\n\n".join(paragraphs) + "\n"


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    written = PAGE.read_text(encoding="utf-8")
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(page(written), encoding="utf-8")
    elif written != page(written):
        sys.exit(f"{PAGE} is not what {Path(__file__).name} would write: run it")
