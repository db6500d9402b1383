"""Tables, for a terminal and for the documentation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bench.marks import Mark

__all__ = ["Rows", "aligned", "mark_rows", "piped"]

#: A table: its head, then one entry per row.
Rows = list[tuple[str, ...]]

_MARK_COLUMNS = ("mark", "measured", "at most", "")


def mark_rows(marks: Iterable[Mark]) -> Rows:
    """The table of marks."""
    rows = [(mark.what, f"{mark.ratio:.2f}", f"{mark.at_most:g}", "met" if mark.met else "missed") for mark in marks]
    return [_MARK_COLUMNS, *rows]


def aligned(rows: Rows) -> str:
    columns = list(zip(*rows, strict=True))
    padded = zip(*map(_padded, columns), strict=True)
    return "\n".join("  ".join(cells).rstrip() for cells in padded)


def _padded(column: Sequence[str]) -> list[str]:
    """Numbers to the right, words to the left."""
    width = max(map(len, column))
    numeric = all(cell[:1].isdigit() and cell[-1:].isdigit() for cell in column[1:] if cell)
    return [cell.rjust(width) if numeric else cell.ljust(width) for cell in column]


def piped(rows: Rows) -> str:
    head, *body = rows
    lines = (head, ("---",) * len(head), *body)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
