"""The whole benchmark at its smallest: every number is there, whatever it is, and all contenders chose alike."""

from __future__ import annotations

import json

import pytest

pytestmark = pytest.mark.once

QUICK = {(nodes, workload) for nodes in (100, 250) for workload in ("40 shapes", "every pod different")}


@pytest.fixture
def run(bench, capsys):
    """Run the benchmark with options; returns its exit code, what it printed, and what it said beside."""

    def run(*options):
        try:
            bench("__main__").main([*options, "--quick"], standalone_mode=False)
        except SystemExit as exc:
            return exc.code, *capsys.readouterr()
        return 0, *capsys.readouterr()

    return run


def test_every_number_is_there(run):
    code, out, err = run("--json")
    assert code == 0
    found = json.loads(out)
    assert {(one["nodes"], one["workload"]) for one in found["decisions"]} == QUICK
    for one in found["decisions"]:
        expected = {"kube9", "scan", "loop"} | ({"per-node"} if one["workload"] == "40 shapes" else set())
        assert set(one["microseconds"]) == set(one["perSecond"]) == expected
        assert all(microseconds > 0 for microseconds in one["microseconds"].values())
        for beside, ratio in one["ratios"].items():
            assert ratio == pytest.approx(one["microseconds"]["kube9"] / one["microseconds"][beside])
        assert one["perSecond"]["kube9"] == pytest.approx(1e6 / one["microseconds"]["kube9"])
        assert one["compared"] == 60
        assert one["utilisation"] == pytest.approx(0.7, abs=0.1)
    assert [one["scheduler"] for one in found["simulations"]] == ["best-fit", "first-fit", "worst-fit"]
    assert all(one["perSecond"] > 0 for one in found["simulations"])
    start_up = found["startUp"]
    assert start_up["ratio"] == pytest.approx(start_up["helpMs"] / start_up["clickMs"])
    assert [mark["atMost"] for mark in found["marks"]] == [8, 8, 2.5]
    assert all(mark["met"] == (mark["ratio"] <= mark["atMost"]) for mark in found["marks"])
    assert found["machine"]["python"]
    assert err.count("...") == len(QUICK) + 2


def test_a_missed_mark_is_an_error_only_where_that_is_asked_for(run):
    code, out, _ = run("--json", "--strict")
    assert code == (0 if all(mark["met"] for mark in json.loads(out)["marks"]) else 1)


def test_the_terminal_gets_tables(run):
    _, out, _ = run()
    assert out.count("40 shapes") == 2 + 1
    assert "decisions/s" in out
    assert "met" in out or "missed" in out
