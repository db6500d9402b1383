"""``kube9 top``: the fullest node comes first."""

from __future__ import annotations


def test_nodes_are_sorted_by_what_they_have_least_of(live, done, said):
    done("node", "add", "gpus", "--cpu", "8", "--memory", "8Gi", "--device", "kind=gpu,count=1", "--wait")
    live.add_nodes("n1", "n2")
    done("pod", "run", "train", "--device", "kind=gpu,milli=900", "--cpu", "1")
    done(
        "pod", "run", "web", "--cpu", "2", "--memory", "1Gi", "--scheduler", "worst-fit", "--node-selector", "no=where"
    )
    done("pod", "run", "api", "--cpu", "2", "--scheduler", "first-fit", "--wait")
    lines = done("top")
    assert lines[0].split() == ["NODE", "STATUS", "CPU", "MEMORY", "GPU", "PODS"]
    assert [line.split()[0] for line in lines[1:]] == ["gpus", "n1", "n2"]
    assert lines[1].split()[:8] == ["gpus", "Ready", "3/8", "38%", "0/8Gi", "0%", "900/1000", "90%"]
    assert "cpu 5 memory 8Gi gpu 100" in done("top", "-o", "wide")[1]
    assert "cpu 4 memory 8Gi " in done("top", "-o", "wide")[3]
    assert [item["metadata"]["name"] for item in said("top")["items"]] == ["gpus", "n1", "n2"]


def test_an_empty_cluster_is_a_header(live, done):
    assert done("top") == ["NODE  STATUS  PODS"]
