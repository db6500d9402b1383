"""Which plots a report has, and what is in them."""

from __future__ import annotations

import pytest

pytest.importorskip("matplotlib", reason="needs matplotlib: pip install 'kube9[simulate]'")

from kube9.simulator.plots import plots_of


def plots(results):
    return {plot.title: plot for plot in plots_of(results)}


def test_a_run_in_time(run_all, pod):
    arrivals = [pod("a", cores=4, run=60), pod("b", cores=2, at=10, run=600)]
    found = plots(run_all(arrivals, "1xcpu=4,memory=1Gi", schedulers=("best-fit", "first-fit"))[1])
    assert list(found) == ["CPU allocated", "Waiting time", "Nodes in use"]
    assert "minutes since the first pod came" in found["CPU allocated"].svg
    assert "var(--series-0)" in found["CPU allocated"].svg
    assert "var(--series-1)" in found["CPU allocated"].svg
    assert "var(--series-2)" not in found["CPU allocated"].svg
    assert "seeds" not in found["CPU allocated"].caption


def test_nobody_waited(run, pod):
    assert "Waiting time" not in plots([run([pod("a", run=60)])])


@pytest.mark.parametrize(
    "waiting,logarithmic", [(1, True), (30, False)], ids=["few waited, and for them", "many waited"]
)
def test_the_scale_of_waiting_shows_few_as_well_as_many(run, pod, waiting, logarithmic):
    arrivals = [pod(f"p{index}", cores=0, run=1) for index in range(20)]
    arrivals += [pod(f"w{index}", cores=4, run=100) for index in range(1 + waiting)]
    found = plots([run(arrivals)])["Waiting time"]
    assert ("logarithmic" in found.caption) is logarithmic


def test_a_run_without_times(run_all, pod):
    arrivals = [pod(f"p{index}", cores=1) for index in range(40)]
    found = plots(run_all(arrivals, "8xcpu=4", arrivals_only=True, seeds=(0, 1))[1])
    assert list(found) == ["CPU allocated", "Nodes in use"]
    assert "pods that have come" in found["CPU allocated"].svg
    assert "A line is the mean over the seeds" in found["Nodes in use"].caption


def test_the_end_of_a_long_rise_is_shown_enlarged(run, pod):
    arrivals = [pod(f"p{index}", cores=1) for index in range(100)]
    assert "inset" in plots([run(arrivals, "24xcpu=4", arrivals_only=True)])["CPU allocated"].caption
    early = [pod("a", cores=4), *[pod(f"p{index}", cores=1) for index in range(30)]]
    assert "inset" not in plots([run(early, "auto:cpu=4", arrivals_only=True)])["CPU allocated"].caption


def test_several_instances_are_told_apart_by_their_names(run_all, pod):
    arrivals = [pod(f"p{index}", cores=1) for index in range(9)]
    given = {"instances": ("<x>", "$y_1$"), "schedulers": ("best-fit", "worst-fit"), "arrivals_only": True}
    found = plots(run_all(arrivals, "auto:cpu=4", **given)[1])
    assert list(found) == ["CPU allocated", "Nodes used"]
    assert "&lt;x&gt;" in found["Nodes used"].svg
    assert "$y_1$" in found["Nodes used"].svg
    assert "A line is the mean over the instances." in found["CPU allocated"].caption
    assert "share of the pods that have come" in found["CPU allocated"].svg


def test_a_resource_with_an_odd_name(run, pod):
    arrivals = [pod("a", run=9, requests={"x.org/odd_1.2": 2})]
    found = plots([run(arrivals, "auto:cpu=4,resource.x.org/odd_1.2=2")])
    assert 'aria-label="x-org-odd-1-2 allocated"' in found["X.org/odd_1.2 allocated"].svg


def test_a_run_without_length(run, pod):
    assert list(plots([run([pod("a")])])) == ["Nodes in use"]
