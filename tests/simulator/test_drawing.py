"""Figures as elements of a page."""

from __future__ import annotations

import re

import pytest

pytest.importorskip("matplotlib", reason="needs matplotlib: pip install 'kube9[simulate]'")

from kube9.simulator.drawing import COLOURS, line_of, new_axes, styled, svg_of


def drawn(name="some figure", lines=2, label="x"):
    with styled():
        axes = new_axes(4, 2)
        for index in range(lines):
            axes.plot([0, 1, 2], [index, 1, 0], marker="o", **line_of(index))
        axes.set_xlabel(label)
        return svg_of(axes, name)


def test_it_is_one_element_that_needs_no_network():
    svg = drawn()
    assert svg.startswith("<svg viewBox=")
    assert svg.rstrip().endswith("</svg>")
    assert 'aria-label="some figure"' in svg
    assert "http" not in svg
    assert "<metadata" not in svg


def test_the_page_decides_on_every_colour():
    svg = drawn(lines=COLOURS)
    assert set(re.findall(r"#[0-9a-f]{6}\b", svg)) <= {"#000000"}, "a colour of matplotlib's own shines through"
    assert {f"var(--series-{index})" for index in range(COLOURS)} <= set(re.findall(r"var\(--series-\d\)", svg))
    assert "var(--muted)" in svg


def test_what_is_written_is_text_and_no_formula():
    svg = drawn(label="<b>$x^2$</b> & more")
    assert "&lt;b&gt;$x^2$&lt;/b&gt; &amp; more" in svg


def test_the_same_figure_is_written_the_same():
    assert drawn() == drawn()


def test_two_figures_in_one_page_have_no_name_in_common():
    first, second = (set(re.findall(r'\bid="([^"]+)"', drawn(name=name))) for name in ("one", "two"))
    assert first
    assert first & second == set()
    for svg in (drawn(name="one"), drawn(name="two")):
        names = re.findall(r'\bid="([^"]+)"', svg)
        assert len(names) == len(set(names))
        assert set(re.findall(r'(?:url\(|href=")#([^)"]+)', svg)) <= set(names), "something refers to nothing"
