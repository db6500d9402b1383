"""Charts that read well on light and on dark; Streamlit gives them the fonts and lines of its theme."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import streamlit as st

from kube9_dashboard.model.events import PhaseSpan
from kube9_dashboard.model.phases import NODE_PHASES

__all__ = ["COLOURS", "bars", "columns", "timeline"]

#: Of the tones of phases, at a lightness that stands out from both papers.
COLOURS = {
    "good": "#2f9e6b",
    "busy": "#5b8bd6",
    "warn": "#bd7d12",
    "bad": "#d9534a",
    "done": "#8a94a0",
    "idle": "#8a94a0",
}

_PADDING = {"top": 2, "bottom": 0, "left": 0, "right": 8}


def columns(bars: Sequence[tuple[str, int]], what: str, of: str) -> None:
    """Upright bars: for each of ``what``, how many ``of``."""
    data = [{what: name, of: count} for name, count in bars]
    names = [name for name, _ in bars]
    chart = (
        alt.Chart(alt.InlineData(values=data), height=150, padding=_PADDING)
        .mark_bar(color=COLOURS["busy"], **({"size": 36} if len(bars) < 7 else {"width": alt.RelativeBandSize(0.7)}))
        .encode(
            x=alt.X(f"{what}:N", sort=names, title=what, axis=alt.Axis(labelAngle=0, labelOverlap=True)),
            y=alt.Y(f"{of}:Q", title=of, axis=alt.Axis(tickMinStep=1, format="d", tickCount=4)),
            tooltip=[alt.Tooltip(f"{what}:N"), alt.Tooltip(f"{of}:Q", format=",")],
        )
    )
    st.altair_chart(chart, key=f"columns-{of}")


_WORDS = list(NODE_PHASES)
#: Of the phases in their order. Without colours, the worse a phase is, the broader it is.
_SHADES = [COLOURS["good"], "#8794ad", COLOURS["busy"], COLOURS["warn"], COLOURS["bad"], "#b53b34"]
_HEIGHTS = [4, 8, 12, 12, 16, 22]


def timeline(spans: Sequence[PhaseSpan]) -> None:
    """The phases of nodes from left to right, one line each."""
    data = [
        {
            "node": span.node,
            "phase": span.phase,
            "from": span.start.isoformat(),
            "to": span.end.isoformat(),
            "message": span.message,
        }
        for span in spans
    ]
    nodes = list(dict.fromkeys(span.node for span in spans))
    legend = alt.Legend(orient="bottom", title=None, columns=3, symbolType="square")
    base = alt.Chart(alt.InlineData(values=data)).encode(y=alt.Y("node:N", sort=nodes, title=None))
    line = base.encode(
        x=alt.X("from:T", title=None, axis=alt.Axis(labelOverlap=True, format="%H:%M:%S", tickCount=6)),
        x2="to:T",
        color=alt.Color(
            "phase:N",
            legend=legend,
            scale=alt.Scale(domain=_WORDS, range=_SHADES),
        ),
        tooltip=["node:N", "phase:N", alt.Tooltip("from:T", format="%d %b %H:%M:%S"), "message:N"],
    )
    # A layer for each height: were heights a scale, the legend would take its signs' sizes from there.
    layers = [
        line.transform_filter(alt.datum.phase == word).mark_bar(size=height)
        for word, height in zip(_WORDS, _HEIGHTS, strict=True)
    ]
    st.altair_chart(alt.layer(*layers, height=alt.Step(26), padding=_PADDING), key="timeline")


def bars(rows: Sequence[tuple[str, float, float, float]], title: str, form: str) -> None:
    """One bar for each (label, mean, least, most), with a line from the least to the most."""
    data = [{"label": label, "mean": mean, "least": low, "most": high} for label, mean, low, high in rows]
    labels = [label for label, *_ in rows]
    base = alt.Chart(alt.InlineData(values=data), height=alt.Step(30)).encode(
        y=alt.Y("label:N", sort=labels, title=None, axis=alt.Axis(labelLimit=220)),
        tooltip=["label:N", *(alt.Tooltip(f"{name}:Q", format=form) for name in ("mean", "least", "most"))],
    )
    mean = base.mark_bar(height=16, color=COLOURS["busy"]).encode(
        x=alt.X("mean:Q", title=title, axis=alt.Axis(format=form))
    )
    spread = base.mark_rule(color=COLOURS["warn"], strokeWidth=2).encode(x="least:Q", x2="most:Q")
    st.altair_chart(mean + spread, key="bars")
