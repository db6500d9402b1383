"""Results for programs."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from attrs import evolve

from kube9 import __version__
from kube9.simulator.document import document_of
from kube9.simulator.faultfile import FaultModel
from kube9.simulator.scenario import Told

REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "simulate-json.md"


@pytest.fixture
def document(run_all):
    """Run a scenario and return its document."""

    def document(*args, **given):
        made, results = run_all(*args, told=Told(trace="t.csv", nodes=("1xcpu=4",), fail="f"), **given)
        return document_of(made, results)

    return document


def test_a_run_in_time(document, pod):
    arrivals = [pod("a", cores=4, at=1, run=10), pod("b", cores=4, at=6, run=10)]
    model = FaultModel(mtbf_ms=10**9, mttr_ms=1)
    made = document(arrivals, faults=model, detect_ms=7, until_ms=18_000, seeds=(4,))
    assert made == {
        "kube9": __version__,
        "trace": "t.csv",
        "nodes": ["1xcpu=4"],
        "mode": "timed",
        "queue": "priority",
        "arrivalsFirst": False,
        "devices": "least-left",
        "fail": "f",
        "detectMs": 7,
        "health": [],
        "faults": None,
        "untilMs": 18_000,
        "notes": [],
        "runs": [
            {
                "instance": "some",
                "scheduler": "first-fit",
                "health": None,
                "seed": 4,
                "nodes": 1,
                "nodesUsed": 1,
                "nodeFailures": 0,
                "nodesLost": 0,
                "pods": 2,
                "podsPlaced": 2,
                "podsDropped": 0,
                "podsWaiting": 0,
                "podsFinished": 1,
                "podsMisfit": 0,
                "moves": 0,
                "allocation": {"final": {"cpu": 1.0}, "timeWeighted": {"cpu": 1.0}, "byDemand": None},
                "waitingMs": {"count": 2, "mean": 2500.0, "median": 0, "p95": 5000, "p99": 5000, "max": 5000},
                "boundedSlowdown": 1.0,
                "detection": None,
                "startMs": 1000,
                "endMs": 18_000,
            }
        ],
    }


def test_a_run_without_times_has_none(document, pod):
    made = document([pod("a", cores=4), pod("b", cores=4)], arrivals_only=True)
    assert (made["mode"], made["detectMs"], made["untilMs"]) == ("arrivals-only", None, None)
    (run,) = made["runs"]
    assert run["seed"] is None
    assert (run["podsPlaced"], run["podsDropped"], run["podsWaiting"]) == (1, 1, 0)
    assert [run[key] for key in ("waitingMs", "boundedSlowdown", "startMs", "endMs")] == [None] * 4
    by_demand = {"cpu": [[100, 1.0], [200, 1.0]]}
    assert run["allocation"] == {"final": {"cpu": 1.0}, "timeWeighted": {"cpu": 1.0}, "byDemand": by_demand}


def test_what_a_health_check_did_is_told(document, pod):
    made = document([pod("a", run=300)], "2xcpu=4", healths=("heartbeat", "phi-accrual"))
    assert (made["health"], made["detectMs"]) == (["heartbeat", "phi-accrual"], None)
    assert [run["health"] for run in made["runs"]] == ["heartbeat", "phi-accrual"]
    told = made["runs"][0]["detection"]
    assert told["suspectedMs"] == told["failedMs"] == {"median": None, "max": None}
    assert (told["crashesFound"], told["evictions"], told["twoCopiesMs"]) == (0, 0, 0)
    assert 0 < told["downtime"] < 0.01


def test_it_is_json_through_and_through(document, pod):
    made = document([pod("a", run=3)], schedulers=("best-fit", "random"), seeds=(0, 1))
    assert json.loads(json.dumps(made)) == made


def test_the_reference_tells_every_key_and_no_other(document, pod):
    def keys(value):
        if isinstance(value, dict):
            for key, one in value.items():
                yield key
                yield from keys(one)
        elif isinstance(value, list):
            for one in value:
                yield from keys(one)

    made = document([pod("a", run=3)], healths=("heartbeat",))
    there = set(keys(made)) - set(made["runs"][0]["allocation"]["final"])
    told = set(re.findall(r"^\| `([\w.]+)`", REFERENCE.read_text(encoding="utf-8"), flags=re.MULTILINE))
    assert {name.rpartition(".")[2] for name in told} == there


def test_notes_are_in_it(document, pod):
    assert document([pod("a", cores=9)], arrivals_only=True)["notes"] == [
        "1 pod fits no node even when it is empty: pod 'a' (0 of 1 nodes fit: 1 insufficient cpu)."
    ]


def test_equal_scenarios_give_equal_documents(run_all, pod):
    made, results = run_all([pod(f"p{index}", run=index) for index in range(9)], schedulers=("random",), seeds=(5,))
    again, repeated = run_all([pod(f"p{index}", run=index) for index in range(9)], schedulers=("random",), seeds=(5,))
    assert document_of(made, results) == document_of(again, repeated)
    assert document_of(evolve(made, seeds=(6,)), results) == document_of(made, results)
