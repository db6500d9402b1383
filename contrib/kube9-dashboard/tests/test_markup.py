"""What comes from the cluster is text, whatever is in it."""

from __future__ import annotations

from kube9_dashboard.model.phases import NODE_PHASES
from kube9_dashboard.views.markup import Column, facts, joined, link, meter, phase, table, tabs, tag, under

EVIL = '<img src=x onerror="alert(1)">'


def test_texts_are_escaped_wherever_they_stand():
    html = joined(
        tag("p", EVIL, title=EVIL),
        link("nodes", EVIL, query={"name": EVIL}),
        facts([(EVIL, EVIL)]),
        table([Column(EVIL)], [(EVIL, [EVIL])], EVIL),
        tabs("pods", [(EVIL, {"name": EVIL}, True)]),
        under(EVIL),
    )
    assert "<img" not in html
    assert html.count("&lt;img") >= 8


def test_a_link_leads_to_a_page_with_its_query():
    assert link("nodes", "n1", query={"name": "n 1"}) == '<a href="nodes?name=n+1" data-page="nodes">n1</a>'
    assert link("", "Overview") == '<a href="./" data-page="">Overview</a>'


def test_a_phase_is_a_sign_and_a_word():
    html = phase(NODE_PHASES["Failed"])
    assert "✕" in html
    assert "Failed" in html


def test_a_meter_is_never_fuller_than_full():
    assert "width:100.0%" in meter(1.7)
    assert "full" in meter(0.95)
    assert "full" not in meter(0.5)
