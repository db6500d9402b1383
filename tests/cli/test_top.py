"""``kube9 top``: the fullest node comes first."""

from __future__ import annotations

from kube9.agent.brain import PodUse

MIB = 2**20


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


def measure(live, **uses):
    """Have the nodes of these pods tell what they take."""
    by_node = {}
    for name, (cpu_milli, memory_bytes) in uses.items():
        pod = live.plane.view.pod("default", name)
        by_node.setdefault(pod.node_uid, []).append(PodUse(pod.uid, pod.epoch, cpu_milli, memory_bytes))
    for uid, told in by_node.items():
        live.plane.usage.note(uid, tuple(told))


def test_what_is_measured_stands_beside_what_was_asked_for(live, done):
    live.add_nodes("n1", "n2")
    done("pod", "run", "web", "--cpu", "2", "--scheduler", "first-fit", "--wait")
    measure(live, web=(1500, 300 * MIB + 12345))
    lines = done("top")
    assert lines[0].split("  ")[-3:] == ["CPU NOW", "MEMORY NOW", "PODS"]
    assert lines[1].split() == ["n1", "Ready", "2/4", "50%", "0/8Gi", "0%", "1500m", "38%", "300Mi", "4%", "1"]
    assert lines[2].split() == ["n2", "Ready", "0/4", "0%", "0/8Gi", "0%", "0"]
    assert done("top", "nodes") == lines


def test_pods_are_sorted_by_what_they_take(live, done, said):
    live.add_nodes("n1")
    for name, more in [
        ("idle", ("--cpu", "1")),
        ("busy", ("--cpu", "500m", "--memory", "1Gi", "--label", "app=web")),
        ("fat", ("--label", "app=web")),
        ("new", ()),
    ]:
        done("pod", "run", name, "--image", "nginx", *more, "--wait")
    measure(live, idle=(1, 5000), busy=(700, 2 * MIB), fat=(1, 900 * MIB))
    rows = [line.split() for line in done("top", "pods")]
    assert rows == [
        ["POD", "STATUS", "NODE", "CPU", "NOW", "CPU", "ASKED", "MEMORY", "NOW", "MEMORY", "ASKED"],
        ["busy", "Running", "n1", "700m", "500m", "2Mi", "1Gi"],
        ["fat", "Running", "n1", "1m", "900Mi"],
        ["idle", "Running", "n1", "1m", "1", "5000"],
        ["new", "Running", "n1"],
    ]
    assert [item["metadata"]["name"] for item in said("top", "pods", "-l", "app=web")["items"]] == ["busy", "fat"]
    assert done("top", "pods", "-A")[1].split()[:2] == ["default", "busy"]
    assert len(done("top", "pods", "-n", "other")) == 1


def test_there_is_nothing_else_to_be_shown(run):
    result = run("top", "services")
    assert (result.exit_code, "'nodes', 'pods'" in result.stderr) == (2, True)
