"""What the scripts beside it share: what the source says of its fields, and writing a page or comparing it."""
# ruff: noqa: INP001  (beside the pages that it helps to make)

from __future__ import annotations

import ast
import re
import sys
import textwrap
from collections.abc import Iterable
from pathlib import Path


def write_or_check(page: Path, text: str) -> None:
    """Write a page; with ``--check`` write nothing, and end with an error where it is another one."""
    if "--check" not in sys.argv[1:]:
        page.write_text(text, encoding="utf-8")
    elif not page.exists() or page.read_text(encoding="utf-8") != text:
        sys.exit(f"{page} is not what {Path(sys.argv[0]).name} would write: run it")


def class_of(source: str, name: str) -> ast.ClassDef:
    """The class of that name in a module's text."""
    (kind,) = [node for node in ast.parse(source).body if isinstance(node, ast.ClassDef) and node.name == name]
    return kind


def comments(source: str, kind: ast.ClassDef) -> dict[str, str]:
    """By field of a class, what ``#:`` before it says."""
    lines = source.splitlines()
    fields = [node for node in kind.body if isinstance(node, ast.AnnAssign)]
    return {ast.unparse(node.target): comment_before(node.lineno, lines) for node in fields}


def comment_before(line: int, lines: list[str]) -> str:
    said: list[str] = []
    for text in reversed(lines[: line - 1]):
        if not text.strip().startswith("#:"):
            break
        said.insert(0, text.strip().removeprefix("#:").strip())
    return markdown(" ".join(said))


def filled(text: str, indent: str = "") -> str:
    """Lines that fit a screen; ``indent`` is of all but the first."""
    return textwrap.fill(text, 120, subsequent_indent=indent, break_on_hyphens=False, break_long_words=False)


def markdown(text: str) -> str:
    """Inline reStructuredText, on one line."""
    text = re.sub(r":(?:class|meth|func|data|mod|attr):`~?(?:[\w.]+\.)?(\w+)`", r"`\1`", " ".join(text.split()))
    return text.replace("``", "`")


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A table, with a line at its end."""
    lines = (" | ".join(cell.replace("|", r"\|") for cell in line) for line in (head, ("---",) * len(head), *rows))
    return "".join(f"| {line} |\n" for line in lines)
