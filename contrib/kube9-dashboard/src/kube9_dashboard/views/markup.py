"""HTML for the board: whatever comes from the cluster is escaped here, and goes nowhere else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from urllib.parse import urlencode

from attrs import frozen

from kube9_dashboard.model.phases import Look

__all__ = [
    "Column",
    "Html",
    "counts",
    "empty",
    "facts",
    "joined",
    "link",
    "meter",
    "meters",
    "notice",
    "phase",
    "section",
    "stack",
    "table",
    "tabs",
    "tag",
    "under",
]


class Html(str):
    """A text that is HTML already."""

    __slots__ = ()


def joined(*parts: str) -> Html:
    """One after the other; what is no HTML is escaped."""
    return Html("".join(part if isinstance(part, Html) else escape(part) for part in parts))


def tag(name: str, *parts: str, **attributes: str | None) -> Html:
    """An element. An attribute is named as in HTML, with ``_`` for ``-`` and at the end; ``None`` leaves it out."""
    written = "".join(
        f' {key.strip("_").replace("_", "-")}="{escape(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Html(f"<{name}{written}>{joined(*parts)}</{name}>")


def link(page: str, *parts: str, query: dict[str, str] | None = None, **attributes: str | None) -> Html:
    """To a page of the dashboard."""
    href = f"{page or './'}?{urlencode(query)}" if query else page or "./"
    return tag("a", *parts, href=href, data_page=page, **attributes)


def node_link(name: str, **attributes: str | None) -> Html:
    """To the page of a node."""
    return link("nodes", name, query={"name": name}, **attributes)


def phase(look: Look, after: str = "") -> Html:
    """The sign and the word of a phase."""
    return tag("span", tag("i", look.sign, aria_hidden="true"), look.word + after, class_=f"phase tone-{look.tone}")


def section(title: str, *parts: str, aside: str = "") -> Html:
    """A part of a page, with its title and a remark beside it."""
    heading = tag("h2", title, *([" ", tag("small", aside)] if aside else []))
    return tag("section", heading, *parts)


def notice(text: str, tone: str = "idle") -> Html:
    return tag("div", text, class_=f"notice tone-{tone}", role="status")


def empty(title: str, *what_next: str) -> Html:
    """In place of a list that has nothing in it: what to do next."""
    return tag("div", tag("b", title), *what_next, class_="empty")


def under(*parts: str) -> Html:
    """In a cell, where the window is narrow: what then has no column of its own."""
    return tag("div", *parts, class_="under") if any(parts) else Html("")


def counts(total: int, noun: str, of: Sequence[tuple[Look, int]], page: str) -> Html:
    """How many there are, and of each phase that there is any of; each leads to those."""
    parts = [
        link(page, phase(look, " "), tag("b", f"{count:,}"), query={"phase": look.word}) for look, count in of if count
    ]
    shares = [(f"tone-{look.tone}", count) for look, count in of if count]
    figures = tag("div", tag("span", f"{total:,}", class_="total"), tag("span", noun), *parts, class_="counts")
    return joined(figures, stack(shares))


def stack(shares: Iterable[tuple[str, float]]) -> Html:
    """One bar, in parts."""
    parts = (tag("span", class_=of, style=f"flex:{share}") for of, share in shares if share)
    return tag("div", *parts, class_="stack", aria_hidden="true")


def meter(share: float) -> Html:
    """A bar that is filled so far."""
    full = " full" if share >= 0.9 else ""
    fill = tag("i", style=f"width:{100 * min(1.0, share):.1f}%")
    return tag("div", fill, class_=f"meter{full}", aria_hidden="true")


def meters(rows: Iterable[tuple[str, float, str, str]]) -> Html:
    """Bars below each other: (what, share, per cent, amounts)."""
    parts = [
        tag("span", what) + meter(share) + tag("b", percent) + tag("span", amounts, class_="muted")
        for what, share, percent, amounts in rows
    ]
    return tag("div", *map(Html, parts), class_="meters")


def facts(pairs: Iterable[tuple[str, str]]) -> Html:
    """Names and values; those without a value are left out."""
    return tag("dl", *(joined(tag("dt", name), tag("dd", value)) for name, value in pairs if value), class_="facts")


def tabs(page: str, entries: Iterable[tuple[str, dict[str, str], bool]]) -> Html:
    """(title, query, whether it is the one that is open)."""
    links = (link(page, title, query=query, aria_current="page" if here else None) for title, query, here in entries)
    return tag("nav", *links, class_="tabs", aria_label="Parts of this page")


@frozen
class Column:
    """Of a table."""

    title: str
    #: ``num``, ``name``, ``wide``; ``opt`` goes where the window is narrow.
    classes: str = ""


def table(columns: Sequence[Column], rows: Iterable[tuple[str, Sequence[str]]], label: str) -> Html:
    """Rows are told apart by a key, so that one keeps its place while others come and go.

    :param label: what the table is of, for those who cannot see it.
    """
    titles = (tag("th", column.title, class_=column.classes or None, scope="col") for column in columns)
    body = (
        tag(
            "tr",
            *(tag("td", cell, class_=column.classes or None) for column, cell in zip(columns, cells, strict=True)),
            data_key=key,
        )
        for key, cells in rows
    )
    written = tag("table", tag("thead", tag("tr", *titles)), tag("tbody", *body), aria_label=label)
    return tag("div", written, class_="scroll")
