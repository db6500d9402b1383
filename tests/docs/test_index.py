"""docs/index.md is a door to every page, and the site that is built of it follows it."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
PAGES = {path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")}


def linked(page):
    """What a page leads to, relative to docs/."""
    found = re.findall(r"\]\((?!\w+:)([^)#]+\.md)\)", (DOCS / page).read_text(encoding="utf-8"))
    return {((DOCS / page).parent / name).resolve().relative_to(DOCS.resolve()).as_posix() for name in found}


def test_every_page_is_told_of_by_the_index_or_by_the_list_of_decisions():
    assert {"index.md"} | linked("index.md") | linked("decisions/README.md") == PAGES


def test_the_site_lists_what_the_index_links_to_under_its_headings():
    site = runpy.run_path(str(DOCS / "conf.py"))
    source = ["# Door\n\n[one](a/one.md)\n\n## How to\n\n[two](two.md), [again](two.md), [away](https://x.y/z.md)\n"]
    site["list_what_is_linked"](None, "index", source)
    _, first, second = source[0].split("```{toctree}\n")
    assert first == ":hidden:\n\na/one\n```\n\n"[: len(first)]
    assert second == ":hidden:\n:caption: How to\n\ntwo\n```\n"


def test_other_pages_are_left_as_they_are():
    site = runpy.run_path(str(DOCS / "conf.py"))
    source = ["# Page\n\n[one](one.md)\n"]
    site["list_what_is_linked"](None, "howto/page", source)
    assert source == ["# Page\n\n[one](one.md)\n"]
