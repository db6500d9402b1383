"""Nodes by score, and reasons by how many give them."""

from __future__ import annotations

from kube9_dashboard.model.explanation import explanation


def node(name, score=None, reason="", *, last=False):
    return {"name": name, "fits": score is not None, "reason": reason, "score": score, "triedLast": last}


def told(*nodes, winner=None, node_name=None):
    document = {"scheduler": "best-fit", "nodeName": node_name, "winner": winner, "tally": "", "nodes": list(nodes)}
    return explanation(document)


def test_the_winner_comes_first_then_the_best_and_last_who_does_not_fit():
    found = told(
        node("full", reason="insufficient cpu"),
        node("low", -2.0),
        node("tied", 1.0),
        node("wins", 1.0),
        node("flaky", 9.0, last=True),
        winner="wins",
    )
    assert [each.node for each in found.verdicts] == ["wins", "tied", "low", "flaky", "full"]
    assert [each.rank for each in found.verdicts] == [1, 2, 3, 4, None]
    assert [each.wins for each in found.verdicts] == [True, False, False, False, False]


def test_where_the_pod_is_is_told_apart_from_where_it_would_go():
    found = told(node("here", 1.0), node("there", 2.0), winner="there", node_name="here")
    assert (found.node, found.winner) == ("here", "there")


def test_reasons_are_counted_the_most_frequent_first():
    found = told(node("a", reason="cordoned"), node("b", reason="lost"), node("c", reason="lost"))
    assert found.refusals == (("lost", 2), ("cordoned", 1))
    assert found.winner is None
