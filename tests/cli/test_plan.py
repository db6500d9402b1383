"""``kube9 plan``: where things would go, and nothing goes there."""

from __future__ import annotations

import json

PODS = """
apiVersion: kube9/v1
kind: Pod
metadata: {{name: {name}}}
spec: {{requests: {{cpu: "{cpu}"}}}}
"""


def test_each_pod_has_a_node_or_a_reason(live, run, said, tmp_path):
    live.add_nodes("n1")
    path = tmp_path / "pods.yaml"
    path.write_text("---".join(PODS.format(name=name, cpu=cpu) for name, cpu in (("a", 3), ("b", 2), ("c", 1))))
    result = run("plan", "-f", str(path))
    assert result.exit_code == 0, result.stderr
    rows = [line.split(maxsplit=2) for line in result.stdout.splitlines()]
    assert rows[0] == ["POD", "NODE", "REASON"]
    assert rows[1] == ["a", "n1"]
    assert rows[2] == ["b", "0", "of 1 nodes fit: 1 insufficient cpu"]
    assert rows[3] == ["c", "n1"]
    assert result.stderr == "1 of 3 pods would wait.\n"
    assert said("pod", "list")["items"] == []
    document = json.loads(run("plan", "-f", str(path), "-o", "json").stdout)
    assert [item["nodeName"] for item in document["items"]] == ["n1", None, "n1"]


class TestWhatIsSupposed:
    def test_who_moves_where_and_what_can_be_lost(self, live, run, said):
        live.add_nodes("n1", "n2", "n3")
        for name, cpu in (("a", 3), ("b", 3), ("c", 1)):
            run("pod", "run", name, "--cpu", str(cpu))
        before = said("pod", "list")["items"]
        result = run("plan", "--fail", "n1")
        assert result.exit_code == 0, result.stderr
        assert result.stdout.splitlines() == [
            "POD  FROM  TO  REASON",
            "a    n1    n3",
            "c    n1    n2",
            "2 pods would move.",
            "2 of 2 nodes cannot be lost:",
            "  without n2 1 pod would wait: b (0 of 3 nodes fit: 2 recovering, 1 insufficient cpu)",
            "  without n3 1 pod would wait: a (0 of 3 nodes fit: 2 recovering, 1 insufficient cpu)",
        ]
        assert [each["status"]["nodeName"] for each in said("pod", "list")["items"]] == [
            each["status"]["nodeName"] for each in before
        ]

    def test_more_nodes_and_nodes_that_are_drained(self, live, run):
        live.add_nodes("n1")
        for name, cpu in (("a", 3), ("b", 3)):
            run("pod", "run", name, "--cpu", str(cpu))
        result = run("plan", "--drain", "n1", "--add", "2xcpu=4", "--add", "1xcpu=8,label.disk=ssd")
        assert result.stdout.splitlines()[1:] == [
            "a    n1    new-0002",
            "b          new-0001",
            "2 pods would move.",
            "Any one of 3 nodes can be lost.",
            "The fullest first, 2 can be lost in a row; the next, new2-0001, would leave 2 pods waiting: a, b.",
        ]

    def test_pods_that_are_asked_for_come_after_that(self, live, run, tmp_path):
        live.add_nodes("n1", "n2")
        path = tmp_path / "pods.yaml"
        path.write_text("---".join(PODS.format(name=name, cpu=3) for name in "ab"))
        result = run("plan", "-f", str(path), "--drain", "n1", "--check")
        assert result.exit_code == 1
        assert result.stdout.splitlines()[:6] == [
            "POD  FROM  TO  REASON",
            "a          n2",
            "b              0 of 2 nodes fit: 1 cordoned, 1 insufficient cpu",
            "No pod would move.",
            "1 of 2 pods asked for would wait: b.",
            "1 of 1 node cannot be lost:",
        ]

    def test_who_has_to_stay_and_who_waits_as_before(self, live, run):
        live.add_nodes("n1")
        for number in range(7):
            run("pod", "run", f"p{number}", "--cpu", "500m")
        run("pod", "run", "huge", "--cpu", "9")
        lines = run("plan", "--drain", "n1").stdout.splitlines()
        assert lines[-5:-2] == [
            "No pod would move.",
            "7 pods would stay: p0, p1, p2, p3, p4 and 2 more.",
            "1 pod would wait as now.",
        ]

    def test_many_that_cannot_be_lost_are_counted(self, live, run):
        names = [f"n{number}" for number in range(7)]
        live.add_nodes(*names)
        for name in names:
            run("pod", "run", f"on-{name}", "--cpu", "4")
        lines = run("plan", "--losses").stdout.splitlines()
        assert lines[1] == "7 of 7 nodes cannot be lost:"
        assert lines[-1] == "  and 2 more, all of which are in -o json"

    def test_of_an_empty_cluster_there_is_little_to_say(self, live, run):
        assert run("plan", "--losses").stdout.splitlines() == ["No pod would move."]
        live.add_nodes("n1")
        assert run("plan", "--losses").stdout.splitlines()[1:] == ["The only node can be lost."]


class TestCheck:
    def test_fails_where_a_pod_would_have_no_place(self, live, run, tmp_path):
        live.add_nodes("n1", "n2")
        run("pod", "run", "a", "--cpu", "3")
        run("pod", "run", "waits-already", "--cpu", "9")
        assert run("plan", "--fail", "n1", "--check").exit_code == 0
        assert run("plan", "--fail", "n1", "--fail", "n2").exit_code == 0
        assert run("plan", "--fail", "n1", "--fail", "n2", "--check").exit_code == 1
        path = tmp_path / "pods.yaml"
        path.write_text(PODS.format(name="waits-already", cpu=9))
        assert run("plan", "-f", str(path), "--check", "--losses").exit_code == 0  # it is no worse off
        path.write_text(PODS.format(name="large", cpu=9))
        assert run("plan", "-f", str(path), "--check").exit_code == 1

    def test_with_losses_also_where_a_node_cannot_be_lost(self, live, run):
        live.add_nodes("n1", "n2")
        run("pod", "run", "a", "--cpu", "3")
        assert run("plan", "--losses", "--check").exit_code == 0
        assert run("plan", "--fail", "n2", "--check").exit_code == 0
        assert run("plan", "--fail", "n2", "--check", "--losses").exit_code == 1


class TestMisuse:
    def test_there_must_be_something_to_plan(self, live, run):
        result = run("plan", "--check")
        assert result.exit_code == 2
        assert "nothing to plan: give -f, --fail, --drain, --add or --losses" in result.stderr

    def test_the_nodes_to_be_added_are_counted(self, live, run):
        result = run("plan", "--add", "auto:cpu=4")
        assert result.exit_code == 2
        assert "--add: auto: is for simulations; say how many, as in 4xcpu=4,memory=8Gi" in result.stderr
        result = run("plan", "--add", "many")
        assert result.exit_code == 2
        assert "--add 'many': expected a node file" in result.stderr

    def test_what_the_server_finds_is_told(self, live, run):
        result = run("plan", "--fail", "nobody", "--drain", "nobody")
        assert result.exit_code == 2
        assert "fail[0]: there is no node 'nobody'" in result.stderr
        assert "drain[0]: node 'nobody' is in fail[0] already" in result.stderr


def test_json_is_what_the_server_says(live, said):
    live.add_nodes("n1")
    assert said("plan", "--fail", "n1") == {
        "items": [],
        "moves": [],
        "stillWaiting": 0,
        "losses": {"nodes": 0, "alone": [], "inARow": 0, "then": None},
        "warnings": [],
    }
