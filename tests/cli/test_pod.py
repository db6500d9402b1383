"""``kube9 pod``, against a real server."""

from __future__ import annotations

import pytest


@pytest.fixture
def nodes(live):
    live.add_nodes("n1", "n2")
    return live


def first_cells(lines):
    return [line.split()[0] for line in lines[1:]]


def test_a_pod_runs_with_all_that_is_asked_for(nodes, done, said):
    done(
        "node",
        "add",
        "g1",
        "--cpu",
        "8",
        "--memory",
        "1Gi",
        "--label",
        "zone=a",
        "--taint",
        "spot:NoSchedule",
        "--device",
        "kind=gpu",
    )
    nodes.wait_for("NodeReady", 3)
    shape = ("--image", "nginx:1", "--cpu", "500m", "--memory", "64Mi", "--device", "kind=gpu,milli=250")
    more = (
        "--label",
        "app=web",
        "--node-selector",
        "zone=a",
        "--toleration",
        "spot",
        "--priority",
        "5",
        "--env",
        "A=b=c",
    )
    assert done("pod", "run", "web", *shape, *more, "--restart", "Never", "--wait", "--", "run", "--fast") == [
        "pod web is Running on g1"
    ]
    pod = said("pod", "show", "web")
    (container,) = pod["spec"]["containers"]
    assert (container["image"], container["command"]) == ("nginx:1", ["run", "--fast"])
    assert container["env"] == [{"name": "A", "value": "b=c"}]
    assert container["resources"]["requests"] == {"cpu": "500m", "memory": "64Mi"}
    assert pod["spec"]["restartPolicy"] == "Never"
    assert pod["spec"]["priority"] == 5
    assert pod["status"]["devices"] == {"gpu": [0]}
    assert pod["metadata"]["labels"] == {"app": "web"}
    told = dict(line.split(":", 1) for line in done("pod", "show", "web"))
    assert told["Containers"].split() == ["main", "nginx:1", "run", "--fast"]
    assert told["Devices"].strip() == "gpu 0"


def test_one_that_fits_nowhere_says_why(nodes, done):
    assert done("pod", "run", "big", "--cpu", "64") == ["pod big is Pending: 0 of 2 nodes fit: 2 insufficient cpu"]


def test_time_runs_out_with_the_reason(nodes, run):
    result = run("pod", "run", "big", "--cpu", "64", "--wait", "--timeout", "100ms")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        "Error: waited 0.1 s for pod big to run: big is Pending (0 of 2 nodes fit: 2 insufficient cpu)\n"
    )


def test_a_scheduler_can_be_named(nodes, done, said):
    lines = done("pod", "run", "w", "--count", "2", "--cpu", "1", "--scheduler", "worst-fit", "--wait")
    assert lines == ["pod w-1 is Running on n1", "pod w-2 is Running on n2"]
    assert said("pod", "show", "w-2")["spec"]["schedulerName"] == "worst-fit"


def test_many_are_answered_one_by_one(nodes, run):
    run("pod", "run", "w-2", "--cpu", "2")
    result = run("pod", "run", "w", "--count", "3", "--cpu", "1")
    assert [line.split(" is ")[0] for line in result.stdout.splitlines()] == ["pod w-1", "pod w-3"]
    assert result.stderr.startswith("Error: pod w-2: there is a pod 'w-2' already")
    assert result.exit_code == 1


def test_a_list_is_of_one_namespace_or_of_all(nodes, done):
    done("pod", "run", "a", "--label", "app=x")
    done("pod", "run", "b", "--cpu", "64")
    done("pod", "run", "c", "-n", "other")
    assert done("pod", "list")[0].split() == ["NAME", "READY", "STATUS", "RESTARTS", "NODE", "AGE", "REASON"]
    assert first_cells(done("pod", "list")) == ["a", "b"]
    assert first_cells(done("pod", "list", "-n", "other")) == ["c"]
    assert first_cells(done("pod", "list", "-A")) == ["default", "default", "other"]
    assert first_cells(done("pod", "list", "--phase", "Pending")) == ["b"]
    assert first_cells(done("pod", "list", "-l", "app")) == ["a"]
    assert first_cells(done("pod", "list", "--node", "n1")) == ["a"]
    wide = done("pod", "list", "-o", "wide")
    assert "REQUESTS" in wide[0]
    assert "cpu=64" in wide[2]


def test_an_explanation_has_a_row_per_node_the_best_first(nodes, run, said):
    run("node", "add", "small", "--cpu", "1", "--wait")
    run("pod", "run", "web", "--cpu", "2", "--wait")
    result = run("pod", "explain", "web")
    rows = [line.split() for line in result.stdout.splitlines()]
    assert rows[0] == ["NODE", "FITS", "SCORE", "WINNER", "REASON"]
    assert [(row[0], row[1]) for row in rows[1:]] == [("n1", "yes"), ("n2", "yes"), ("small", "no")]
    assert "*" in rows[1]
    assert rows[3][2:] == ["insufficient", "cpu"]
    assert result.stderr == "Scheduler best-fit: n1 wins.\n"
    assert said("pod", "explain", "web")["winner"] == "n1"
    run("pod", "run", "big", "--cpu", "64")
    assert run("pod", "explain", "big").stderr == "Scheduler best-fit: 0 of 3 nodes fit: 3 insufficient cpu.\n"


def test_an_explanation_tells_where_a_pod_is_that_would_go_elsewhere_now(nodes, run):
    run("pod", "run", "web", "--cpu", "1", "--wait")
    run("node", "add", "small", "--cpu", "1", "--wait")
    assert run("pod", "explain", "web").stderr == "Scheduler best-fit: small wins. The pod is on n1.\n"


def test_what_it_wrote(nodes, run):
    run("pod", "run", "web", "--wait")
    result = run("pod", "logs", "web")
    assert result.exit_code == 0
    assert "running" in result.stdout
    run("pod", "run", "big", "--cpu", "64")
    waiting = run("pod", "logs", "big")
    assert (waiting.exit_code, waiting.stdout) == (1, "")


def test_pods_are_deleted(nodes, done, run):
    done("pod", "run", "a", "--wait")
    done("pod", "run", "b", "-n", "other", "--wait")
    assert done("pod", "delete", "b", "-n", "other", "--grace-period", "0s", "--wait") == ["pod b deleted"]
    result = run("pod", "delete", "a", "b")
    assert result.stdout == "pod a is being deleted\n"
    assert "there is no pod 'b'" in result.stderr
    assert result.exit_code == 2


def test_one_whose_container_ends_again_and_again_is_shown_as_such(live, run, done, said):
    assert run("node", "add", "n1", "--cpu", "1", "--option", "crash_after_ms=10", "--wait").exit_code == 0
    done("pod", "run", "web", "--image", "nginx", "--wait")
    live.wait_for("ContainerRestarted")
    live.wait_for("PodUnready")
    status = said("pod", "show", "web")["status"]
    assert (status["phase"], status["ready"], status["restarts"]) == ("Running", False, 1)
    why = "container main exited with code 1: crashed after 10 ms; again in 10 s"
    assert status["reason"] == f"CrashLoopBackOff: {why}"
    row = done("pod", "list")[1]
    assert row.split()[:5] == ["web", "no", "CrashLoopBackOff", "1", "n1"]
    told = {name: text.strip() for name, text in (line.split(":", 1) for line in done("pod", "show", "web"))}
    assert (told["Status"], told["Reason"], told["Ready"], told["Restarts"]) == ("CrashLoopBackOff", why, "no", "1")


def test_one_that_ended_badly_is_a_failure_for_who_waited(live, run):
    fails = ("--option", "crash_after_ms=0", "--option", "exit_code=3")
    assert run("node", "add", "n1", "--cpu", "1", *fails, "--wait").exit_code == 0
    result = run("pod", "run", "job", "--restart", "Never", "--wait")
    assert (result.exit_code, result.stdout.split(":")[0]) == (1, "pod job is Failed on n1")


@pytest.mark.parametrize(
    "args,message",
    [
        (("run", "web", "--env", "A"), "--env: expected key=value, got 'A'"),
        (("run", "web", "--requests", "a=1", "--requests", "a=2"), "--requests: 'a' is given twice"),
        (("run", "web", "--toleration", "a=b:Never"), "--toleration: expected a toleration as key=value:Effect"),
        (("run", "web", "--device", "count=2"), "--device: the kind is missing"),
        (("run", "web", "--device", "kind=gpu,count=two"), "--device: count must be a whole number, got 'two'"),
        (("run", "web", "--device", "kind=gpu,size=2"), "--device: there is no 'size'"),
        (("run", "web", "--scheduler", "bestfit"), "there is no scheduler 'bestfit'"),
        (("run", "web", "--count", "0"), "--count"),
        (("run", "We_b"), "metadata.name: expected a name"),
        (("show", "nope"), "there is no pod 'nope' in namespace 'default'"),
        (("list", "--node", "nope"), "there is no node 'nope'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_misuse_is_explained(live, run, args, message):
    result = run("pod", *args)
    assert message in result.stderr
    assert (result.exit_code, result.stdout) == (2, "")
