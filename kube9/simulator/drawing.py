"""Matplotlib as the report wants it: no global state, and SVG whose colours the page decides."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
from attrs import frozen
from matplotlib.axes import Axes
from matplotlib.figure import Figure

__all__ = ["COLOURS", "DASHES", "MARKERS", "PAPER", "Plot", "line_of", "new_axes", "styled", "svg_of"]

#: How many schedulers can be told apart by colour; the page has a variable for each.
COLOURS = 8
# A scheduler has a dash and a marker of its own as well, for eyes and paper without colours.
DASHES: tuple[tuple[float, ...], ...] = (
    (),
    (5, 2),
    (1.5, 1.5),
    (7, 2, 1.5, 2),
    (3, 1.5),
    (9, 3),
    (5, 2, 1.5, 2, 1.5, 2),
    (2, 4),
)
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")

# Stand-ins for colours, which become variables of the page: it has a light and a dark look.
PAPER = "#0d0e0f"
_INK, _MUTED, _GRID = "#010203", "#040506", "#070809"
_VARIABLES = {
    PAPER: "var(--paper)",
    _INK: "var(--ink)",
    _MUTED: "var(--muted)",
    _GRID: "var(--line)",
    **{f"#0a0b{index:02x}": f"var(--series-{index})" for index in range(COLOURS)},
}
# Any, because the type of a setting's name is another in each release of matplotlib.
_STYLE: Any = {
    "axes.edgecolor": _GRID,
    "axes.facecolor": "none",
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.labelcolor": _MUTED,
    "axes.spines.left": False,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.facecolor": "none",
    "font.family": "sans-serif",
    "font.size": 9.5,
    "grid.color": _GRID,
    "grid.linewidth": 0.8,
    "lines.linewidth": 1.8,
    "svg.fonttype": "none",
    "text.color": _INK,
    # What stands in dollars in the name of a pod or an instance is no formula.
    "text.parse_math": False,
    "xtick.color": _GRID,
    "xtick.labelcolor": _MUTED,
    "xtick.minor.visible": False,
    "ytick.color": _GRID,
    "ytick.labelcolor": _MUTED,
    "ytick.major.size": 0,
    "ytick.minor.visible": False,
}


@frozen
class Plot:
    """One figure of the report."""

    title: str
    caption: str
    #: The element, as it goes into the page.
    svg: str
    #: Whether it takes the page's whole width, or half of it.
    wide: bool


@contextmanager
def styled() -> Iterator[None]:
    """Draw within this; figures take their looks when they are made and when they are written."""
    with mpl.rc_context(_STYLE):
        yield


def new_axes(width_inches: float, height_inches: float) -> Axes:
    """The axes of a new figure."""
    figure = Figure(figsize=(width_inches, height_inches), layout="constrained")
    axes: Axes = figure.subplots()
    return axes


def line_of(index: int) -> dict[str, Any]:
    """How the line of the scheduler at ``index`` looks."""
    dash = DASHES[index % len(DASHES)]
    return {"color": f"#0a0b{index % COLOURS:02x}", "linestyle": (0, dash) if dash else "solid"}


def svg_of(axes: Axes, name: str) -> str:
    """The figure as an element to put into a page; ``name`` must differ from that of every other in the page."""
    figure = axes.figure
    assert isinstance(figure, Figure), f"{name} is drawn in a part of a figure"
    written = io.StringIO()
    # The salt makes the names of clip paths and markers the same at each writing, and different in each figure.
    with mpl.rc_context({"svg.hashsalt": name}):
        figure.savefig(written, format="svg", metadata={"Date": None, "Creator": None})
    svg = written.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'\sxmlns(:\w+)?="[^"]*"', "", svg)
    svg = re.sub(r'^<svg[^>]*viewBox="([^"]*)"[^>]*>', rf'<svg viewBox="\1" role="img" aria-label="{name}">', svg)
    # Elements are numbered in each figure from 1, so that two figures in one page would have the same names.
    svg = re.sub(r'<g id="[^"]*"', "<g", svg)
    svg = re.sub(r"font: ([\d.]+)px '?[^;\"]*", r"font: \1px var(--sans)", svg)
    return re.sub("|".join(_VARIABLES), lambda match: _VARIABLES[match[0]], svg)
