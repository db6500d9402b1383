"""Plots of what health checks did."""

from __future__ import annotations

import pytest

pytest.importorskip("matplotlib", reason="needs matplotlib: pip install 'kube9[simulate]'")

from kube9.simulator.detectionplots import detection_plots
from kube9.simulator.drawing import styled


def drawn(results):
    with styled():
        return list(detection_plots({result.name: [result] for result in results}))


def test_there_are_none_without_a_health_check(run, pod):
    assert drawn([run([pod("a", run=60)])]) == []


def test_there_is_a_bar_for_each_scheduler_and_check(run_all, pod):
    _, results = run_all([pod("a", run=60)], "2xcpu=4", healths=("heartbeat", "phi-accrual"))
    found = drawn(results)
    assert [plot.title for plot in found] == ["Pods not running", "False suspicions"]
    assert "var(--series-1)" in found[0].svg
    assert "mean" not in found[0].caption
