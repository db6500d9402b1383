"""The command as a user gives it: it simulates in processes of their own, so the package must be installed."""

from __future__ import annotations

import csv
import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from kube9_fgd.command import fgd

HEADER = "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec"
PODS = [f"p{number},{1000 + 500 * (number % 3)},1024,1,{(250, 500, 1000)[number % 3]}," for number in range(24)]
NODES = [f"n{number},16000,65536,4,T4" for number in range(4)]


@pytest.fixture
def data(tmp_path):
    """Sixteen GPUs, and pods that ask for 14 of them."""
    openb = tmp_path / "openb"
    openb.mkdir()
    (openb / "openb_pod_list_small.csv").write_text("\n".join([HEADER, *PODS]), encoding="utf-8")
    nodes = "\n".join(["sn,cpu_milli,memory_mib,gpu,model", *NODES])
    (openb / "openb_node_list_gpu_node.csv").write_text(nodes, encoding="utf-8")
    return tmp_path


@pytest.fixture
def invoke():
    def invoke(*words):
        return CliRunner().invoke(fgd, [str(word) for word in words])

    return invoke


def test_the_table_of_a_small_list(data, invoke):
    result = invoke("table", "--data", data, "--list", "small", "--seeds", "1..2", "--jobs", 2, "--percent", 50)
    assert result.exit_code == 0, result.output
    head, row = result.stdout.splitlines()
    assert head.split() == ["pods", "arrived", "Random", "DotProd", "Clustering", "Packing", "BestFit", "FGD"]
    assert row.split()[:4] == ["small", "50", "%", "kube9"]
    shares = [float(word) for word in row.split()[4::3]]
    assert len(shares) == 6
    # As long as there is room enough, all that is asked for is placed; 50 stands for 49.5 to 50.5.
    assert all(40 < share < 51 for share in shares)
    # Two at once end in any order.
    done = sorted(result.stderr.splitlines())
    assert done == ["openb_pod_list_small, seed 1: done", "openb_pod_list_small, seed 2: done"]


def test_published_figures_are_shown_where_they_are(data, invoke):
    (data / "fgd").mkdir()
    figures = "metric,workload,policy,arrived_pct,mean\nalloc_pct,openb_pod_list_small,BestFit,130,20\n"
    (data / "fgd" / "published.csv").write_text(figures, encoding="utf-8")
    words = ["--list", "small", "--seeds", "7", "--policy", "BestFit", "--percent", "130", "--markdown"]
    result = invoke("table", "--data", data, *words)
    assert "|  |  | published | 20.00 |" in result.stdout.splitlines()
    assert "Farthest from what is published, in percentage points: BestFit +" in result.stdout


@pytest.mark.parametrize(
    "words,problem",
    [
        (("--list", "none"), "openb_pod_list_none.csv: No such file"),
        (("--list", "small", "--seeds", "2..1"), "expected a seed such as 42, or a range such as 42..51, got '2..1'"),
        (("--list", "small", "--seeds", "x"), "got 'x'"),
        (("--policy", "Best"), "'Best' is not one of"),
    ],
    ids=["no list", "backwards", "no seed", "no policy"],
)
def test_what_cannot_be_used_is_told(data, invoke, words, problem):
    result = invoke("table", "--data", data, *words)
    assert result.exit_code != 0
    assert problem in result.output


def test_a_run_by_hand(data, invoke):
    """What the README shows: files for one run, and kube9 itself on them."""
    openb, to = data / "openb", data / "run"
    pods, nodes = openb / "openb_pod_list_small.csv", openb / "openb_node_list_gpu_node.csv"
    assert invoke("prepare", "--pods", pods, "--nodes", nodes, "--seed", 3, "--to", to).exit_code == 0
    command = [sys.executable, "-m", "kube9", "simulate", "--trace", to / "pods.csv", "--nodes", to / "nodes.csv"]
    command += ["--arrivals-only", "-o", "json", "--scheduler", f"fgd:workload={pods}", "--check"]
    told = json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
    (run,) = told["runs"]
    with (to / "pods.csv").open(encoding="utf-8", newline="") as lines:
        assert run["pods"] == len(list(csv.DictReader(lines)))
    assert run["allocation"]["final"]["gpu"] > 0.9


def test_prepare_tells_what_it_cannot_read(data, invoke):
    nodes = data / "openb" / "openb_node_list_gpu_node.csv"
    result = invoke("prepare", "--pods", nodes, "--nodes", nodes, "--to", data / "run")
    assert (result.exit_code, "with a column 'num_gpu'" in result.output) == (1, True)
