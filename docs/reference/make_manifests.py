"""Writes the tables of manifests.md, beside this file, from kube9/manifest/tables.py; run it after a change there.

``--check`` writes nothing and fails if the tables are not what it would write.
"""
# ruff: noqa: INP001  (a script beside the page that it makes, never imported)

from __future__ import annotations

import sys
from pathlib import Path

from kube9.manifest.shape import Field, Shape, Treatment
from kube9.manifest.tables import SHAPES

PAGE = Path(__file__).with_name("manifests.md")

MARK = "<!-- Below here written by docs/reference/make_manifests.py: change kube9/manifest, and run the script. -->\n"


def page(before: str) -> str:
    """The whole page; what stands before the mark is written by hand."""
    by_hand, mark, _ = before.partition(MARK)
    if not mark:
        sys.exit(f"{PAGE} has lost its mark: {MARK}")
    return by_hand + MARK + "\n" + "\n".join(table(shape) for shape in SHAPES)


def table(shape: Shape) -> str:
    """One kind of object: what is honoured, then what is not."""
    parts = [f"### {shape.title}\n"]
    honoured = [each for each in shape.fields if each.treatment is Treatment.HONOURED]
    if honoured:
        parts.append("| field | is | |\n|---|---|---|")
        parts += [f"| `{each.name}` | {each.type}{marks(each)} | {each.says} |" for each in honoured]
        parts.append("")
    for treatment in (Treatment.WARNED, Treatment.REFUSED):
        others = [each for each in shape.fields if each.treatment is treatment]
        if others:
            parts.append(f"| {treatment.value} | why |\n|---|---|")
            parts += [f"| `{each.name}` | {each.says}{silence(each)} |" for each in others]
            parts.append("")
    return "\n".join(parts)


def marks(field: Field) -> str:
    """What a reader must know before the field is any use."""
    said = [word for word, holds in (("required", field.required), ("`kube9/v1` only", field.own)) if holds]
    return f"; {', '.join(said)}" if said else ""


def silence(field: Field) -> str:
    """The values that are taken without a word."""
    values = " or ".join(f"`{str(value).lower() if value is True else value}`" for value in field.quiet)
    return f" ({values} is taken without a word)" if values else ""


if __name__ == "__main__":
    written = PAGE.read_text(encoding="utf-8")
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(page(written), encoding="utf-8")
    elif written != page(written):
        sys.exit(f"{PAGE} is not what {Path(__file__).name} would write: run it")
