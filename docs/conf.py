"""How Sphinx makes a site of these pages: ``tox -e docs``, or ``sphinx-build -W -n docs OUT``."""
# ruff: noqa: INP001  (read by Sphinx, never imported)

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pygments.lexers.special import TextLexer

from kube9 import __version__

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "kube9"
author = "The kube9 authors"
copyright = author  # noqa: A001  (Sphinx's name for it)
release = version = __version__

extensions = ["myst_parser"]
exclude_patterns = ["screenshots"]
html_theme = "furo"
html_title = f"kube9 {release}"
# What is shown can be read without a network, and needs no other page than the one it stands in.
html_show_sourcelink = False

# Git hosts give every heading an anchor, and pages link to those.
myst_heading_anchors = 4

#: Pages that list others. What they link to, under each of their headings, is what the site has at its side.
DOORS = ("index", "decisions/README")

HEADING = re.compile(r"^## (.+)$", flags=re.MULTILINE)
#: Pages of the repository that are none of the site's.
OUTSIDE = re.compile(r"\[([^\]]+)\]\((?:\.\./)+(contrib/[^)]+\.md)\)")
LINK = re.compile(r"\]\((?!\w+:)([^)#]+)\.md\)")


def setup(app: Sphinx) -> None:
    app.add_lexer("csv", TextLexer)  # of which Pygments knows nothing
    app.connect("source-read", list_what_is_linked)
    app.connect("source-read", name_what_is_outside)


def list_what_is_linked(app: Sphinx, name: str, source: list[str]) -> None:  # noqa: ARG001  (as Sphinx calls it)
    """Add to a door the lists that Sphinx wants, so that the page itself stays what every reader of Markdown shows."""
    if name in DOORS:
        parts = ["", *HEADING.split(source[0])]
        headed = zip(parts[::2], parts[1::2], strict=True)
        source[0] += "".join(contents(heading, LINK.findall(text)) for heading, text in headed)


def name_what_is_outside(app: Sphinx, name: str, source: list[str]) -> None:  # noqa: ARG001  (as above)
    """Say where in the repository a page is that the site has not, instead of a link that leads nowhere."""
    source[0] = OUTSIDE.sub(r"\1 (`\2`)", source[0])


def contents(caption: str, pages: list[str]) -> str:
    """One list of pages, which is not shown in the page that has it."""
    # A page that is named twice belongs where it is named first.
    names = "\n".join(dict.fromkeys(pages))
    titled = f":caption: {caption}\n" if caption else ""
    return f"\n```{{toctree}}\n:hidden:\n{titled}\n{names}\n```\n" if names else ""
