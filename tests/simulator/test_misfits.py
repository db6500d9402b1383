"""Pods that fit no node at all."""

from __future__ import annotations

from kube9.core.nodes import NodeSpec
from kube9.simulator.emptynodes import EmptyNodes
from kube9.simulator.misfits import Misfits


def judged(app, pods):
    misfits = Misfits(EmptyNodes([NodeSpec(name="n", capacity={"cpu": 2000})], app.make_pipeline("best-fit")))
    verdicts = [misfits.judge(position, arrival.pod) for position, arrival in pods]
    return verdicts, misfits.count, list(misfits.notes())


def test_who_fits_is_no_misfit_and_no_note(app, pod):
    assert judged(app, [(0, pod("a", cores=2))]) == ([False], 0, [])


def test_one_is_named_with_the_reason(app, pod):
    verdicts, count, notes = judged(app, [(0, pod("a", cores=2)), (1, pod("b", cores=3))])
    assert (verdicts, count) == ([False, True], 1)
    assert notes == ["1 pod fits no node even when it is empty: pod 'b' (0 of 1 nodes fit: 1 insufficient cpu)."]


def test_of_many_the_first_of_the_file_are_named_whatever_the_order(app, pod):
    pods = [(position, pod(f"p{position}", cores=3 + position)) for position in range(5)]
    (note,) = judged(app, pods[::-1])[2]
    reason = "(0 of 1 nodes fit: 1 insufficient cpu)"
    assert note == (
        f"5 pods fit no node even when it is empty: pod 'p0' {reason}, pod 'p1' {reason}, pod 'p2' {reason}, 2 more."
    )
